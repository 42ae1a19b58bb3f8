import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { TlsChange } from '../../../src/process/ipc/tls.ts';
import type { LoadedData } from '../../../src/settings/load.ts';
import { loadSettings } from '../../../src/settings/load.ts';
import { Certificates } from '../../../src/tls/certificates.ts';
import { readMaterial } from '../../../src/tls/material.ts';
import { TicketKeys } from '../../../src/tls/ticket-keys.ts';
import { certify } from '../../support/certificates.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLogger } from '../../support/fake-logger.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const HOUR_MS = 3_600_000;

async function settingsOf(certfile: readonly string[], keyfile: readonly string[]): Promise<LoadedData> {
  return loadSettings({
    ...{ argv: [], env: {}, cwd: '/' },
    code: { settings: { certfile, keyfile }, config: null },
    parse: () => ({}),
    applyEnvironment: () => {},
  });
}

async function serving(days: number) {
  const directory = temporaryDirectory();
  const { cert, key } = certify(directory, 'one.test', { days });
  const loaded = await settingsOf([cert], [key]);
  const clock = new FakeClock();
  const log = new FakeLogger();
  const startMs = Date.now() - clock.now();
  const wallMs = () => startMs + clock.now();
  const sent: (TlsChange & { readonly to: string })[] = [];
  const certificates = new Certificates({
    ...{ loaded, read: readMaterial(loaded), at: null },
    ticketKeys: new TicketKeys(wallMs()),
  });
  const send = (change: TlsChange, to: string) => void sent.push({ ...change, to });
  certificates.begin({ send, log, clock, wallMs });
  onTestFinished(() => certificates.end());
  return { directory, cert, key, certificates, clock, log, sent };
}

it('gives all workers new keys for tickets every twelve hours, and the new ones to workers that start then', async () => {
  const { certificates, clock, sent } = await serving(90);
  const before = certificates.spec.ticketKeys;
  await clock.advance(11 * HOUR_MS);
  expect(sent).toEqual([]);
  await clock.advance(2 * HOUR_MS);
  const { ticketKeys } = certificates.spec;
  expect(sent).toEqual([{ tsunicorn: 'ticketKeys', ticketKeys, to: 'all' }]);
  expect(ticketKeys).not.toBe(before);
  expect(Buffer.from(ticketKeys, 'base64')).toHaveLength(48);
});

it('warns once a day of a certificate that ends soon, and says when it has ended', async () => {
  const { clock, log } = await serving(4);
  await clock.advance(97 * HOUR_MS);
  const said = log.lines.filter(({ fields }) => /^certificate/.test(`${fields?.event}`));
  expect(said.map(({ level, fields }) => [level, fields?.event, fields?.daysLeft])).toEqual([
    ['info', 'certificate', 3],
    ['warning', 'certificate-ends', 0],
    ['error', 'certificate-ends', -1],
  ]);
});

it('waits for the second of two files, and says so once where it does not come', async () => {
  const { directory, cert, certificates, clock, log, sent } = await serving(90);
  const other = certify(directory, 'two.test');
  writeFileSync(cert, readFileSync(other.cert));
  await clock.advance(9000);
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  await clock.advance(40_000);
  const refused = log.lines.filter(({ fields }) => fields?.event === 'certificates-refused');
  expect(refused.map(({ level }) => level)).toEqual(['error']);
  expect(sent).toEqual([]);
  writeFileSync(join(directory, 'one.test.key'), readFileSync(other.key));
  await clock.advance(16_000);
  expect(sent).toEqual([
    { tsunicorn: 'certificates', material: certificates.spec.material, to: 'generation' },
  ]);
  expect(certificates.facts.map(({ names }) => names)).toEqual([['two.test']]);
});

it('hands the keys for tickets to another process with their age, and makes new ones where there are none', () => {
  const keys = new TicketKeys(0);
  const fd = keys.handOver();
  if (fd === null) return;
  const taken = TicketKeys.taken(fd, 6 * HOUR_MS);
  expect(taken.text).toBe(keys.text);
  expect(taken.rotate(11 * HOUR_MS)).toBe(false);
  expect(taken.rotate(13 * HOUR_MS)).toBe(true);
  expect(TicketKeys.taken(null, 0).text).not.toBe(keys.text);
  expect(TicketKeys.taken(9999, 0).text).toHaveLength(64);
});
