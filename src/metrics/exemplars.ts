import { DURATION_BOUNDS } from './catalogue.ts';
import { EXEMPLAR, EXEMPLARS, EXEMPLARS_AT } from './layout.ts';

// For each bucket of the durations of requests, the latest request of which the trace is known: one that was answered, and
// one that failed, as those are what people look for. Ids are kept in numbers of 32 bits, which a Float64Array has exactly.

/** A request that stands for those of its bucket. */
export interface Exemplar {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 of them, our span of the request; null where it has none. */
  readonly spanId: string | null;
  readonly seconds: number;
  /** When it ended, in seconds since 1970. */
  readonly at: number;
}

/** By the key of the series, and the index of the bucket in it. */
export type Exemplars = ReadonlyMap<number, ReadonlyMap<number, Exemplar>>;

/** What of a request an exemplar is. */
export type Trace = Pick<Exemplar, 'traceId' | 'spanId'>;

const BUCKETS = DURATION_BOUNDS.length + 1;
const WORD = 2 ** 32;
const WORD_DIGITS = 8;
const NO_SPAN = '0'.repeat(16);

/** Keeps a request for its bucket; `nowMs` is since 1970. */
export function noteExemplar(
  values: Float64Array,
  { key, bucket, hasFailed }: { readonly key: number; readonly bucket: number; readonly hasFailed: boolean },
  { traceId, spanId }: Trace,
  seconds: number,
  nowMs: number,
): void {
  const at = placeIn(bucket + (hasFailed ? BUCKETS : 0));
  values[at + EXEMPLAR.key] = key;
  values[at + EXEMPLAR.seconds] = seconds;
  values[at + EXEMPLAR.atMs] = nowMs;
  writeWords(values, at + EXEMPLAR.trace, traceId);
  writeWords(values, at + EXEMPLAR.span, spanId ?? NO_SPAN);
}

/** Takes over what another block has kept, where it is later. */
export function takeExemplars(to: Float64Array, from: Float64Array): void {
  for (let index = 0; index < EXEMPLARS; index++) {
    const at = placeIn(index);
    if (!((from[at + EXEMPLAR.atMs] ?? 0) > (to[at + EXEMPLAR.atMs] ?? 0))) continue;
    for (let offset = 0; offset < EXEMPLAR.length; offset++) to[at + offset] = from[at + offset] ?? 0;
  }
}

/** Adds what a block has kept, where it is later. What no worker of ours would write is left away. */
export function addExemplars(block: Float64Array, all: Map<number, Map<number, Exemplar>>): void {
  for (let index = 0; index < EXEMPLARS; index++) {
    const at = placeIn(index);
    const key = block[at + EXEMPLAR.key] ?? 0;
    if (!(key > 0)) continue;
    const found = readAt(block, at);
    const bucket = index % BUCKETS;
    if (found === null || bucketOf(found.seconds) !== bucket) continue;
    const ofSeries = all.get(key) ?? new Map<number, Exemplar>();
    all.set(key, ofSeries);
    if (found.at > (ofSeries.get(bucket)?.at ?? 0)) ofSeries.set(bucket, found);
  }
}

function readAt(block: Float64Array, at: number): Exemplar | null {
  const seconds = block[at + EXEMPLAR.seconds] ?? 0;
  const atMs = block[at + EXEMPLAR.atMs] ?? 0;
  const traceId = readWords(block, at + EXEMPLAR.trace, 4);
  const spanId = readWords(block, at + EXEMPLAR.span, 2);
  if (!(seconds >= 0 && atMs > 0 && atMs < Infinity) || traceId === null || spanId === null) return null;
  return { traceId, spanId: spanId === NO_SPAN ? null : spanId, seconds, at: atMs / 1000 };
}

function bucketOf(seconds: number): number {
  const found = DURATION_BOUNDS.findIndex((bound) => seconds <= bound);
  return found < 0 ? BUCKETS - 1 : found;
}

function placeIn(index: number): number {
  return EXEMPLARS_AT + index * EXEMPLAR.length;
}

function writeWords(values: Float64Array, at: number, digits: string): void {
  for (let index = 0; index * WORD_DIGITS < digits.length; index++)
    values[at + index] = Number.parseInt(digits.slice(index * WORD_DIGITS, (index + 1) * WORD_DIGITS), 16);
}

/** Null where a number is none of 32 bits. */
function readWords(values: Float64Array, at: number, count: number): string | null {
  let digits = '';
  for (let index = 0; index < count; index++) {
    const word = values[at + index] ?? Number.NaN;
    if (!(Number.isInteger(word) && word >= 0 && word < WORD)) return null;
    digits += word.toString(16).padStart(WORD_DIGITS, '0');
  }
  return digits;
}
