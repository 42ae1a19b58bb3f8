import type { HandedSocket } from '../listeners/handed.ts';
import type { HandedRing } from '../log/ring/worker-rings.ts';
import type { HandedCounters } from '../metrics/place.ts';

/** How many workers an arbiter wants and why, so that the new arbiter of an upgrade can tell what has changed. */
export interface WorkerCount {
  readonly count: number;
  /** The number in the settings. */
  readonly setting: number;
  readonly followsLoad: boolean;
}

/** The tsunicorn process that started this one and waits for it to serve. */
export interface Parent {
  /** The command that `--daemon` detaches from, or the arbiter that is upgraded. */
  readonly kind: 'front' | 'arbiter';
  readonly pid: number;
  /** The sockets that it handed over to this process. */
  readonly sockets: readonly HandedSocket[];
  /** Null for a `front`, which has no workers, and for versions that do not tell. */
  readonly workerCount: WorkerCount | null;
  /** The files of counters that it handed over; absent where there are none. */
  readonly counters?: HandedCounters;
  /** The descriptor of its keys for tickets of TLS; absent where it has none. */
  readonly ticketKeys?: number;
  /** The path of its control socket; absent where it has none. */
  readonly control?: string;
  /** The deaths of its workers that it remembered; absent where it has no control socket. */
  readonly deaths?: readonly Death[];
  /** What it and its workers log; absent where it has no control socket. */
  readonly rings?: readonly HandedRing[];
}

/** How many milliseconds ago a worker ended, and its cause as in the record worker-exited. */
export type Death = readonly [agoMs: number, cause: string];

/** What the new process tells its parent once its first worker is ready; `adopted` are places in `sockets`. */
export interface Serving {
  readonly tsunicorn: 'serving';
  readonly adopted: readonly number[];
}

/** The variable in which a parent describes itself and what it hands over, in JSON. Workers and applications never see it. */
export const PARENT_VARIABLE = 'TSUNICORN_PARENT';

/**
 * Removes the parent's note from the environment and reads it. LISTEN_PID and WATCHDOG_PID, which name the parent, are
 * changed to name this process. Null where a shell or a service manager started us, as is usual.
 */
export function takeParent(env: NodeJS.ProcessEnv): Parent | null {
  const note = env[PARENT_VARIABLE];
  if (note === undefined) return null;
  delete env[PARENT_VARIABLE];
  const parent = parse(note);
  for (const name of ['LISTEN_PID', 'WATCHDOG_PID'])
    if (parent && env[name] === `${parent.pid}`) env[name] = `${process.pid}`;
  return parent;
}

/** Tells the parent that this process serves. Resolves when that is sent, or at once where the parent is gone. */
export function tellServing(adopted: readonly number[]): Promise<void> {
  const message: Serving = { tsunicorn: 'serving', adopted };
  return new Promise((told) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => told());
    else told();
  });
}

/** Whether a message on the channel of the new process is a Serving. */
export function isServing(message: unknown): message is Serving {
  return (
    typeof message === 'object' &&
    message !== null &&
    'tsunicorn' in message &&
    message.tsunicorn === 'serving' &&
    'adopted' in message &&
    Array.isArray(message.adopted)
  );
}

/** Calls `gone` when the parent has ended, which may have happened already. */
export function onParentGone(gone: () => void): void {
  if (process.connected) process.once('disconnect', gone);
  else setImmediate(gone);
}

function parse(note: string): Parent | null {
  try {
    const { kind, pid, sockets, workerCount, counters, control, deaths, rings, ticketKeys } =
      JSON.parse(note);
    const known = (kind === 'front' || kind === 'arbiter') && Number.isInteger(pid) && Array.isArray(sockets);
    return known
      ? {
          ...{ kind, pid, sockets, workerCount: isWorkerCount(workerCount) ? workerCount : null },
          ...(isCounters(counters) ? { counters } : {}),
          ...(Number.isInteger(ticketKeys) ? { ticketKeys } : {}),
          ...(typeof control === 'string' ? { control } : {}),
          ...(Array.isArray(deaths) && deaths.every(isDeath) ? { deaths } : {}),
          ...(Array.isArray(rings) && rings.every(isRing) ? { rings } : {}),
        }
      : null;
  } catch {
    // Another program's variable of the same name.
    return null;
  }
}

function isCounters(value: unknown): value is HandedCounters {
  if (typeof value !== 'object' || value === null) return false;
  const { own, others, history = 0, measures = { own: 0, other: 0 } } = value as Partial<HandedCounters>;
  const each = [own, history, measures?.own, measures?.other];
  return each.every(Number.isInteger) && Array.isArray(others) && others.every(Number.isInteger);
}

function isRing(value: unknown): value is HandedRing {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, slot, fd } = value as Partial<HandedRing>;
  return [pid, slot ?? 0, fd].every(Number.isInteger);
}

function isDeath(value: unknown): value is Death {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string';
}

function isWorkerCount(value: unknown): value is WorkerCount {
  if (typeof value !== 'object' || value === null) return false;
  const { count, setting, followsLoad } = value as Partial<WorkerCount>;
  return Number.isInteger(count) && Number.isInteger(setting) && typeof followsLoad === 'boolean';
}
