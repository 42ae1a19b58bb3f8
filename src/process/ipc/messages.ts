import type { WaitingRequest } from '../../flights/table.ts';
import type { Followed } from '../../log/ring/ring-log.ts';
import type { Measured } from '../../metrics/measured.ts';
import type { LogLevel } from '../../support/logger.ts';
import type { Blocked, Stalled, Unblocked } from './blocks.ts';
import type { BootSpec } from './boot-spec.ts';
import type { AccountCommand, Accounted, FlightsChanged } from './flights.ts';
import type { InspectCommand, Inspected, StopInspecting } from './inspection.ts';
import type { ListenMessage, SocketAnswer } from './listening.ts';
import type { BootFailure, FilesLoaded, LoadedCode } from './loading.ts';
import type { Retirement } from './retirement.ts';
import type { TlsChange } from './tls.ts';

// The discriminant is called `tsunicorn`, so that a message of the application (process.send()) is not taken for ours.

/** What a worker tells the arbiter: facts. */
export type WorkerMessage =
  /** Signal handlers are in place: from here on the worker may be signalled. */
  | { readonly tsunicorn: 'hello' }
  /** The application is loaded and no socket is open: with `spareWorkers` every worker waits here for `accept`. */
  | { readonly tsunicorn: 'standby' }
  | Ready
  /** `load` is there only where the service scales by it. */
  | { readonly tsunicorn: 'heartbeat'; readonly load?: WorkerLoad }
  | ({ readonly tsunicorn: 'bootFailed' } & BootFailure)
  | FilesLoaded
  | LoadedCode
  /** The worker goes on serving and asks to be replaced. */
  | { readonly tsunicorn: 'outgoing'; readonly reason: string; readonly by: Instigator }
  /** The worker has stopped accepting without being told to, and will exit. */
  | { readonly tsunicorn: 'leaving'; readonly reason: string; readonly by: Instigator }
  | Stalled
  | Blocked
  | Unblocked
  /** It retires, is held, and has finished what it accepted. */
  | { readonly tsunicorn: 'drained' }
  | MemorySeen
  | Ending
  /** The event loop turns while the worker boots. */
  | { readonly tsunicorn: 'loading' }
  /** The watchdog's: the event loop is silent, but a debugger may hold it, which is no reason to kill it. */
  | { readonly tsunicorn: 'debugged' }
  | FlightsChanged
  /** The watchdog's: lines of the access log for syslog, which the worker itself cannot send any more. */
  | { readonly tsunicorn: 'accessLines'; readonly lines: readonly string[] }
  | Accounted
  | ListenMessage
  | Inspected
  /** All numbers that the worker counts, where it cannot write them to a file: at most once a second. */
  | { readonly tsunicorn: 'counts'; readonly values: readonly number[] }
  /** What the application measures by `tsunicorn/metrics`: once a second. */
  | { readonly tsunicorn: 'measured'; readonly measured: Measured };

/** What the arbiter tells a worker: imperatives. */
export type ArbiterMessage =
  | BootSpec
  /** Open the sockets and serve in that slot; sent to a worker in standby. */
  | { readonly tsunicorn: 'accept'; readonly slot: number }
  /** The service is about to stop: go on serving, but answer at the ready path that no new clients should come. */
  | { readonly tsunicorn: 'linger' }
  | ({ readonly tsunicorn: 'retire' } & Retirement)
  /** Exit now. */
  | { readonly tsunicorn: 'quit' }
  | { readonly tsunicorn: 'reopenLogs' }
  /** Log from this level up. */
  | { readonly tsunicorn: 'logLevel'; readonly level: LogLevel }
  /** What is to be in its ring beyond what is in its log; null is nothing. */
  | { readonly tsunicorn: 'follow'; readonly followed: Followed | null }
  | InspectCommand
  | StopInspecting
  | Hold
  | TlsChange
  | SocketAnswer;

/** What the arbiter tells a watchdog through its pipe. */
export type WatchdogCommand = AccountCommand | InspectCommand | StopInspecting | Hold;

/**
 * The application is loaded and every listener accepts; `urls` in the order of the binds, `app` is the file that it was
 * loaded from, without links.
 */
export interface Ready {
  readonly tsunicorn: 'ready';
  readonly urls: readonly string[];
  readonly app?: string;
}

/** Why a worker leaves without being told to: by its own decision, or because somebody sent it a signal, which is no failure. */
export type Instigator = 'itself' | 'signal';

/** How busy a worker was since it reported last. */
export interface WorkerLoad {
  /** 0 to 1. */
  readonly utilisation: number;
  readonly inFlight: number;
}

/** Sent by the watchdog when it has changed: the memory of the process, and its heap when its loop last ran. */
export interface MemorySeen {
  readonly tsunicorn: 'memory';
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** As --max-old-space-size has it; null where Node decides. */
  readonly heapLimitBytes: number | null;
}

/**
 * The process is about to end by `call`, at `place`; null where that is not known. `requests` are in flight, the oldest first;
 * `waiting` is how many in all.
 */
export interface Ending {
  readonly tsunicorn: 'ending';
  readonly call: 'process.exit()' | 'process.abort()';
  readonly place: { readonly file: string; readonly line: number; readonly column: number | null } | null;
  readonly requests: readonly WaitingRequest[];
  readonly waiting: number;
}

/**
 * Do not end for so long, and let no time limit pass; 0 ends that. To the watchdog, and through the channel, as a worker
 * that has finished its requests waits for it too.
 */
export interface Hold {
  readonly tsunicorn: 'hold';
  readonly forMs: number;
}
