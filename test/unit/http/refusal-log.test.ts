import { expect, it } from 'vitest';
import { logRefused } from '../../../src/http/refusal-log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLogger } from '../../support/fake-logger.ts';

const fields = { reason: 'Parse Error', error: 'HPE_INVALID_METHOD', client: '192.0.2.1' };

it('logs a few refused requests one by one, and of more the latest with a count', async () => {
  const clock = new FakeClock();
  const log = new FakeLogger();
  const refused = logRefused(log, clock);
  for (let second = 0; second < 60; second++) {
    for (let count = 0; count < 1000; count++) refused(`refused ${second * 1000 + count}`, fields);
    await clock.advance(1000);
  }
  expect(log.at('info').slice(0, 12)).toEqual([
    ...Array.from({ length: 10 }, (_, count) => `refused ${count}`),
    'refused 10 (1 so far were not logged individually)',
    'refused 1000 (991 so far were not logged individually)',
  ]);
  expect(log.lines.length).toBeLessThan(20);
  await clock.advance(10_000);
  expect(log.at('info').at(-1)).toBe(
    'No request has been refused for 10 s (59990 were not logged individually)',
  );
  refused('one more', fields);
  expect(log.at('info').at(-1)).toBe('one more');
});

it('never counts those that come now and then', async () => {
  const clock = new FakeClock();
  const log = new FakeLogger();
  const refused = logRefused(log, clock);
  for (let count = 0; count < 100; count++) {
    refused('refused', fields);
    await clock.advance(6000);
  }
  expect(new Set(log.at('info'))).toEqual(new Set(['refused']));
  expect(log.lines).toHaveLength(100);
});
