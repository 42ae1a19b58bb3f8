import { expect, it } from 'vitest';
import { Journal } from '../../../src/control/journal.ts';
import type { AnyRecord } from '../../../src/log/records.ts';

function record(fields: object): AnyRecord {
  return { level: 'info', message: '', time: new Date(0), ...fields } as unknown as AnyRecord;
}

it('counts the deaths of the last hour by cause', () => {
  let now = 0;
  const journal = new Journal(() => now);
  journal.took(record({ event: 'worker-exited', cause: 'oom' }));
  now = 1_800_000;
  journal.took(record({ event: 'worker-exited', cause: 'stall' }));
  journal.took(record({ event: 'worker-exited', cause: 'stall' }));
  expect(journal.deaths).toEqual({ oom: 1, stall: 2 });
  now = 3_700_000;
  expect(journal.deaths).toEqual({ stall: 2 });
});

it('tells a new arbiter of the deaths of the last hour', () => {
  let now = 0;
  const journal = new Journal(() => now, [[60_000, 'stall']]);
  journal.took(record({ event: 'worker-exited', cause: 'oom' }));
  expect(journal.deaths).toEqual({ stall: 1, oom: 1 });
  now = 3_570_000;
  expect(journal.handOver()).toEqual([[3_570_000, 'oom']]);
  expect(new Journal(() => 5, journal.handOver()).deaths).toEqual({ oom: 1 });
});

it('keeps the last records that are no details, the last reload and the file', () => {
  const journal = new Journal(() => 0);
  for (let count = 0; count < 300; count++) journal.took(record({ event: 'signal', signal: `${count}` }));
  journal.took(record({ event: 'worker-retiring', level: 'debug' }));
  expect(journal.recent).toHaveLength(200);
  expect(journal.recent.at(-1)).toMatchObject({ signal: '299' });
  journal.took(record({ event: 'application', file: '/app/one.ts' }));
  journal.took(record({ event: 'reload-promoted', generation: 2, file: '/app/two.ts' }));
  journal.took(record({ event: 'reload-refused', generation: 3, reason: 'no such file' }));
  expect(journal.file).toBe('/app/two.ts');
  expect(journal.lastReload).toEqual({
    ...{ outcome: 'refused', generation: 3, reason: 'no such file', time: new Date(0) },
  });
});

it('tells each record to whom follows, until that is ended', () => {
  const journal = new Journal(() => 0);
  const seen: string[] = [];
  const end = journal.follow(({ event }) => void seen.push(event));
  journal.took(record({ event: 'lingering' }));
  end();
  journal.took(record({ event: 'draining' }));
  expect(seen).toEqual(['lingering']);
});
