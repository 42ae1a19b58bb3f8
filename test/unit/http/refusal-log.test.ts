import { expect, it } from 'vitest';
import { logRefused } from '../../../src/http/refusal-log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLogger } from '../../support/fake-logger.ts';

const fields = { reason: 'Parse Error', error: 'HPE_INVALID_METHOD', client: '192.0.2.1' };

it('logs the first refusal of a peer for a reason at once, and of more of them a count once a second', async () => {
  const clock = new FakeClock();
  const log = new FakeLogger();
  const refused = logRefused(log, clock);
  for (let second = 0; second < 3; second++) {
    for (let count = 0; count < 1000; count++) refused(`refused ${second * 1000 + count}`, fields);
    await clock.advance(1000);
  }
  refused('another reason', { ...fields, error: 'EDGE_HOST' });
  refused('another peer', { ...fields, client: '192.0.2.2' });
  expect(log.at('warning')).toEqual([
    'refused 0',
    'refused 999 (999 more in a second)',
    'refused 1999 (1000 more in a second)',
    'refused 2999 (1000 more in a second)',
    'another reason',
    'another peer',
  ]);
  await clock.advance(70_000);
  expect(log.lines).toHaveLength(6);
  refused('one more', fields);
  expect(log.at('warning').at(-1)).toBe('one more');
});

it('logs a scan of many peers in few lines', async () => {
  const clock = new FakeClock();
  const log = new FakeLogger();
  const refused = logRefused(log, clock);
  for (let peer = 0; peer < 5000; peer++) refused(`refused ${peer}`, { ...fields, client: `peer ${peer}` });
  await clock.advance(1000);
  expect(log.lines).toHaveLength(21);
  expect(log.at('warning').at(-1)).toBe('refused 4999 (4980 more of many clients in a second)');
});
