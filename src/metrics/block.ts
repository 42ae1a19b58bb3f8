import { fs } from '../support/builtins.ts';
import { blockLength, SeriesTable, usedOf, WORKER_SERIES } from './series.ts';

/** Where a block is written: a descriptor and a position in bytes. As plain data that a thread can be given. */
export interface BlockPlace {
  readonly fd: number;
  readonly position: number;
}

/** How long after a change the block is written. */
const WRITE_MS = 10;
const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;

/**
 * The numbers that a process counts, in memory that its threads share. Every change is given to `write` within 10 ms; while
 * the event loop is blocked, another thread can write them by writeBlock().
 */
export class CounterBlock {
  readonly values: Float64Array;
  readonly series: SeriesTable;
  readonly #write: (values: Float64Array) => void;
  readonly #late: (ms: number) => void;
  readonly #timer: NodeJS.Timeout;
  #isDirty = false;
  #dueMs = 0;

  /** `write` gets the numbers that are in use; `late` is told by how much each write was late. */
  constructor(write: (values: Float64Array) => void, late: (ms: number) => void) {
    this.values = new Float64Array(new SharedArrayBuffer(blockLength(WORKER_SERIES) * NUMBER_BYTES));
    this.series = new SeriesTable(this.values);
    this.#write = write;
    this.#late = late;
    // One timer for all writes: to start it again costs less than to make one.
    this.#timer = setTimeout(() => this.#due(), WRITE_MS).unref();
  }

  /** The numbers have changed. */
  changed(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#dueMs = performance.now() + WRITE_MS;
    this.#timer.refresh();
  }

  /** Writes what has changed, now. */
  flush(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#write(usedOf(this.values));
  }

  #due(): void {
    if (!this.#isDirty) return;
    this.#late(performance.now() - this.#dueMs);
    this.flush();
  }
}

/** Writes the numbers of a block to its place; a full disk costs numbers, no more. */
export function writeBlock(values: Float64Array, { fd, position }: BlockPlace): void {
  const used = usedOf(values);
  try {
    fs.writeSync(fd, used, 0, used.byteLength, position);
  } catch {
    // ENOSPC, where others have filled /dev/shm.
  }
}
