import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { type StartOptions, start } from './tsunicorn.ts';

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stderr. */
  readonly lines: readonly string[];
  /** Files in the working directory that were not there before. */
  readonly leftFiles: readonly string[];
  /** Processes that it started and that still run. */
  readonly leftProcesses: readonly number[];
}

/** Runs the real command to its end in a directory of its own, or in `options.cwd`. */
export async function run(args: readonly string[], options: StartOptions = {}): Promise<Outcome> {
  const mark = randomUUID();
  const located = options.cwd === undefined ? { files: {}, ...options } : options;
  const running = start(args, { ...located, env: { ...options.env, TEST_RUN: mark } });
  const before = new Set(readdirSync(running.cwd));
  const { status } = await running.end();
  const { stdout, stderr } = running;
  return {
    status,
    stdout,
    stderr,
    lines: stderr === '' ? [] : stderr.trimEnd().split('\n'),
    leftFiles: readdirSync(running.cwd).filter((file) => !before.has(file)),
    leftProcesses: processesWith(`TEST_RUN=${mark}`),
  };
}

/** Pids of the processes whose environment at their start had `variable` (`NAME=value`). */
export function processesWith(variable: string): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => environmentOf(pid).includes(variable))
    .map(Number);
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return [];
  }
}
