import type { HandedSocket } from '../listeners/handed.ts';

/** How many workers an arbiter wants, and what it came from, which is how a successor can tell what changed. */
export interface WorkerCount {
  readonly count: number;
  /** What the settings said. */
  readonly setting: number;
  readonly followsLoad: boolean;
}

/** The tsunicorn process that started this one and waits for it to serve. */
export interface Parent {
  /** The command that `--daemon` detaches from, or the arbiter that is upgraded. */
  readonly kind: 'front' | 'arbiter';
  readonly pid: number;
  /** The sockets that it handed over. */
  readonly sockets: readonly HandedSocket[];
  /** Null where it has none: the front of a daemon, or a version that does not say. */
  readonly workerCount: WorkerCount | null;
}

/** What the new process tells its parent once its first worker is ready; `adopted` are places in `sockets`. */
export interface Serving {
  readonly tsunicorn: 'serving';
  readonly adopted: readonly number[];
}

/** How a parent names itself and what it hands over, in JSON. Workers and applications never see it. */
export const PARENT_VARIABLE = 'TSUNICORN_PARENT';

/**
 * Takes the parent's note out of the environment. What systemd addressed to our parent (LISTEN_PID, WATCHDOG_PID) is for
 * us from now on. Null where a shell or a service manager started us, as is usual.
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

/** Tells the parent that this process serves; resolves when it is written, also where the parent is gone. */
export function tellServing(adopted: readonly number[]): Promise<void> {
  const message: Serving = { tsunicorn: 'serving', adopted };
  return new Promise((told) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => told());
    else told();
  });
}

/** Whether a message of the new process is ours. */
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
    const { kind, pid, sockets, workerCount } = JSON.parse(note);
    const known = (kind === 'front' || kind === 'arbiter') && Number.isInteger(pid) && Array.isArray(sockets);
    return known
      ? { kind, pid, sockets, workerCount: isWorkerCount(workerCount) ? workerCount : null }
      : null;
  } catch {
    // Somebody else's variable of that name.
    return null;
  }
}

function isWorkerCount(value: unknown): value is WorkerCount {
  if (typeof value !== 'object' || value === null) return false;
  const { count, setting, followsLoad } = value as Partial<WorkerCount>;
  return Number.isInteger(count) && Number.isInteger(setting) && typeof followsLoad === 'boolean';
}
