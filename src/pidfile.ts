import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, messageOf, UsageError } from './errors.ts';

/** A file that holds the arbiter's pid and a newline while it runs. */
export interface Pidfile {
  readonly path: string;
  /** Removes the file where it is still ours. */
  remove(): void;
}

/**
 * Writes our pid to `path`. A file left by a process that is gone is taken over; the pid of a living process, or a path
 * that cannot be written, is a UsageError that names `source`.
 */
export function createPidfile(source: string, path: string): Pidfile {
  const absolute = resolve(path);
  const owner = readPid(absolute);
  if (owner !== null && owner !== process.pid && isAlive(owner))
    throw new UsageError(
      `${source} ${path}: process ${owner} is running; stop it, or remove the file if it is not tsunicorn`,
    );
  // Renamed into place: whoever watches the path never reads half a number.
  const temporary = `${absolute}.${process.pid}~`;
  try {
    writeFileSync(temporary, `${process.pid}\n`);
    renameSync(temporary, absolute);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new UsageError(
      `${source} ${path}: cannot write it (${codeOf(error) ?? messageOf(error)}); choose a writable directory`,
    );
  }
  return {
    path: absolute,
    remove() {
      if (readPid(absolute) === process.pid) rmSync(absolute, { force: true });
    },
  };
}

/** The pid a file holds; null where there is none or it is no number. */
function readPid(path: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return pid > 0 ? pid : null;
  } catch {
    // Not there, or not readable: writing it will tell.
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return codeOf(error) === 'EPERM';
  }
}
