import type { bindAll } from '../listeners/bind.ts';
import type { Observe } from '../process/status.ts';
import type { CallWithin } from '../support/call-within.ts';
import type { Clock } from '../support/clock.ts';
import type { Logger } from '../support/logger.ts';
import type { Development } from './change/development.ts';
import type { Generation, Prepared } from './change/generation.ts';
import type { Succession } from './change/succession.ts';
import type { EventQueue } from './events.ts';
import type { SpawnOrder, WorkerHandle } from './workers/handle.ts';
import type { LostLines } from './workers/lost-requests.ts';
import type { OomVerdict } from './workers/oom-kills.ts';

/** What an arbiter is given: everything outside it, so that tests can put something else in its place. */
export interface ArbiterOptions {
  readonly first: Generation;
  readonly queue: EventQueue;
  readonly clock: Clock;
  readonly log: Logger;
  readonly spawn: (order: SpawnOrder) => WorkerHandle;
  /** Reads the configuration again, for HUP; rejects with one line where it does not load. Aborted when nobody waits for it. */
  readonly reread: (signal: AbortSignal) => Promise<Prepared>;
  /** Binds what a reload asks for beyond what is open. */
  readonly bindAll: typeof bindAll;
  /** Calls a hook, and ends it where it does not return. */
  readonly callWithin: CallWithin;
  /** A new generation was proved ready and is the current one. */
  readonly promoted: (generation: Generation, before: Generation) => void;
  /** Whether a SIGKILL that was not the arbiter's was the kernel's. */
  readonly judgeKill: () => OomVerdict;
  /** Whether the process of a worker that says nothing is stopped. */
  readonly isStopped: (pid: number) => boolean;
  /** Writes what dead workers could not. */
  readonly lost: LostLines;
  readonly observe?: Observe;
  /** How it is replaced by another arbiter, or has replaced one. */
  readonly succession: Succession;
  /** Null but with --reload. */
  readonly development: Development | null;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
}
