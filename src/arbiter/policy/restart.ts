import type { Clock } from '../../support/clock.ts';
import { seconds } from '../../support/duration.ts';
import { CRASH_SIGNALS, type ProcessEnd } from '../events.ts';
import type { WorkerState } from './worker-state.ts';

/** Failures to boot, remembered with decay: after `HALF_LIFE_MS` without one, half of them are forgotten. */
export interface Failures {
  /** Decayed count as of `atMs`. */
  readonly count: number;
  readonly atMs: number;
}

/** Nothing has failed yet. */
export const NO_FAILURES: Failures = { count: 0, atMs: 0 };

const HALF_LIFE_MS = 30_000;
const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** The same while nobody serves, since then each second counts, and a boot takes the processor from nobody. */
const MAX_UNSERVED_MS = 5000;
/** A worker that ends itself sooner after it got ready is as good as one that never did. */
export const SETTLED_MS = 5000;

/** Adds one failure at `now` to what is left of the earlier ones. */
export function recordFailure(failures: Failures, now: number): Failures {
  const decayed = failures.count * 0.5 ** ((now - failures.atMs) / HALF_LIFE_MS);
  return { count: decayed + 1, atMs: now };
}

/**
 * How long to wait before the next try, in milliseconds: nothing after a single failure, which may be somebody's
 * `kill -9`; then doubling from half a second to `maxMs`, ±20 % by `random` (in [0, 1)) so that the services of a
 * host do not restart in step.
 */
export function restartDelay(failures: Failures, random: number, maxMs = MAX_DELAY_MS): number {
  if (failures.count < 1.5) return 0;
  const delay = Math.min(maxMs, BASE_DELAY_MS * 2 ** (failures.count - 2));
  return delay * (0.8 + 0.4 * random);
}

/** Whether a process ended by its own doing: not by a signal that somebody else, or the kernel for want of memory, sent. */
export function isOwnDoing(end: ProcessEnd): boolean {
  return end.how === 'signal' ? CRASH_SIGNALS.has(end.signal) : end.how === 'status';
}

/** Begun by a failure at `fromMs`; how long depends on whether anybody serves meanwhile. */
interface Wait {
  readonly fromMs: number;
  readonly delayMs: number;
  readonly unservedMs: number;
}

const NO_WAIT: Wait = { fromMs: 0, delayMs: 0, unservedMs: 0 };

function waitFor(failures: Failures, random: number): Wait {
  return {
    fromMs: failures.atMs,
    delayMs: restartDelay(failures, random),
    unservedMs: restartDelay(failures, random, MAX_UNSERVED_MS),
  };
}

/** The failures of one service and what follows from them. */
export class CrashLoop {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #isServed: () => boolean;
  #failures: Failures = NO_FAILURES;
  #wait: Wait = NO_WAIT;
  #relapses: Failures = NO_FAILURES;
  #relapseWait: Wait = NO_WAIT;

  /** `isServed` tells whether any worker serves now. */
  constructor(clock: Clock, random: () => number, isServed: () => boolean) {
    this.#clock = clock;
    this.#random = random;
    this.#isServed = isServed;
  }

  /** Before this time nothing is spawned, which is sooner while nobody serves; 0 while there is no reason to hold back. */
  get spawnAfterMs(): number {
    const relapseMs = this.#endOf(this.#relapseWait);
    return Math.max(this.#endOf(this.#wait), this.#clock.now() < relapseMs ? relapseMs : 0);
  }

  /** A worker died before it was ready. Returns the delay until the next try in milliseconds. */
  failed(): number {
    const now = this.#clock.now();
    this.#failures = recordFailure(this.#failures, now);
    this.#wait = waitFor(this.#failures, this.#random());
    return this.#delayOf(this.#wait);
  }

  /**
   * A worker has ended of its own accord. Where it had been ready for less than `SETTLED_MS` that is a crash loop too,
   * which other workers that get ready do not end: it fades with time. Returns the delay until the next try.
   */
  ended(state: WorkerState): number {
    const now = this.#clock.now();
    if (state.name !== 'ready' || now - state.sinceMs > SETTLED_MS) return 0;
    this.#relapses = recordFailure(this.#relapses, now);
    this.#relapseWait = waitFor(this.#relapses, this.#random());
    return this.#delayOf(this.#relapseWait);
  }

  /** A worker got ready: what failed to boot before says nothing any more. */
  forget(): void {
    this.#failures = NO_FAILURES;
    this.#wait = NO_WAIT;
  }

  /** Another configuration has proved itself: how workers of the one before ended says nothing any more. */
  forgetAll(): void {
    this.forget();
    this.#relapses = NO_FAILURES;
    this.#relapseWait = NO_WAIT;
  }

  #delayOf({ delayMs, unservedMs }: Wait): number {
    return this.#isServed() ? delayMs : unservedMs;
  }

  #endOf(wait: Wait): number {
    return wait.fromMs + this.#delayOf(wait);
  }
}

/** A delay as log lines say it: `at once`, `in 1.5 s`. */
export function inSeconds(delayMs: number): string {
  return delayMs === 0 ? 'at once' : `in ${seconds(delayMs)}`;
}
