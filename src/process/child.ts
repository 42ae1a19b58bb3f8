import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf } from '../support/errors.ts';

/** The shape of node:child_process's `spawn`, which the command passes in, so that children can be simulated. */
export type Spawn = (file: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

/** A process that the system has started. */
export type Child = ChildProcess & { readonly pid: number };

export interface ChildSpec extends SpawnOptions {
  /** The file to run and its arguments. */
  readonly command: readonly [string, ...string[]];
}

/**
 * Starts a process. Where the system does not start it this returns null, and `notStarted` gets one line that says why and
 * what to do, and the code of the error, once and later. A child that is returned has all that its `stdio` promises, and
 * needs no listener for `error`.
 */
export function startChild(
  spawn: Spawn,
  { command, ...options }: ChildSpec,
  notStarted: (why: string, code: string | undefined) => void,
): Child | null {
  const [file, ...args] = command;
  const explain = (error: unknown) => notStarted(spawnProblem(error, file, options.cwd), codeOf(error));
  try {
    const child = spawn(file, args, options);
    if (isStarted(child)) {
      // Emitted where a signal or message could not be delivered, or an AbortSignal ended the process: 'exit' follows.
      child.on('error', () => {});
      return child;
    }
    // On EMFILE and ENFILE it has neither stdio nor send(): only this event is reliable.
    child.once('error', explain);
    child.on('error', () => {});
  } catch (error) {
    // Some errors are thrown at once (E2BIG, ENOMEM); the caller gets all of them later.
    queueMicrotask(() => explain(error));
  }
  return null;
}

function isStarted(child: ChildProcess): child is Child {
  return child.pid !== undefined;
}

const CURES: Readonly<Record<string, string>> = {
  EMFILE:
    'the limit of open files of this process is reached (EMFILE); raise it (ulimit -n, or LimitNOFILE= in a unit)',
  ENFILE: 'the limit of open files of this machine is reached (ENFILE); raise fs.file-max, or close some',
  EAGAIN:
    'the limit of processes is reached (EAGAIN); raise it (ulimit -u, TasksMax= in a unit, or pids.max of the container)',
  E2BIG: 'its arguments and its environment are too long for the system (E2BIG); shorten the environment',
  ENOMEM: 'there is no memory left for another process (ENOMEM); run fewer workers, or add memory',
};

/**
 * Why `file` could not be started in the directory `cwd`. ENOENT and EACCES may be about either, and
 * Node always names the file: after a release was removed, people would look for a Node that is still there.
 */
function spawnProblem(error: unknown, file: string, cwd: SpawnOptions['cwd']): string {
  const code = codeOf(error) ?? '';
  if (code !== 'ENOENT' && code !== 'EACCES') return CURES[code] ?? messageOf(error);
  return (cwd && problemOfDirectory(code, `${cwd}`)) ?? problemOfFile(code, file);
}

function problemOfDirectory(code: 'ENOENT' | 'EACCES', cwd: string): string | undefined {
  if (code === 'ENOENT' && !fs.existsSync(cwd))
    return `the working directory ${cwd} is gone; create it again, or restart elsewhere`;
  if (code === 'EACCES' && !canEnter(cwd))
    return `the working directory ${cwd} cannot be entered (EACCES); give this user permission to enter it`;
  return undefined;
}

function problemOfFile(code: 'ENOENT' | 'EACCES', file: string): string {
  if (code === 'EACCES')
    return `${file} cannot be executed (EACCES); give this user permission to execute it`;
  const cure = file === process.execPath ? 'restart with the Node that is installed now' : 'install it again';
  return `${file} is gone; ${cure}`;
}

function canEnter(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.X_OK);
    return true;
  } catch {
    // The exact reason does not matter for the message.
    return false;
  }
}
