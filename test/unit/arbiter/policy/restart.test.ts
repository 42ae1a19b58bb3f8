import { describe, expect, it } from 'vitest';
import {
  type BootFailureFacts,
  type Failures,
  judgeBootFailure,
  NO_FAILURES,
  Restarts,
  recordFailure,
  restartDelay,
} from '../../../../src/arbiter/policy/restart.ts';
import { EXIT } from '../../../../src/support/errors.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function inARow(count: number, random = 0.5): Failures {
  let failures = NO_FAILURES;
  for (let i = 0; i < count; i++) failures = recordFailure(failures, 1000, random);
  return failures;
}

function restartsAt(clock: FakeClock, isServed: () => boolean = () => true): Restarts {
  return new Restarts({ clock, random: () => 0.5, isServed });
}

const readySince = (sinceMs: number) =>
  ({ name: 'ready', sinceMs, heartbeatMs: sinceMs, outgoing: null }) as const;

describe('failures', () => {
  it('add up when they come at once', () => {
    expect(inARow(3)).toMatchObject({ count: 3, atMs: 1000 });
  });

  it('fade: half of them are forgotten in half a minute', () => {
    const failures = recordFailure({ count: 4, atMs: 0, random: 0 }, 30_000, 0);
    expect(failures).toMatchObject({ count: 3, atMs: 30_000 });
  });
});

describe('the delay', () => {
  it('is none after one failure, then doubles from half a second', () => {
    const delays = [1, 2, 3, 4].map((count) => restartDelay(inARow(count)));
    expect(delays).toEqual([0, 500, 1000, 2000]);
  });

  it('ends at half a minute', () => {
    expect(restartDelay(inARow(50))).toBe(30_000);
  });

  it('is a fifth shorter or longer by chance', () => {
    expect(restartDelay(inARow(3, 0))).toBe(800);
    expect(restartDelay(inARow(3, 1))).toBeCloseTo(1200);
  });
});

describe('restarts', () => {
  it('are not held back before the first failure', () => {
    expect(restartsAt(new FakeClock()).spawnAfterMs).toBe(0);
  });

  it('are held back by the delay that is returned', () => {
    const restarts = restartsAt(new FakeClock(5000));
    expect(restarts.failed()).toBe(0);
    expect(restarts.failed()).toBe(500);
    expect(restarts.spawnAfterMs).toBe(5500);
  });

  it('are held back no more once the delay after a relapse is over, so that several are spawned at once again', () => {
    const clock = new FakeClock(5000);
    const restarts = restartsAt(clock);
    restarts.ended(readySince(4000));
    expect(restarts.ended(readySince(4000))).toBe(500);
    expect(restarts.spawnAfterMs).toBe(5500);
    clock.block(500);
    expect(restarts.spawnAfterMs).toBe(0);
  });

  it('do not count the end of a worker that had served for a while', () => {
    const restarts = restartsAt(new FakeClock(60_000));
    for (let end = 0; end < 3; end++) expect(restarts.ended(readySince(1000))).toBe(0);
  });

  it('are held back for at most five seconds while nobody serves, also where somebody served when it began', () => {
    const world = { isServed: true };
    const restarts = restartsAt(new FakeClock(0), () => world.isServed);
    for (let failure = 0; failure < 20; failure++) restarts.failed();
    expect(restarts.spawnAfterMs).toBe(30_000);
    world.isServed = false;
    expect(restarts.spawnAfterMs).toBe(5000);
    expect(restarts.failed()).toBe(5000);
    world.isServed = true;
    expect(restarts.spawnAfterMs).toBe(30_000);
  });

  it('begin anew when a worker gets ready', () => {
    const restarts = restartsAt(new FakeClock());
    restarts.failed();
    restarts.failed();
    restarts.ready();
    expect(restarts.spawnAfterMs).toBe(0);
    expect(restarts.failed()).toBe(0);
  });

  it('hold back the replacement of workers that ask for it soon after they got ready, until somebody sees to it', () => {
    const restarts = restartsAt(new FakeClock(5000));
    expect(restarts.asked(readySince(4000), 'itself')).toBe(0);
    expect(restarts.asked(readySince(4000), 'itself')).toBe(500);
    expect(restarts.replaceAfterMs).toBe(5500);
    expect(restarts.spawnAfterMs).toBe(0);
    expect(restarts.asked(readySince(4000), 'signal')).toBe(0);
    expect(restarts.replaceAfterMs).toBe(0);
  });

  it('begin anew with another configuration', () => {
    const restarts = restartsAt(new FakeClock(5000));
    for (let failure = 0; failure < 2; failure++) {
      restarts.failed();
      restarts.ended(readySince(4000));
      restarts.asked(readySince(4000), 'itself');
    }
    restarts.promoted();
    expect([restarts.spawnAfterMs, restarts.replaceAfterMs]).toEqual([0, 0]);
  });
});

describe('a worker that was never ready', () => {
  const judge = (facts: Partial<BootFailureFacts>) =>
    judgeBootFailure({
      generation: 'current',
      intent: 'serving',
      exitStatus: EXIT.appLoad,
      development: null,
      ...facts,
    });

  it('halts a service that starts', () => {
    expect(judge({ intent: 'starting' })).toBe('halt');
  });

  it('is followed by another one where the service serves', () => {
    expect(judge({})).toBe('retry');
  });

  it('undoes the reload that it was to prove', () => {
    expect(judge({ generation: 'candidate' })).toBe('undo reload');
    expect(judge({ generation: 'candidate', intent: 'starting' })).toBe('undo reload');
  });

  it('means nothing where its generation is not wanted any more, or the service stops', () => {
    expect(judge({ generation: 'other' })).toBe('ignore');
    expect(judge({ intent: 'stopping' })).toBe('ignore');
  });

  it('has the service wait for a change in development, unless the settings are wrong', () => {
    const development = { isWaiting: false };
    expect(judge({ intent: 'starting', development })).toBe('await change');
    expect(judge({ generation: 'candidate', development })).toBe('await change');
    expect(judge({ intent: 'starting', development, exitStatus: EXIT.usage })).toBe('halt');
  });

  it('halts a service in development that waits for a change where the settings turn out to be wrong', () => {
    const development = { isWaiting: true };
    const facts = { intent: 'starting', development, exitStatus: EXIT.usage } as const;
    expect(judge({ ...facts, generation: 'candidate' })).toBe('halt');
  });
});
