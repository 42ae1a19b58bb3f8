import type { RecordLog } from '../log/records.ts';
import { type Generation, hasSlotSockets } from './change/generation.ts';
import type { Desired } from './policy/reconcile.ts';
import type { WorkerSnapshot } from './policy/worker-state.ts';

export interface HeadCountOptions {
  readonly first: number;
  readonly log: RecordLog;
  /** The generation that serves, whose settings limit the number. */
  readonly current: () => Generation;
  readonly changed: (count: number, before: number) => void;
}

/** How many workers the service is to have, within what the settings allow. */
export class HeadCount {
  readonly #options: HeadCountOptions;
  #count: number;

  constructor(options: HeadCountOptions) {
    this.#options = options;
    this.#count = options.first;
  }

  get value(): number {
    return this.#count;
  }

  /** Whether the number cannot be changed, which is logged then: each slot has a socket of its own. */
  isRefused(): boolean {
    const { log, current } = this.#options;
    if (!hasSlotSockets(current())) return false;
    log.warning(
      `The number of workers stays ${this.#count}: each slot has a socket of its own ({slot} in --bind); change --workers and send HUP`,
      { event: 'scaling-limit', count: this.#count, setting: '--bind' },
    );
    return true;
  }

  /** Wants `wanted` workers: at least one, and within --workers-min and --workers-max where they are set. */
  want(wanted: number): void {
    const { log, current } = this.#options;
    const { scaling } = current();
    const count = scaling ? scaling.allowed(wanted) : Math.max(1, wanted);
    const limit = count < wanted ? 'workers-max' : 'workers-min';
    if (count !== wanted)
      log.warning(
        `The number of workers ${count === this.#count ? 'stays' : 'becomes'} ${count}: ${scaling ? `${limit} is reached` : 'one is the minimum'}`,
        { event: 'scaling-limit', count, setting: scaling ? `--${limit}` : '--workers' },
      );
    this.set(count);
  }

  /** Adjusts the number to the load, where the settings ask for that. */
  followLoad(desired: Desired, workers: readonly WorkerSnapshot[], isReloading: boolean): void {
    const { log, current } = this.#options;
    const change = current().scaling?.evaluate({ ...desired, workers: this.#count }, workers, isReloading);
    if (!change) return;
    const { reason, workers: count, figures } = change;
    log.info(reason, { event: 'scaled', reason, count, ...figures });
    this.set(count);
  }

  /** Takes a number that is known to be allowed. */
  set(count: number): void {
    const before = this.#count;
    if (count === before) return;
    this.#count = count;
    this.#options.changed(count, before);
  }
}
