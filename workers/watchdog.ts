import { dirname } from 'node:path';
import type { Worker as Thread } from 'node:worker_threads';
import type { Connections } from '../src/http/connections.ts';
import { refuseAll, type StalledRequest } from '../src/http/in-flight.ts';
import type { BootOrder } from '../src/ipc.ts';
import type { Logger } from '../src/log/logger.ts';

/** The main thread's side of the watchdog. */
export interface Watchdog {
  /** To be called by a timer: says that the event loop turns. */
  beat(): void;
}

/** What the watchdog's thread is given. */
export interface WatchdogOrder {
  /** [when the event loop turned last, by process.hrtime, in ns; 1 where a debugger can be connected]. */
  readonly pulse: BigInt64Array;
  readonly fd: number;
  readonly arbiterPid: number;
  /** Infinity where only the end of the arbiter is to be watched. */
  readonly limitMs: number;
  readonly graceMs: number;
}

/** What the main thread says of itself while the watchdog has it paused. */
export interface Answer {
  readonly debugged: boolean;
  readonly requests: readonly StalledRequest[];
  readonly unread: number;
}

/** The property of globalThis by which the watchdog finds the main thread's Answer. */
export const REFUSE = 'tsunicorn.refuse';

/** Starts the thread; null where the settings want none. A thread that fails is logged and else without effect. */
export function startWatchdog(order: BootOrder, connections: Connections, log: Logger): Watchdog | null {
  const { watchdogFd, settings } = order;
  if (watchdogFd === null) return null;
  const pulse = new BigInt64Array(new SharedArrayBuffer(16));
  const { url } = process.getBuiltinModule('node:inspector');
  const beat = () => {
    Atomics.store(pulse, 0, process.hrtime.bigint());
    Atomics.store(pulse, 1, url() === undefined ? 0n : 1n);
  };
  beat();
  publish(() => (url() === undefined ? { debugged: false, ...refuseAll(connections) } : DEBUGGED));
  const thread = startThread({
    pulse,
    fd: watchdogFd,
    arbiterPid: process.ppid,
    limitMs: settings.timeout * 1000 || Infinity,
    graceMs: settings.gracefulTimeout * 1000,
  });
  thread.once('error', (error) =>
    log.warning('The watchdog failed: timeouts come without a stack', { err: error }),
  );
  thread.unref();
  return { beat };
}

const DEBUGGED: Answer = { debugged: true, requests: [], unread: 0 };

/** Not enumerable, and a symbol: what runs in the debugger's name can see only globals. */
function publish(answer: () => Answer): void {
  Object.defineProperty(globalThis, Symbol.for(REFUSE), { value: answer, configurable: true });
}

function startThread(workerData: WatchdogOrder): Thread {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const file = import.meta.url.replace(/watchdog(\.[jt]s)$/, 'watchdog-thread$1');
  const cache = process.getBuiltinModule('node:module').getCompileCacheDir();
  return new Worker(new URL(file), {
    workerData,
    name: 'tsunicorn watchdog',
    // Without the operator's environment: what NODE_OPTIONS preloads is meant for the application.
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
    execArgv: [],
    stdin: false,
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64, stackSizeMb: 1 },
  });
}
