import { fs } from '../support/builtins.ts';
import { closeQuietly } from '../support/close-quietly.ts';
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
  /** Of what applications measure; absent where there are none. */
  readonly measures?: HandedMeasures;
}

/** Descriptors of what an arbiter writes of what applications measure, and of what the other one does. */
export interface HandedMeasures {
  readonly own: number;
  readonly other: number;
}

/** The file of an arbiter. */
export interface CountersFile {
  /** Null where there can be none. */
  readonly fd: number | null;
  /** Why there is none; null where there is one. */
  readonly trouble: string | null;
  /** The files of other arbiters, whose counters are to be added. */
  readonly others: readonly number[];
  /** For what applications measure; null where no other arbiter has handed it over. */
  readonly measures: HandedMeasures | null;
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
    return { fd, trouble: null, others: handed?.others ?? [], measures: handed?.measures ?? null };
  } catch (error) {
    if (fd !== null) closeQuietly(fd);
    if (handed !== null) closeOthers(handed);
    return { fd: null, trouble: messageOf(error), others: [], measures: null };
  }
}

/** Lets go of counters that nobody asks for. */
export function closeHanded(handed: HandedCounters): void {
  closeQuietly(handed.own);
  closeOthers(handed);
}

function closeOthers({ others, measures }: HandedCounters): void {
  for (const fd of [...others, ...(measures ? [measures.own, measures.other] : [])]) closeQuietly(fd);
}

/** Where the block of the worker process with that number begins, in bytes. */
export function positionOf(number: number): number {
  return HEAD_BYTES + BASE_BYTES + number * BLOCK_BYTES;
}
