import type { Stats } from 'node:fs';
import { join, sep } from 'node:path';
import { fs } from '../../../support/builtins.ts';
import { codeOf } from '../../../support/errors.ts';
import { isServed } from './names.ts';

/** A regular file that is open for reading; whoever gets it closes it. */
export interface OpenFile {
  readonly fd: number;
  readonly stats: Stats;
  /** Opens what is at its path now, under the same rules. */
  readonly again: () => OpenFile | null;
}

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
/** To open a FIFO would wait for somebody who writes to it, and hold the event loop. */
const FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY;

/** The codes of paths that lead to no file. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ENXIO', 'EINVAL', 'ENODEV']);

/** Whether an error says that there is no such file. */
export function isAbsence(error: unknown): boolean {
  return ABSENT.has(codeOf(error) ?? '');
}

/** What is at a path, links followed; undefined where nothing is. Throws where that cannot be found out. */
export function lookAt(path: string): Stats | undefined {
  try {
    return fs.statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/**
 * Opens a regular file below one of `roots`, which are paths without links; null where there is none. It is looked at which file
 * was really opened, since a link may lead out of the root, and a name may have got another meaning between a look and
 * the opening. `mayName` is asked of each name below the root. Throws where the system refuses.
 */
export function openInside(
  roots: readonly string[],
  path: string,
  mayName: (name: string) => boolean = isServed,
): OpenFile | null {
  const fd = tryOpen(path);
  if (fd === null) return null;
  try {
    const stats = fs.fstatSync(fd);
    if (stats.isFile() && isInsideOf(roots, realPathOf(fd, path, stats), mayName))
      return { fd, stats, again: () => openInside(roots, path, mayName) };
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  fs.closeSync(fd);
  return null;
}

function tryOpen(path: string): number | null {
  try {
    return fs.openSync(path, FLAGS);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

/** Whether the path of a file leads down from one of the roots, by names that may be. */
function isInsideOf(
  roots: readonly string[],
  path: string | null,
  mayName: (name: string) => boolean,
): boolean {
  return roots.some((root) => {
    const from = root === sep ? sep : root + sep;
    return path?.startsWith(from) && path.slice(from.length).split(sep).every(mayName);
  });
}

/** The path of an open file without links; null where that cannot be known. */
function realPathOf(fd: number, path: string, { dev, ino }: Stats): string | null {
  try {
    if (process.platform === 'linux') return fs.readlinkSync(join('/proc/self/fd', String(fd)));
  } catch {
    // No /proc: as elsewhere.
  }
  const real = fs.realpathSync(path);
  const there = fs.statSync(real);
  return there.dev === dev && there.ino === ino ? real : null;
}
