import { expect, it } from 'vitest';
import type { Controlled } from '../../../src/control/controlled.ts';
import { Journal } from '../../../src/control/journal.ts';
import type { Asked } from '../../../src/control/route.ts';
import { eventRoutes } from '../../../src/control/routes/events.ts';
import type { AnyRecord } from '../../../src/log/records.ts';

function record(fields: object): AnyRecord {
  return { level: 'info', message: '', time: new Date(0), ...fields } as unknown as AnyRecord;
}

function follow(query: string) {
  const journal = new Journal(() => 0);
  const left = new AbortController();
  const lines: object[] = [];
  const client = { reads: true };
  const send = (line: object) => {
    if (client.reads) lines.push(line);
    return client.reads;
  };
  const asked = { query: new URLSearchParams(query), signal: left.signal, stream: () => ({ send }) };
  const answer = eventRoutes[0]?.handle(asked as unknown as Asked, { journal } as Controlled);
  return { journal, left, lines, client, answer };
}

it('a client that does not read loses records, and is told how many', async () => {
  const { journal, lines, client, left, answer } = follow('follow');
  journal.took(record({ event: 'draining' }));
  client.reads = false;
  for (let count = 0; count < 3; count++) journal.took(record({ event: 'lingering' }));
  client.reads = true;
  journal.took(record({ event: 'internal-error', err: new Error('why') }));
  expect(lines).toMatchObject([
    { event: 'draining' },
    { lost: 3 },
    { event: 'internal-error', err: { message: 'why', stack: expect.stringContaining('events.test') } },
  ]);
  left.abort();
  await answer;
  journal.took(record({ event: 'lingering' }));
  expect(lines).toHaveLength(3);
});

it('records below the level are left out', () => {
  const { journal, lines, left } = follow('follow&level=warning');
  journal.took(record({ event: 'lingering' }));
  journal.took(record({ event: 'hook-failed', level: 'error' }));
  expect(lines).toMatchObject([{ event: 'hook-failed' }]);
  left.abort();
  expect(() => follow('level=loud')).toThrow('level: expected one of debug, info');
});
