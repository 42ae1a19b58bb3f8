import { DURATION_BOUNDS, METHODS, PROTOCOLS, SCHEMES } from './catalogue.ts';
import { FIGURES, HEADER, placeOf } from './layout.ts';

// The duration of requests has too many possible series to have a place for each: a block has room for some, which are
// taken as they are seen. A series is [its key, the sum in seconds, one number a bucket].

/** How many series a worker's block has room for, and an arbiter's. */
export const WORKER_SERIES = 64;
export const BASE_SERIES = 512;

const SUM = 1;
const BUCKETS = 2;
const SERIES_LENGTH = BUCKETS + DURATION_BOUNDS.length + 1;

/** In place of the status of a request that got no answer. */
export const NO_ANSWER = 0;
/** In place of the status of what is folded. */
export const ANY_STATUS = 1;

/** What a series is of. */
export interface SeriesLabels {
  readonly method: number;
  /** The status of the answer, or NO_ANSWER or ANY_STATUS. */
  readonly status: number;
  readonly protocol: number;
  readonly scheme: number;
}

/** A number above 0 for the labels, which are indexes in the lists of the catalogue. */
export function keyOf(method: number, status: number, protocol: number, scheme: number): number {
  return ((status * 16 + method) * 4 + protocol) * 2 + scheme + 1;
}

/** The labels of a key. */
export function labelsOf(key: number): SeriesLabels {
  const bits = key - 1;
  return {
    scheme: bits % SCHEMES.length,
    protocol: Math.floor(bits / 2) % PROTOCOLS.length,
    method: Math.min(Math.floor(bits / 8) % 16, METHODS.length - 1),
    status: Math.floor(bits / 128),
  };
}

/** The series of all for which there is no room; each block has it. */
const FOLDED = keyOf(METHODS.length - 1, ANY_STATUS, PROTOCOLS.length - 1, 0);

/** How many numbers a block with room for so many series has. */
export function blockLength(series: number): number {
  return FIGURES + series * SERIES_LENGTH;
}

/** The part of a block that holds numbers. */
export function usedOf(block: Float64Array): Float64Array {
  return block.subarray(0, FIGURES + (block[HEADER.series] ?? 0) * SERIES_LENGTH);
}

/** The series of a block by their keys, with room for as many as its length allows. */
export class SeriesTable {
  readonly #values: Float64Array;
  readonly #places = new Map<number, number>();
  readonly #room: number;
  #latestKey = 0;
  #latest = 0;

  /** Takes over the series that the block has. */
  constructor(values: Float64Array) {
    this.#values = values;
    this.#room = Math.floor((values.length - FIGURES) / SERIES_LENGTH);
    for (let index = 0; index < (values[HEADER.series] ?? 0); index++) {
      const at = FIGURES + index * SERIES_LENGTH;
      this.#places.set(values[at] ?? 0, at);
    }
    this.place(FOLDED);
  }

  /** Where the series is, which is made where there is none; the place of FOLDED where there is no room for it. */
  place(key: number): number {
    if (key === this.#latestKey) return this.#latest;
    const at = this.#places.get(key) ?? this.#add(key);
    this.#latestKey = key;
    this.#latest = at;
    return at;
  }

  /** Adds [sum, …buckets] to a series. */
  add(key: number, sums: Float64Array): void {
    const values = this.#values;
    const at = this.place(key) + SUM;
    for (const [offset, sum] of sums.entries()) values[at + offset] = (values[at + offset] ?? 0) + sum;
  }

  /** Counts one request in the series at that place; returns the index of its bucket. */
  count(at: number, seconds: number): number {
    const values = this.#values;
    let bucket = at + BUCKETS;
    for (const bound of DURATION_BOUNDS) {
      if (seconds <= bound) break;
      bucket++;
    }
    values[at + SUM] = (values[at + SUM] ?? 0) + seconds;
    values[bucket] = (values[bucket] ?? 0) + 1;
    return bucket - at - BUCKETS;
  }

  /** The key of the series at that place. */
  keyAt(at: number): number {
    return this.#values[at] ?? 0;
  }

  #add(key: number): number {
    const values = this.#values;
    const used = values[HEADER.series] ?? 0;
    if (used >= this.#room) {
      const folded = placeOf('tsunicorn_series_folded_total');
      values[folded] = (values[folded] ?? 0) + 1;
      return this.#places.get(FOLDED) ?? FIGURES;
    }
    const at = FIGURES + used * SERIES_LENGTH;
    values[at] = key;
    values[HEADER.series] = used + 1;
    this.#places.set(key, at);
    return at;
  }
}

/** Adds the series of a block, which begin at `figures`, to `sums`: [sum, …buckets] by key. */
export function addSeries(block: Float64Array, sums: Map<number, Float64Array>, figures = FIGURES): void {
  const room = Math.floor((block.length - figures) / SERIES_LENGTH);
  const used = Math.min(room, Math.trunc(block[HEADER.series] ?? 0));
  for (let index = 0; index < used; index++) {
    const at = figures + index * SERIES_LENGTH;
    const key = block[at] ?? 0;
    if (!(key > 0)) continue;
    const sum = sums.get(key) ?? new Float64Array(SERIES_LENGTH - SUM);
    for (let offset = 0; offset < sum.length; offset++)
      sum[offset] = (sum[offset] ?? 0) + (block[at + SUM + offset] ?? 0);
    sums.set(key, sum);
  }
}

/** How many requests there are in these series. */
export function countOf(series: ReadonlyMap<number, Float64Array>): number {
  let count = 0;
  for (const sums of series.values())
    for (let at = BUCKETS - SUM; at < sums.length; at++) count += sums[at] ?? 0;
  return count;
}
