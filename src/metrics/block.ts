import { fs } from '../support/builtins.ts';
import { workerFamilies } from './catalogue.ts';
import { observe, placeOf } from './layout.ts';
import { blockLength, SeriesTable, usedOf, WORKER_SERIES } from './series.ts';

/** Where a block is written: a descriptor and a position in bytes. As plain data that a thread can be given. */
export interface BlockPlace {
  readonly fd: number;
  readonly position: number;
}

/** How long after a change the block is written. */
const WRITE_MS = 10;
/** While changes come without a pause, those after the last of them are written within this. */
const BUSY_MS = 50;
/** So many changes while a timer runs are a busy time. A request is two. */
const BUSY_CHANGES = 8;
const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;
const DELAY = placeOf('tsunicorn_eventloop_delay_seconds');
const { bounds: DELAY_BOUNDS } = workerFamilies.tsunicorn_eventloop_delay_seconds;

/**
 * The numbers that a process counts, in memory that its threads share. Every change is given to `write` within 10 ms, the
 * last ones of a busy time within 50; while the event loop is blocked, another thread can write them by writeBlock().
 */
export class CounterBlock {
  readonly values: Float64Array;
  readonly series: SeriesTable;
  readonly #write: (values: Float64Array) => void;
  #isDirty = false;
  /** Whether a timer runs. */
  #isTimed = false;
  /** Changes since it was started. */
  #changes = 0;
  /** When the next change is written at once. */
  #dueMs = 0;
  /** When the timer is due. */
  #timerMs = 0;

  /** `write` gets the numbers that are in use. */
  constructor(write: (values: Float64Array) => void) {
    this.values = new Float64Array(new SharedArrayBuffer(blockLength(WORKER_SERIES) * NUMBER_BYTES));
    this.series = new SeriesTable(this.values);
    this.#write = write;
  }

  /**
   * The numbers have changed, at `nowMs` of performance.now(). Under load a change is written when the last write is 10 ms
   * ago: a timer that fires a hundred times a second would cost more than all counting.
   */
  changed(nowMs = performance.now()): void {
    this.#isDirty = true;
    this.#changes++;
    if (!this.#isTimed) this.#start(nowMs, WRITE_MS);
    else if (nowMs >= this.#dueMs) {
      this.#dueMs = nowMs + WRITE_MS;
      this.flush();
    }
  }

  /** Writes what has changed, now. */
  flush(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#write(usedOf(this.values));
  }

  #start(nowMs: number, ms: number): void {
    this.#isTimed = true;
    this.#changes = 0;
    this.#dueMs = nowMs + WRITE_MS;
    this.#timerMs = nowMs + ms;
    setTimeout(() => this.#fired(), ms).unref();
  }

  #fired(): void {
    const nowMs = performance.now();
    observe(this.values, DELAY, DELAY_BOUNDS, Math.max(0, nowMs - this.#timerMs) / 1000);
    this.flush();
    if (this.#changes >= BUSY_CHANGES) this.#start(nowMs, BUSY_MS);
    else this.#isTimed = false;
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
