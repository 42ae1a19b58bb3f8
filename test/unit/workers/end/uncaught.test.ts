import { expect, it } from 'vitest';
import { UncaughtLog } from '../../../../workers/end/uncaught.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';

it('what an application does not catch is logged one by one, and then once a second with its number', async () => {
  const clock = new FakeClock();
  const log = new FakeLogger();
  const uncaught = new UncaughtLog(log, clock);
  const error = new Error('again');
  for (let ms = 0; ms < 5000; ms++) {
    uncaught.note({ what: 'Uncaught exception', error });
    await clock.advance(1);
  }
  expect(log.at('error').slice(0, 10)).toEqual(Array(10).fill('Uncaught exception in the application'));
  const rest = log.lines.slice(10);
  expect(rest.length).toBeGreaterThan(1);
  expect(rest.length).toBeLessThan(6);
  expect(rest[0]).toMatchObject({
    message: 'Uncaught exception in the application (11 of them so far)',
    fields: { event: 'uncaught', reason: 'again', count: 11, err: error },
  });
});
