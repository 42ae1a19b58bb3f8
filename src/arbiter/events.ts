import type { WorkerMessage } from '../process/ipc.ts';
import type { Clock } from '../support/clock.ts';
import type { ReadResult } from './change/generation.ts';

/** The signals that stop the service. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** The other signals that mean something to the arbiter; their default would end or suspend it. */
export const CONTROL_SIGNALS = ['SIGHUP', 'SIGTTIN', 'SIGTTOU', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

export type ArbiterSignal = (typeof STOP_SIGNALS)[number] | (typeof CONTROL_SIGNALS)[number];

/** Everything that can happen to the arbiter. `worker` is a worker's age, its place in the order of spawning. */
export type ArbiterEvent =
  | { readonly type: 'signal'; readonly signal: ArbiterSignal }
  | { readonly type: 'message'; readonly worker: number; readonly message: WorkerMessage }
  | { readonly type: 'exit'; readonly worker: number; readonly end: ProcessEnd }
  /** A reload's configuration was read and its addresses bound, or not; `attempt` tells a superseded one. */
  | { readonly type: 'reloadRead'; readonly attempt: number; readonly result: ReadResult }
  /** The new arbiter of an upgrade is a process. */
  | { readonly type: 'upgradeStarted'; readonly pid: number }
  /** Its first worker is ready; `adopted` are the places of those handed sockets that it uses. */
  | { readonly type: 'upgradeReady'; readonly adopted: readonly number[] }
  | { readonly type: 'upgradeEnded'; readonly end: ProcessEnd }
  /** The arbiter that started this one has ended. */
  | { readonly type: 'oldArbiterGone' }
  /** In development: these files were written, made or removed. Absolute paths. */
  | { readonly type: 'changed'; readonly files: readonly string[] };

/** How a worker process ended. */
export type ProcessEnd =
  | { readonly how: 'status'; readonly status: number }
  | { readonly how: 'signal'; readonly signal: NodeJS.Signals }
  /** The process could not even be started. */
  | { readonly how: 'unborn'; readonly error: string };

/** The signals that a process raises by its own code, native code included. */
export const CRASH_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set<NodeJS.Signals>([
  'SIGABRT',
  'SIGSEGV',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
]);

/** One queue for signals, messages, exits and results; the loop takes one at a time. */
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
      // Rounded up, as a timer that fires early would only make the loop turn once more.
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
 * Until there is something to clean up a stop ends the process at once, by the kernel, whatever our code and the
 * operator's is busy with. For process 1 the kernel does not do that, so that it takes an event loop that turns.
 */
export function leaveStopsToKernel(): void {
  if (isProcessOne()) for (const signal of STOP_SIGNALS) process.on(signal, leaveAtOnce);
}

/** From now on stops go into the queue. */
export function trapStops(queue: EventQueue): void {
  trapSignals(queue, STOP_SIGNALS);
  for (const signal of STOP_SIGNALS) process.off(signal, leaveAtOnce);
}

function leaveAtOnce(): void {
  process.exit(0);
}

/** Whether this is process 1, as in a container: the kernel drops its signals where it has no handler, a stop as well. */
function isProcessOne(): boolean {
  return process.pid === 1;
}
