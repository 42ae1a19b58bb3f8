import type { WorkerMessage } from '../process/ipc/messages.ts';
import type { TlsChange } from '../process/ipc/tls.ts';
import type { PassedSocket } from '../process/passed-socket.ts';
import type { PeerMessage } from '../process/peer.ts';
import type { ProcessEnd } from '../process/process-end.ts';
import type { Clock } from '../support/clock.ts';
import type { LogLevel } from '../support/logger.ts';
import type { ReadResult } from './change/generation.ts';
import type { CompanionEvent } from './companions/event.ts';

export type { ProcessEnd } from '../process/process-end.ts';

/** The signals that stop the service. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** The other signals that mean something to the arbiter; their default would end or suspend it. */
export const CONTROL_SIGNALS = ['SIGHUP', 'SIGTTIN', 'SIGTTOU', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

export type ArbiterSignal = (typeof STOP_SIGNALS)[number] | (typeof CONTROL_SIGNALS)[number];

/** What the program that a service belongs to, or an operator at the control socket, asks of the arbiter. */
export type Command =
  | { readonly name: 'reload' }
  | { readonly name: 'scale'; readonly count: number }
  | { readonly name: 'stop'; readonly mode: 'graceful' | 'quick' }
  /** Go on accepting, as not ready, until told to stop. */
  | { readonly name: 'drain' }
  /** Retire the workers and hold the sockets, so that requests wait in their queues. */
  | { readonly name: 'pause' }
  | { readonly name: 'resume' }
  /** Open the log files again. */
  | { readonly name: 'reopen' }
  /** Log from this level up, until the next reload. */
  | { readonly name: 'logLevel'; readonly level: LogLevel }
  | { readonly name: 'upgrade' }
  /** Replace one worker by another; `age` says which. */
  | { readonly name: 'restart'; readonly age: number }
  /** End the process of one worker at once. */
  | { readonly name: 'kill'; readonly age: number }
  /** Replace one worker, and keep it from ending for a while; no time limit applies to it meanwhile. */
  | { readonly name: 'hold'; readonly age: number; readonly forMs: number }
  /** A worker that is held may go, when it has its replacement. */
  | { readonly name: 'release'; readonly age: number };

/** Everything that can happen to the arbiter. `worker` is a worker's age. */
export type ArbiterEvent =
  | { readonly type: 'signal'; readonly signal: ArbiterSignal }
  /** `begins` is called when the loop begins to handle it, and `handled` when it has. */
  | {
      readonly type: 'asked';
      readonly command: Command;
      readonly begins?: () => void;
      readonly handled?: () => void;
    }
  | {
      readonly type: 'message';
      readonly worker: number;
      readonly message: WorkerMessage;
      /** What came with `bound`. */
      readonly socket?: PassedSocket;
    }
  | { readonly type: 'exit'; readonly worker: number; readonly end: ProcessEnd }
  /** A reload's configuration was read and its addresses were bound, or that failed; `attempt` is the number of that reload. */
  | { readonly type: 'reloadRead'; readonly attempt: number; readonly result: ReadResult }
  /** The process of a new arbiter was started. */
  | { readonly type: 'upgradeStarted'; readonly pid: number }
  /** The new arbiter serves; `adopted` are the indexes of the handed sockets that it uses. */
  | { readonly type: 'upgradeReady'; readonly adopted: readonly number[] }
  | { readonly type: 'upgradeEnded'; readonly end: ProcessEnd }
  /** The arbiter that started this one has ended. */
  | { readonly type: 'oldArbiterGone' }
  /** The other arbiter of an upgrade, old or new, says this. */
  | { readonly type: 'peer'; readonly message: PeerMessage }
  /** Certificates or keys of tickets have changed; `generation` is null where all workers are to be told. */
  | { readonly type: 'tls'; readonly change: TlsChange; readonly generation: number | null }
  | CompanionEvent
  /** In development: these files were written, created or removed. Absolute paths. */
  | { readonly type: 'changed'; readonly files: readonly string[] };

/** The signals that a process gets for what its own code did, native code included. */
export const CRASH_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set<NodeJS.Signals>([
  'SIGABRT',
  'SIGSEGV',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
]);

/** One queue for signals, messages, exits and results. The loop takes one event at a time. */
export class EventQueue {
  readonly #clock: Clock;
  readonly #events: ArbiterEvent[] = [];
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  push(event: ArbiterEvent): void {
    this.#events.push(event);
    this.#wake?.();
  }

  /** The next event, or null once `wakeAtMs` (of the clock; Infinity is never) has come. */
  async next(wakeAtMs: number): Promise<ArbiterEvent | null> {
    if (this.#events.length === 0) await this.#eventOrTime(wakeAtMs);
    return this.#events.shift() ?? null;
  }

  #eventOrTime(wakeAtMs: number): Promise<void> {
    return new Promise((resolve) => {
      // Rounded up: a timer that fires early would only run the loop once more.
      const ms = Math.ceil(Math.max(0, Math.min(wakeAtMs - this.#clock.now(), 2 ** 31 - 1)));
      const cancel = this.#clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Puts the signals of `which` into the queue from now on. */
export function trapSignals(queue: EventQueue, which: readonly ArbiterSignal[]): void {
  for (const signal of which) process.on(signal, () => queue.push({ type: 'signal', signal }));
}

/**
 * Leaves stop signals to the kernel, which ends the process at once even while code blocks the event loop: there is
 * nothing to clean up yet. The kernel does not do that for process 1, which therefore needs a handler.
 */
export function leaveStopsToKernel(): void {
  if (isProcessOne()) for (const signal of STOP_SIGNALS) process.on(signal, leaveAtOnce);
}

/** Puts stop signals into the queue from now on. */
export function trapStops(queue: EventQueue): void {
  trapSignals(queue, STOP_SIGNALS);
  for (const signal of STOP_SIGNALS) process.off(signal, leaveAtOnce);
}

/** As the kernel ends another process: what waits for 'exit', such as who blames the configuration for it, is not asked. */
function leaveAtOnce(): void {
  process.removeAllListeners('exit');
  process.exit(0);
}

/** Whether this is process 1, as in a container: the kernel drops signals that process 1 has no handler for. */
function isProcessOne(): boolean {
  return process.pid === 1;
}
