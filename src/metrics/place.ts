import { fs } from '../support/builtins.ts';
import { messageOf } from '../support/errors.ts';

// Where a file of counters is, and where in it each block is: all that is needed to start a worker. What the blocks hold is
// loaded later.

/** Before the blocks, a file says how they are laid out. */
export const HEAD_BYTES = 16 * 1024;
/** From the start of an arbiter's block to the first one of a worker, and from there to the next: more than they hold. */
export const BASE_BYTES = 128 * 1024;
export const BLOCK_BYTES = 16 * 1024;

/** In memory, as a file on a disk would be written to it again and again. */
const DIRECTORY = '/dev/shm';
/** Node has no name for it; open(2) of Linux. */
const O_TMPFILE = 0o20000000;

/** Where a worker counts: `fd` is the descriptor to be handed over, null where it is to send its numbers. */
export interface CountingPlace {
  readonly fd: number | null;
  /** Where its block begins in the file, in bytes. */
  readonly position: number;
}

/** Descriptors for a new arbiter: of the file that it is to use, and of those whose counters it is to add to its own. */
export interface HandedCounters {
  readonly own: number;
  readonly others: readonly number[];
  /** Of the last minutes, as the page of --admin-bind shows them; absent where there is none. */
  readonly history?: number;
}

/** The file of an arbiter. */
export interface CountersFile {
  /** Null where there can be none. */
  readonly fd: number | null;
  /** Why there is none; null where there is one. */
  readonly trouble: string | null;
  /** The files of other arbiters, whose counters are to be added. */
  readonly others: readonly number[];
}

/** Makes an empty file that has no path and vanishes with its last descriptor. Throws where /dev/shm cannot be used. */
export function makeFile(): number {
  const { O_RDWR, O_DIRECTORY } = fs.constants;
  if (process.platform !== 'linux') throw new Error('only Linux has /dev/shm');
  return fs.openSync(DIRECTORY, O_RDWR | O_TMPFILE | O_DIRECTORY, 0o600);
}

/** Takes over what an old arbiter has handed over; without that, or where it cannot be used, an empty file. Never throws. */
export function openFile(handed: HandedCounters | null, make = makeFile): CountersFile {
  let fd = handed?.own ?? null;
  try {
    fd ??= make();
    // A full /dev/shm is noticed here.
    fs.writeSync(fd, new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return { fd, trouble: null, others: handed?.others ?? [] };
  } catch (error) {
    for (const open of [...(fd === null ? [] : [fd]), ...(handed?.others ?? [])]) closeQuietly(open);
    return { fd: null, trouble: messageOf(error), others: [] };
  }
}

function closeQuietly(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // EBADF: it was not handed over after all.
  }
}

/** Where the block of the worker process with that number begins, in bytes. */
export function positionOf(number: number): number {
  return HEAD_BYTES + BASE_BYTES + number * BLOCK_BYTES;
}
