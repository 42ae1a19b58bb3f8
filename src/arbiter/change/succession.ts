import type { Listener } from '../../listeners/listener.ts';
import type { WorkerCount } from '../../process/parent.ts';
import type { ArbiterEvent } from '../events.ts';

/** What an arbiter needs of the world to be replaced by another one; callbacks tell what others want to know of it. */
export interface Succession {
  /** The pid of the arbiter that started this one and handed its sockets over; null where there was none. */
  readonly oldArbiter: number | null;
  /** How many workers that one had; null where it does not say. */
  readonly workerCount: WorkerCount | null;
  /** Whether that one has ended, asked of the system: its `oldArbiterGone` may still be on its way. */
  readonly isOldArbiterGone: () => boolean;
  /** Starts the new arbiter over the sockets; what becomes of it comes as `upgrade…` events. */
  readonly start: (
    listeners: readonly Listener[],
    workerCount: WorkerCount,
    emit: (event: ArbiterEvent) => void,
  ) => void;
  /** Whether a WINCH may merely say that the terminal's window has changed. */
  readonly mayBeResize: () => boolean;
  /** A worker of this arbiter is ready; `isComplete` where as many are as are wanted. */
  readonly serving: (isComplete: boolean) => void;
  /** The new arbiter serves: it is the main process from now on. */
  readonly upgraded: (pid: number) => void;
  /** The new arbiter has ended, whether it had served or not. */
  readonly ended: (pid: number) => void;
  /** It had served: this one is the main process again. */
  readonly rolledBack: () => void;
  /** The arbiter that started this one is gone; `worker` is the pid of any of this one's workers. */
  readonly alone: (worker: number | null) => void;
}
