import type { RecordLog } from '../../log/records.ts';
import type { Instigator } from '../../process/ipc.ts';
import type { Clock } from '../../support/clock.ts';
import { Churn } from './churn.ts';
import { CrashLoop, inSeconds } from './restart.ts';
import type { WorkerState } from './worker-state.ts';

/** How soon a worker may follow another: later where they fail, end or ask to be replaced soon after they got ready. */
export class Pace {
  readonly #log: RecordLog;
  readonly #crashLoop: CrashLoop;
  readonly #churn: Churn;

  /** `isServed` tells whether any worker serves now. */
  constructor(clock: Clock, random: () => number, log: RecordLog, isServed: () => boolean) {
    this.#log = log;
    this.#crashLoop = new CrashLoop(clock, random, isServed);
    this.#churn = new Churn(clock, random);
  }

  /** Before this time nothing is spawned. */
  get spawnAfterMs(): number {
    return this.#crashLoop.spawnAfterMs;
  }

  /** Before this time no worker is replaced for having asked for it. */
  get recycleAfterMs(): number {
    return this.#churn.afterMs;
  }

  /** A worker got ready. */
  ready(): void {
    this.#crashLoop.forget();
  }

  /** A generation has proved itself. */
  promoted(): void {
    this.#crashLoop.forgetAll();
    this.#churn.forget();
  }

  /** A worker was never ready. Returns the delay until the next try in milliseconds. */
  failed(): number {
    return this.#crashLoop.failed();
  }

  /** A worker in `state` ends of its own accord: where that is soon after it got ready, the next waits. */
  ended(state: WorkerState): void {
    const delayMs = this.#crashLoop.ended(state);
    if (delayMs > 0)
      this.#log.warning(`Workers end soon after they were ready; next try ${inSeconds(delayMs)}`, {
        event: 'crash-loop',
        retryMs: Math.round(delayMs),
      });
  }

  /** A worker in `state` asks to be replaced: where that is soon after it got ready, it waits, unless by hand. */
  asked(state: WorkerState, by: Instigator): void {
    if (by === 'signal') return this.#churn.forget();
    const delayMs = this.#churn.asked(state);
    if (delayMs > 0)
      this.#log.warning(
        `Workers ask to be replaced within seconds of getting ready, is the limit too low? Next one ${inSeconds(delayMs)}`,
        { event: 'recycling-held-back', retryMs: Math.round(delayMs) },
      );
  }
}
