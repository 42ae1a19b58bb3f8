import type { RecordLog } from '../log/records.ts';
import type { WorkerCount } from '../process/parent.ts';
import { countAfter, type Generation, workerCountOf } from './change/generation.ts';
import type { HookCaller } from './hook-caller.ts';
import type { Desired } from './policy/reconcile.ts';
import type { WorkerSnapshot } from './policy/worker-state.ts';

/** What of the service the number of workers depends on. */
interface Counted {
  readonly log: RecordLog;
  readonly hooks: HookCaller;
  readonly current: Generation;
}

/** How many workers there are to be: as many as the settings say, until signals or the load say otherwise. */
export class Headcount {
  readonly #service: Counted;
  #count: number;

  /** `before` is what another arbiter had that this one is to replace. */
  constructor(service: Counted, before: WorkerCount | null) {
    const { current } = service;
    this.#service = service;
    this.#count = before === null ? current.loaded.settings.workers : countAfter(before, current);
  }

  get count(): number {
    return this.#count;
  }

  /** `from` and so many more, or fewer; never less than one, nor beyond the limits where there are any. */
  change(from: number, change: number): void {
    const { current, log } = this.#service;
    const wanted = from + change;
    const { scaling } = current;
    const count = scaling ? scaling.allowed(wanted) : Math.max(1, wanted);
    const limit = change > 0 ? 'workers-max' : 'workers-min';
    if (count !== wanted)
      log.warning(
        `The number of workers stays ${count}: ${scaling ? `${limit} is reached` : 'there is never less than one'}`,
        { event: 'scaling-limit', count, setting: scaling ? `--${limit}` : '--workers' },
      );
    this.#set(count);
  }

  /** As many as the load wants, where the settings leave it to that. */
  followLoad(desired: Desired, workers: readonly WorkerSnapshot[], isReloading: boolean): void {
    const { current, log } = this.#service;
    const change = current.scaling?.evaluate(desired, workers, isReloading);
    if (!change) return;
    const { reason, workers: count, figures } = change;
    log.info(reason, { event: 'scaled', reason, count, ...figures });
    this.#set(change.workers);
  }

  /** As many as the new generation wants. */
  promoted(candidate: Generation, before: Generation): void {
    this.#set(countAfter(workerCountOf(before, this.#count), candidate));
  }

  #set(count: number): void {
    const before = this.#count;
    if (count === before) return;
    this.#count = count;
    this.#service.hooks.call('nworkersChanged', (hook, view) => hook(view, count, before));
  }
}
