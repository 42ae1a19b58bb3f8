/**
 * A file in memory that one process writes lines to and another reads: [begun, end, count] as doubles, then the last
 * CAPACITY bytes that were written, round and round. `end` is how many bytes were ever written, `begun` the same with what
 * is being written now, and `count` how many lines were written or left out.
 */
export const CAPACITY = 256 * 1024;
const HEADER_NUMBERS = 3;
export const HEADER_BYTES = HEADER_NUMBERS * Float64Array.BYTES_PER_ELEMENT;

/** Numbers as they are in the file. */
export interface RingHeader {
  readonly begun: number;
  readonly end: number;
  readonly count: number;
}

/** The header of a file; it is the writer's, who may write anything. */
export function headerOf(bytes: Buffer): RingHeader {
  const [begun, end, count] = [0, 8, 16].map((at) => {
    const value = bytes.readDoubleLE(at);
    return Number.isSafeInteger(value) && value >= 0 ? value : 0;
  });
  return { begun: begun ?? 0, end: end ?? 0, count: count ?? 0 };
}

/** Where the bytes from `from` up to `end`, at most CAPACITY, are in the file: one part, or two. */
export function partsOf(
  from: number,
  end: number,
): readonly { readonly at: number; readonly length: number }[] {
  const start = from % CAPACITY;
  const length = end - from;
  const first = Math.min(length, CAPACITY - start);
  const parts = [{ at: HEADER_BYTES + start, length: first }];
  return first < length ? [...parts, { at: HEADER_BYTES, length: length - first }] : parts;
}
