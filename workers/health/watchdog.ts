import { dirname } from 'node:path';
import type { FlightTable } from '../../src/flights/table.ts';
import type { Connections } from '../../src/http/connections.ts';
import { refuseAll } from '../../src/http/refuse-all.ts';
import type { AccessLog, SharedLines } from '../../src/log/access-log.ts';
import type { StalledRequest } from '../../src/process/ipc/blocks.ts';
import type { BootSpec } from '../../src/process/ipc/boot-spec.ts';
import { ownFile } from '../../src/support/own-files.ts';
import type { Logs } from '../logs.ts';
import { memoryUsage } from './memory-usage.ts';

/** The main thread's side of the watchdog. */
export interface Watchdog {
  /** The worker must end within `graceMs`: after that it may not be blocked even for a moment. The last call counts. */
  leaveWithin(graceMs: number): void;
}

/** What the watchdog's thread is given. */
export interface WatchdogSpec {
  /**
   * [when the event loop turned last, by process.hrtime, in ns; 1 where a debugger can be connected; when the grace of a
   * retiring worker is over, by process.hrtime, else 0].
   */
  readonly pulse: BigInt64Array;
  /** [the bytes of the main thread's heap that are in use]. */
  readonly heap: Float64Array;
  /** Null where Node decides. */
  readonly heapLimitBytes: number | null;
  /** The buffer of the FlightTable, and the time origin of the main thread's performance.now(), by which it counts. */
  readonly flights: SharedArrayBuffer;
  readonly timeOrigin: number;
  /** Null where there is no access log. */
  readonly access: SharedLines | null;
  /** The numbers that the worker counts, and where they belong; null where they go nowhere. */
  readonly counters: SharedCounters | null;
  readonly fd: number;
  readonly arbiterPid: number;
  /** Infinity where only the end of the arbiter is to be watched. */
  readonly limitMs: number;
  /** From when on a blocked loop is reported; Infinity for never. */
  readonly warnMs: number;
  readonly graceMs: number;
}

/** What the watchdog writes while the event loop is blocked. */
export interface SharedCounters {
  readonly values: Float64Array;
  readonly fd: number;
  readonly position: number;
}

/** What the main thread says of itself while the watchdog has it paused. */
export interface Answer {
  readonly debugged: boolean;
  readonly requests: readonly StalledRequest[];
  readonly unread: number;
}

/** The property of globalThis by which the watchdog finds the main thread's Answer. */
export const REFUSE = 'tsunicorn.refuse';

/** The name of the function that runs only if the event loop runs; the watchdog finds it in stacks. */
export const BEAT = 'tsunicornBeat';

/**
 * Starts the thread; null where the settings want none. `connections` returns null until there can be any. The failure of
 * the thread is logged and has no other effect.
 */
export function startWatchdog(
  spec: Pick<BootSpec, 'settings' | 'watchdogFd'>,
  connections: () => Connections | null,
  flights: FlightTable,
  logs: Pick<Logs, 'log' | 'access'>,
  counters: SharedCounters | null = null,
): Watchdog | null {
  const { watchdogFd, settings } = spec;
  const { access, log } = logs;
  if (watchdogFd === null || !process.features.inspector) return null;
  const pulse = new BigInt64Array(new SharedArrayBuffer(24));
  const heap = new Float64Array(new SharedArrayBuffer(8));
  const { url } = process.getBuiltinModule('node:inspector');
  const tsunicornBeat = () => {
    Atomics.store(pulse, 0, process.hrtime.bigint());
    Atomics.store(pulse, 1, url() === undefined ? 0n : 1n);
  };
  tsunicornBeat();
  // It writes to memory only, and so beats more often than the heartbeat to the arbiter.
  setInterval(tsunicornBeat, beatMs(settings));
  setInterval(() => {
    heap[0] = memoryUsage()?.heapUsed ?? heap[0] ?? 0;
  }, HEAP_MS);
  publish(() => {
    if (url() !== undefined) return DEBUGGED;
    const open = connections();
    return { debugged: false, ...(open === null ? NOTHING : refuseOn(open, access)) };
  });
  startThread(
    {
      pulse,
      heap,
      heapLimitBytes: heapLimit(),
      flights: flights.buffer,
      timeOrigin: performance.timeOrigin,
      access: access?.shared ?? null,
      counters,
      fd: watchdogFd,
      arbiterPid: process.ppid,
      limitMs: settings.timeout * 1000 || Infinity,
      warnMs: settings.stallWarning * 1000 || Infinity,
      graceMs: settings.gracefulTimeout * 1000,
    },
    (error) => log.warning(FAILED, { event: 'watchdog-failed', err: error }),
  );
  let isLeaving = false;
  return {
    leaveWithin(graceMs) {
      Atomics.store(pulse, 2, process.hrtime.bigint() + BigInt(Math.round(graceMs * 1e6)));
      if (!isLeaving) setInterval(tsunicornBeat, LEAVING_BEAT_MS);
      isLeaving = true;
    },
  };
}

/** Asking for the heap takes 10 µs. */
const HEAP_MS = 1000;

/** What --worker-heap or the user has set; the node:v8 that could tell takes 6 ms and half a megabyte. */
function heapLimit(): number | null {
  const options = [process.env.NODE_OPTIONS ?? '', ...process.execArgv].join(' ');
  const [, megabytes] = /.*--max[-_]old[-_]space[-_]size=(\d+)/.exec(options) ?? [];
  return megabytes === undefined ? null : Number(megabytes) * 1024 ** 2;
}

/** The interval of the pulse: several beats in the shortest time that counts as blocked. */
function beatMs({ timeout, stallWarning }: BootSpec['settings']): number {
  const longestMs = Math.min(timeout || Infinity, stallWarning || Infinity) * 250;
  return Math.min(stallWarning === 0 ? 1000 : 250, Math.max(20, longestMs));
}

/** The arbiter kills soon after the grace, so that a blocked loop must be noticed sooner than before. */
const LEAVING_BEAT_MS = 100;

const FAILED = 'The watchdog failed: from now on a blocked worker is killed without its stack in the log';
const NOTHING = { requests: [], unread: 0 };
const DEBUGGED: Answer = { debugged: true, ...NOTHING };

/** The watchdog's thread writes the lines of these requests, since this thread will not go on. */
function refuseOn(connections: Connections, access: AccessLog | null): ReturnType<typeof refuseAll> {
  const refused = refuseAll(connections, (status, response, socket) =>
    access?.answeredPast(status, response, socket),
  );
  access?.settle('stall');
  return refused;
}

/** A global, since code that the debugger evaluates sees nothing else; a symbol and not enumerable, to stay out of the way. */
function publish(answer: () => Answer): void {
  Object.defineProperty(globalThis, Symbol.for(REFUSE), { value: answer, configurable: true });
}

function startThread(workerData: WatchdogSpec, failed: (error: unknown) => void): void {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const cache = process.getBuiltinModule('node:module').getCompileCacheDir();
  try {
    const thread = new Worker(ownFile('workers/health/watchdog-thread'), {
      workerData,
      name: 'tsunicorn watchdog',
      // Without the operator's environment: what NODE_OPTIONS preloads is meant for the application.
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64, stackSizeMb: 1 },
    });
    thread.once('error', failed);
    thread.unref();
  } catch (error) {
    // Node's permission model may forbid threads.
    failed(error);
  }
}
