import { describe, expect, it } from 'vitest';
import {
  CrashLoop,
  type Failures,
  recordFailure,
  restartDelay,
} from '../../../../src/arbiter/policy/restart.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const none: Failures = { count: 0, atMs: 0 };

function inARow(count: number): Failures {
  let failures = none;
  for (let i = 0; i < count; i++) failures = recordFailure(failures, 1000);
  return failures;
}

describe('failures', () => {
  it('add up when they come at once', () => {
    expect(inARow(3)).toEqual({ count: 3, atMs: 1000 });
  });

  it('fade: half of them are forgotten in half a minute', () => {
    expect(recordFailure({ count: 4, atMs: 0 }, 30_000)).toEqual({ count: 3, atMs: 30_000 });
  });
});

describe('the delay', () => {
  it('is none after one failure, then doubles from half a second', () => {
    const delays = [1, 2, 3, 4].map((count) => restartDelay(inARow(count), 0.5));
    expect(delays).toEqual([0, 500, 1000, 2000]);
  });

  it('ends at half a minute', () => {
    expect(restartDelay(inARow(50), 0.5)).toBe(30_000);
  });

  it('is a fifth shorter or longer by chance', () => {
    expect(restartDelay(inARow(3), 0)).toBe(800);
    expect(restartDelay(inARow(3), 1)).toBeCloseTo(1200);
  });
});

describe('a crash loop', () => {
  it('holds nothing back before the first failure', () => {
    expect(
      new CrashLoop(
        new FakeClock(),
        () => 0.5,
        () => true,
      ).spawnAfterMs,
    ).toBe(0);
  });

  it('holds back by the delay that it returns', () => {
    const clock = new FakeClock(5000);
    const loop = new CrashLoop(
      clock,
      () => 0.5,
      () => true,
    );
    expect(loop.failed()).toBe(0);
    expect(loop.failed()).toBe(500);
    expect(loop.spawnAfterMs).toBe(5500);
  });

  it('holds nothing back once the delay after a relapse is over, so that several are spawned at once again', () => {
    const clock = new FakeClock(5000);
    const loop = new CrashLoop(
      clock,
      () => 0.5,
      () => true,
    );
    const ready = { name: 'ready', sinceMs: 4000, heartbeatMs: 4000, outgoing: null } as const;
    loop.ended(ready);
    expect(loop.ended(ready)).toBe(500);
    expect(loop.spawnAfterMs).toBe(5500);
    clock.block(500);
    expect(loop.spawnAfterMs).toBe(0);
  });

  it('holds back for at most five seconds while nobody serves, also where somebody served when it began', () => {
    const clock = new FakeClock(0);
    const world = { isServed: true };
    const loop = new CrashLoop(
      clock,
      () => 0.5,
      () => world.isServed,
    );
    for (let failure = 0; failure < 20; failure++) loop.failed();
    expect(loop.spawnAfterMs).toBe(30_000);
    world.isServed = false;
    expect(loop.spawnAfterMs).toBe(5000);
    expect(loop.failed()).toBe(5000);
    world.isServed = true;
    expect(loop.spawnAfterMs).toBe(30_000);
  });

  it('begins anew when a worker gets ready, or with another configuration', () => {
    const loop = new CrashLoop(
      new FakeClock(),
      () => 0.5,
      () => true,
    );
    loop.failed();
    loop.failed();
    loop.forget();
    expect(loop.spawnAfterMs).toBe(0);
    expect(loop.failed()).toBe(0);
  });
});
