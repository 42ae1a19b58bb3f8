import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followedLog } from '../../../src/log/followed-log.ts';
import { Follower, type Logged } from '../../../src/log/follower.ts';
import type { Logger } from '../../../src/support/logger.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A follower, what it sent, and what lets the arbiter read all of that. */
function following(level: 'debug' | 'warning', access = false) {
  const sent: Logged[] = [];
  let read = () => {};
  let unread = Promise.withResolvers<void>();
  const follower = new Follower({ level, access }, (logged) => {
    sent.push(logged);
    return unread.promise;
  });
  read = () => {
    unread.resolve();
    unread = Promise.withResolvers();
  };
  return { follower, sent, read: () => read() };
}

describe('what a worker logs while it is followed', () => {
  it('is sent at once from the level up, with the event and the stack', () => {
    const { follower, sent } = following('warning');
    follower.record('info', 'small', undefined);
    follower.record('error', 'big', { event: 'application-failed', err: new Error('cause') });
    expect(sent).toMatchObject([
      { records: [{ level: 'error', message: 'big', event: 'application-failed' }], lines: [], lost: 0 },
    ]);
    expect(sent[0]?.records[0]?.stack).toMatch(/^Error: cause\n/);
  });

  it('is bounded: what the arbiter has not read in time is counted', async () => {
    const { follower, sent, read } = following('debug');
    for (let count = 0; count < 100; count++) follower.record('info', 'x'.repeat(10_000), undefined);
    expect(sent).toHaveLength(64);
    expect(sent[0]?.records[0]?.message.length).toBeLessThan(5000);
    read();
    await vi.advanceTimersByTimeAsync(0);
    follower.record('info', 'next', undefined);
    expect(sent.at(-1)).toMatchObject({ records: [{ message: 'next' }], lost: 36 });
  });

  it('has lines of the access log together, and no more than it can carry', async () => {
    const { follower, sent } = following('debug', true);
    for (let count = 0; count < 250; count++) follower.line(`${count}\n`);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toMatchObject([{ records: [], lost: 50 }]);
    expect(sent[0]?.lines).toHaveLength(200);
    const other = following('debug');
    other.follower.line('not wanted');
    await vi.advanceTimersByTimeAsync(100);
    expect(other.sent).toEqual([]);
  });

  it('goes to the log as before', () => {
    const info = vi.fn();
    const log = { info } as unknown as Logger;
    const { follower, sent } = following('debug');
    let current: Follower | null = null;
    const followed = followedLog(log, () => current);
    followed.info('one');
    current = follower;
    followed.info('two', { event: 'x' });
    expect(info.mock.calls).toEqual([
      ['one', undefined],
      ['two', { event: 'x' }],
    ]);
    expect(sent).toMatchObject([{ records: [{ message: 'two', event: 'x' }] }]);
  });
});
