import type { Clock } from '../../support/clock.ts';
import { type Failures, NO_FAILURES, recordFailure, restartDelay, SETTLED_MS } from './restart.ts';
import type { WorkerState } from './worker-state.ts';

/**
 * Holds back the replacement of workers that ask for it soon after they got ready, as with a memory limit below what
 * the application takes at once: another worker would be no better, and they serve on meanwhile.
 */
export class Churn {
  readonly #clock: Clock;
  readonly #random: () => number;
  #hasty: Failures = NO_FAILURES;
  #afterMs = 0;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Before this time no worker is replaced for having asked for it. */
  get afterMs(): number {
    return this.#afterMs;
  }

  /** A worker in `state` asks to be replaced. Returns for how long that is held back, in milliseconds. */
  asked(state: WorkerState): number {
    const now = this.#clock.now();
    if (state.name !== 'ready' || now - state.sinceMs > SETTLED_MS) return 0;
    this.#hasty = recordFailure(this.#hasty, now);
    const delayMs = restartDelay(this.#hasty, this.#random());
    this.#afterMs = Math.max(this.#afterMs, now + delayMs);
    return delayMs;
  }

  /** Somebody sees to it: by another configuration, or by hand. */
  forget(): void {
    this.#hasty = NO_FAILURES;
    this.#afterMs = 0;
  }
}
