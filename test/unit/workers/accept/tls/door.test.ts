import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { Connections } from '../../../../../src/http/connections.ts';
import type { WorkerLog } from '../../../../../src/log/records.ts';
import type { TlsCertificate, TlsMaterial } from '../../../../../src/process/ipc.ts';
import { loadSettings } from '../../../../../src/settings/load.ts';
import { systemClock } from '../../../../../src/support/clock.ts';
import type { SslContext } from '../../../../../workers/accept/tls/contexts.ts';
import { TlsDoor } from '../../../../../workers/accept/tls/door.ts';
import { certify } from '../../../../support/certificates.ts';
import { FakeLogger } from '../../../../support/fake-logger.ts';
import { askResuming, askSecurely, connectSecurely } from '../../../../support/tls-client.ts';

const made: TlsCertificate[] = [];

beforeAll(() => {
  const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-'));
  for (const name of ['one', 'two']) {
    const { cert, key } = certify(directory, name);
    made.push({
      cert: readFileSync(cert, 'utf8'),
      key: readFileSync(key, 'utf8'),
      names: [name],
      ocsp: null,
    });
  }
  rmSync(directory, { recursive: true });
});

const materialOf = (...certificates: readonly (TlsCertificate | undefined)[]): TlsMaterial => ({
  certificates: certificates.filter((one) => one !== undefined),
  ...{ ca: null, crl: null },
});
const newKeys = () => randomBytes(48).toString('base64');

async function open(sslContext?: SslContext) {
  const { settings } = await loadSettings({
    ...{ argv: [], env: {}, cwd: '/', parse: () => ({}), applyEnvironment: () => {} },
    code: { settings: {}, config: null },
  });
  const log = new FakeLogger();
  const spec = { isEverywhere: true, material: materialOf(made[0]), ticketKeys: newKeys() };
  const door = new TlsDoor({ spec, settings, sslContext, log: log as WorkerLog, clock: systemClock });
  const connections = new Connections(() => {});
  const protocols: string[] = [];
  const take = door.open({
    ...{ connections, protocols: ['http/1.1'], onRefused: () => {}, count: null },
    deliver: (socket, protocol) => {
      protocols.push(protocol);
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'));
      socket.on('error', () => {});
    },
  });
  const server = net.createServer({ allowHalfOpen: true }, (socket: Socket) => {
    connections.add(socket);
    take(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { door, log, protocols, connections, port: (server.address() as AddressInfo).port };
}

it('makes a full handshake with a ticket of the keys before, and resumes with the one that it gives then', async () => {
  const { door, port } = await open();
  const first = await askResuming(port);
  const again = await askResuming(port, { session: first.session });
  door.change({ tsunicorn: 'ticketKeys', ticketKeys: newKeys() });
  const rotated = await askResuming(port, { session: again.session });
  const after = await askResuming(port, { session: rotated.session });
  expect([first, again, rotated, after].map(({ isResumed }) => isResumed)).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect(rotated.text).toMatch(/^HTTP\/1\.1 200/);
});

it('keeps the keys of tickets where the certificates change, and those where the keys do', async () => {
  const { door, port } = await open();
  door.change({ tsunicorn: 'ticketKeys', ticketKeys: newKeys() });
  const { session } = await askResuming(port);
  door.change({ tsunicorn: 'certificates', material: materialOf(made[1], made[0]) });
  expect((await askResuming(port, { session })).isResumed).toBe(true);
  door.change({ tsunicorn: 'ticketKeys', ticketKeys: newKeys() });
  const names = await Promise.all(
    ['one', 'two', 'three'].map((servername) => askSecurely(port, { servername })),
  );
  expect(names.map(({ certificate }) => certificate)).toEqual(['one', 'two', 'two']);
});

it('serves on with the certificates before where the hook refuses new ones', async () => {
  let isWilling = true;
  const { door, log, port } = await open((defaults) => {
    if (!isWilling) throw new Error('not these');
    return defaults;
  });
  isWilling = false;
  door.change({ tsunicorn: 'certificates', material: materialOf(made[1]) });
  expect((await askSecurely(port)).certificate).toBe('one');
  expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
    ['error', 'This worker does not use the changed certificates: not these'],
  ]);
});

it('tells what was agreed on by ALPN, and refuses a client that speaks nothing of it', async () => {
  const { port, protocols, connections } = await open();
  await connectSecurely(port);
  await connectSecurely(port, { ALPNProtocols: ['h2', 'http/1.1'] });
  await connectSecurely(port, { ALPNProtocols: ['http/1.0'] });
  await expect(connectSecurely(port, { ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol/);
  expect(protocols).toEqual(['http/1.1', 'http/1.1', 'http/1.0']);
  expect(connections.size).toBeGreaterThanOrEqual(3);
});
