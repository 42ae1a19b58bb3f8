import type { bindAll } from '../listeners/bind.ts';
import type { Handing } from '../listeners/handed.ts';
import type { Spawn } from '../process/child.ts';
import type { WorkerCount } from '../process/parent.ts';
import type { PeerMessage } from '../process/peer.ts';
import type { SignalGroup } from '../process/process-group.ts';
import type { Observe } from '../process/status.ts';
import type { CallWithin } from '../support/call-within.ts';
import type { Clock } from '../support/clock.ts';
import type { Logger, LogLevel } from '../support/logger.ts';
import type { Development } from './change/development.ts';
import type { Generation, Prepared } from './change/generation.ts';
import type { ArbiterEvent, EventQueue } from './events.ts';
import type { SpawnOptions, WorkerHandle } from './workers/handle.ts';
import type { LostLines } from './workers/lost-requests.ts';
import type { OomVerdict } from './workers/oom-kills.ts';

/** Everything outside the arbiter that it depends on, so that tests can replace it. */
export interface ArbiterOptions {
  readonly first: Generation;
  readonly queue: EventQueue;
  readonly clock: Clock;
  readonly log: Logger;
  readonly spawn: (options: SpawnOptions) => WorkerHandle;
  /** Prepares another generation, for HUP; rejects with one line where that fails. Aborted when the result is not needed any more. */
  readonly prepare: (signal: AbortSignal) => Promise<Prepared>;
  /** Binds what a reload asks for beyond what is open. */
  readonly bindAll: typeof bindAll;
  /** Calls a hook, and interrupts it where it does not return in time. */
  readonly callWithin: CallWithin;
  /** A worker of a new generation is ready, so that this generation is now the current one. */
  readonly promoted: (generation: Generation, before: Generation) => void;
  /** Whether a SIGKILL that the arbiter did not send came from the out-of-memory killer. */
  readonly judgeKill: () => OomVerdict;
  /** Whether a process is stopped, as by SIGSTOP. */
  readonly isStopped: (pid: number) => boolean;
  /** The arbiter's own log writes from this level up, until a generation is promoted. */
  readonly setLogLevel: (level: LogLevel) => void;
  /** Writes the access lines that dead workers could not write. */
  readonly lost: LostLines;
  readonly observe?: Observe;
  readonly system: SystemCalls;
  readonly upgrade: UpgradeOptions;
  /** Null without --reload and --debug. */
  readonly development: Development | null;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
}

/** What the system does for companions. */
export interface SystemCalls {
  readonly spawn: Spawn;
  readonly signalGroup: SignalGroup;
  /** Date.now(). */
  readonly wallMs: () => number;
}

/** How an upgrade starts the new arbiter, what is known of the old one, and the callbacks that tell others of it. */
export interface UpgradeOptions {
  /** The pid of the arbiter that started this one and handed its sockets over; null where there was none. */
  readonly oldArbiter: number | null;
  /** How many workers the old arbiter had; null where it does not say. */
  readonly workerCount: WorkerCount | null;
  /** Whether the old arbiter has ended, as the system says: the event `oldArbiterGone` may come later. */
  readonly isOldArbiterGone: () => boolean;
  /** Starts the new arbiter over the sockets; what becomes of it comes as `upgrade…` events. */
  readonly start: (
    listeners: readonly Handing[],
    workerCount: WorkerCount,
    emit: (event: ArbiterEvent) => void,
  ) => void;
  /** Tells the other arbiter, the old or the new one, if there is one. */
  readonly tell: (message: PeerMessage) => void;
  /** Whether a WINCH may come from a terminal whose window was resized. */
  readonly mayBeResize: () => boolean;
  /** A worker of this arbiter is ready; `isComplete` is whether all that are wanted are. */
  readonly serving: (isComplete: boolean) => void;
  /** The new arbiter serves: it is the main process from now on. */
  readonly upgraded: (newArbiter: number) => void;
  /** The new arbiter has ended, whether it had served or not; null where it never was a process. */
  readonly ended: (newArbiter: number | null) => void;
  /** It had served: this one is the main process again. */
  readonly rolledBack: () => void;
  /** The old arbiter has ended; `worker` is the pid of any of this one's workers. */
  readonly alone: (worker: number | null) => void;
}
