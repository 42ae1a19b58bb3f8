import { resolve } from 'node:path';
import type { LoadedData } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf, UsageError } from '../support/errors.ts';

/** A file that holds the arbiter's pid and a newline while it runs. */
export interface Pidfile {
  readonly path: string;
  /**
   * Removes the file where it is still ours. Where the arbiter `newArbiter` has written the `.2` beside it, that file is renamed
   * into its place, so that the file always has the pid of a running arbiter.
   */
  remove(newArbiter?: number | null): void;
  /** The old arbiter is gone: our `.2` becomes the file itself. */
  promote(): void;
  /** The new arbiter of an upgrade has ended, perhaps without removing its `.2`. */
  forget(pid: number): void;
}

/**
 * Writes our pid to `path`, or to `path` and `.2` where the file is that of the arbiter `oldArbiter`, which we are about to
 * replace. A file left by a process that is gone, or whose pid is another program's by now, is taken over; the pid of a
 * living arbiter, or a path that cannot be written, is a UsageError that names `source`.
 */
export function createPidfile(source: string, path: string, oldArbiter: number | null = null): Pidfile {
  const main = resolve(path);
  const second = `${main}.2`;
  const isSecond = oldArbiter !== null && readPid(main) === oldArbiter;
  let own = isSecond ? second : main;
  write(source, isSecond ? `${path}.2` : path, own);
  return {
    get path() {
      return own;
    },
    remove(newArbiter) {
      if (readPid(own) !== process.pid) return;
      if (newArbiter != null && own === main && readPid(second) === newArbiter && isAlive(newArbiter))
        fs.renameSync(second, main);
      else fs.rmSync(own, { force: true });
    },
    promote() {
      // The old arbiter has renamed it when it ended, unless it was killed.
      if (own === second && readPid(second) === process.pid) fs.renameSync(second, main);
      own = main;
    },
    forget(pid) {
      if (own === main && readPid(second) === pid) fs.rmSync(second, { force: true });
    },
  };
}

type Configured = Pick<LoadedData, 'settings' | 'origins'>;

/** The pidfile of the present settings; reloads may move it. */
export class FollowingPidfile {
  readonly #oldArbiter: number | null;
  #path: string | null = null;
  #file: Pidfile | null = null;

  /** `oldArbiter` is the arbiter that this one is to replace, if there is one. Throws a UsageError. */
  constructor(loaded: Configured, oldArbiter: number | null) {
    this.#oldArbiter = oldArbiter;
    this.follow(loaded);
  }

  /** Moves the file where a reload has changed its path. Throws a UsageError. */
  follow({ settings, origins }: Configured): void {
    if (settings.pid === this.#path) return;
    const file =
      settings.pid === null
        ? null
        : createPidfile(nameSetting(origins.pid, 'pid'), settings.pid, this.#oldArbiter);
    this.remove();
    this.#path = settings.pid;
    this.#file = file;
  }

  /** As a Pidfile's. */
  remove(newArbiter?: number | null): void {
    this.#file?.remove(newArbiter);
  }

  /** As a Pidfile's. */
  promote(): void {
    this.#file?.promote();
  }

  /** As a Pidfile's. */
  forget(pid: number): void {
    this.#file?.forget(pid);
  }
}

function write(source: string, path: string, absolute: string): void {
  const owner = readPid(absolute);
  if (owner !== null && owner !== process.pid && isAlive(owner) && mayBeArbiter(owner))
    throw new UsageError(
      `${source} ${path}: process ${owner} is running; stop it, or remove the file if it is not tsunicorn`,
    );
  // Renamed into place, so that nobody reads half a number.
  const temporary = `${absolute}.${process.pid}~`;
  try {
    // In a directory where others may write, a symbolic link of that name would be followed: so create a new file.
    fs.rmSync(temporary, { force: true });
    // Not writable for others, who could choose which process root's `kill $(cat …)` hits.
    fs.writeFileSync(temporary, `${process.pid}\n`, { flag: 'wx', mode: 0o644 });
    fs.renameSync(temporary, absolute);
  } catch (error) {
    discard(temporary);
    throw new UsageError(
      `${source} ${path}: cannot write it (${codeOf(error) ?? messageOf(error)}); choose a writable directory`,
    );
  }
}

function discard(path: string): void {
  try {
    fs.rmSync(path, { force: true });
  } catch {
    // It belongs to another user; the first error says more.
  }
}

/** The pid a file holds; null where there is none or it is no number. */
function readPid(path: string): number | null {
  try {
    const pid = Number.parseInt(fs.readFileSync(path, 'utf8'), 10);
    return pid > 0 ? pid : null;
  } catch {
    // It does not exist or cannot be read; writing it will tell.
    return null;
  }
}

/**
 * Whether the process may be an arbiter. The pid in an old file, from before a reboot for example, may belong to another
 * program now. An arbiter sets its title before it writes its pidfile; where the title cannot be read, it may be one.
 */
function mayBeArbiter(pid: number): boolean {
  try {
    const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    // It is empty for ended processes and for kernel threads.
    return command.includes('tsunicorn') && !command.startsWith('tsunicorn: worker');
  } catch {
    // No /proc (macOS), or one that hides other users' processes.
    return true;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs as another user.
    return codeOf(error) === 'EPERM';
  }
}
