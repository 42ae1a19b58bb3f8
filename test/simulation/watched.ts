import { type ArbiterEvent, EventQueue } from '../../src/arbiter/events.ts';
import type { WorkerState } from '../../src/arbiter/policy/worker-state.ts';
import type { WorkerHandle } from '../../src/arbiter/workers/handle.ts';

/** The arbiter's queue, observed. */
export class WatchedQueue extends EventQueue {
  pushed = 0;
  taken = 0;
  /** Called with each event as the arbiter takes it, or null where only time has passed. */
  onTaken: (event: ArbiterEvent | null) => void = () => {};

  override push(event: ArbiterEvent): void {
    this.pushed++;
    super.push(event);
  }

  override async next(wakeAtMs: number): Promise<ArbiterEvent | null> {
    const event = await super.next(wakeAtMs);
    if (event) this.taken++;
    this.onTaken(event);
    return event;
  }
}

/** A change of a worker's state. */
export interface Transition {
  readonly worker: WorkerHandle;
  readonly from: WorkerState;
  readonly to: WorkerState;
}

/** Calls back on each change of the handle's state. */
export function watchState(worker: WorkerHandle, changed: (transition: Transition) => void): WorkerHandle {
  let { state } = worker;
  Object.defineProperty(worker, 'state', {
    get: () => state,
    set: (to: WorkerState) => {
      const from = state;
      state = to;
      changed({ worker, from, to });
    },
  });
  return worker;
}
