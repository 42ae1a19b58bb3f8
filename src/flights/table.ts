import type { RequestTags } from '../support/request-id.ts';
import { withoutQuery } from '../support/text.ts';
import {
  BEYOND,
  BYTES,
  CUT_BIT,
  DIRTY,
  ENDED,
  ENDED_BIT,
  FREE,
  HEADER_INTS,
  HIGH,
  ID_AT,
  ID_BYTES,
  LENGTHS,
  METHOD_BYTES,
  Memory,
  NEW_BIT,
  OLD_BIT,
  OPEN,
  REMOTE_AT,
  REMOTE_BYTES,
  SERIAL,
  SLOT_DOUBLES,
  SLOT_INTS,
  SLOTS,
  START,
  STATE,
  STATUS,
  STATUS_MASK,
  TABLE_BYTES,
  TAGS,
  TAKEN,
  TEXT_BYTES,
  TOLD,
  TOLD_OF,
  TRACE_AT,
  TRACE_BIT,
  TRACE_BYTES,
  UPGRADED_BIT,
  URL_BYTES,
} from './memory.ts';

/** A request whose answer has not ended. */
export interface WaitingRequest extends RequestTags {
  readonly method: string;
  readonly path: string;
  readonly ageMs: number;
}

/** Up to this many characters, a copy one by one costs less than a call into Node. */
const SHORT = 64;

/**
 * The requests in flight, written by the main thread into shared memory, where another thread can read them while the
 * main thread is blocked. The latest place that got free is used again, so that memory which was never used costs nothing
 * and no free place must be searched for.
 */
export class FlightTable {
  readonly buffer = new SharedArrayBuffer(TABLE_BYTES);
  readonly #memory = new Memory(this.buffer);
  readonly #free = new Int32Array(SLOTS);
  #freeCount = 0;
  #high = 0;

  /** Records a request; `startMs` is of performance.now(). Returns its place, for `close`; -1 if none is free. */
  open(
    method: string,
    url: string,
    remote: string,
    httpVersion: string,
    startMs: number,
    requestId: string | null = null,
    traceId: string | null = null,
  ): number {
    const { ints, doubles, texts } = this.#memory;
    const slot = this.#place();
    if (slot < 0) {
      Atomics.add(ints, BEYOND, 1);
      return slot;
    }
    const at = HEADER_INTS + slot * SLOT_INTS;
    const text = slot * TEXT_BYTES;
    const methodLength = put(texts, method, text, METHOD_BYTES);
    const remoteLength = put(texts, remote, text + METHOD_BYTES, REMOTE_BYTES);
    const urlLength = put(texts, url, text + METHOD_BYTES + REMOTE_BYTES, URL_BYTES);
    doubles[slot * SLOT_DOUBLES + START] = startMs;
    doubles[slot * SLOT_DOUBLES + BYTES] = 0;
    ints[at + SERIAL] = ((ints[at + SERIAL] ?? 0) + 1) & 0xff_ffff;
    ints[at + STATUS] = 0;
    ints[at + TAGS] = requestId === null && traceId === null ? 0 : this.#tag(text, requestId, traceId);
    ints[at + LENGTHS] =
      urlLength |
      (methodLength << 10) |
      (remoteLength << REMOTE_AT) |
      (url.length > URL_BYTES ? CUT_BIT : 0) |
      (httpVersion === '1.1' ? 0 : httpVersion === '1.0' ? OLD_BIT : NEW_BIT);
    Atomics.store(ints, at + STATE, OPEN);
    // A reader that sleeps is woken once, and sets the flag again before its next sleep.
    if (ints[DIRTY] === 0) this.wake();
    return slot;
  }

  /** Records where a request came from, for one that was opened without it; -1 is no place. */
  from(slot: number, remote: string): void {
    if (slot < 0) return;
    const { ints, texts } = this.#memory;
    const at = HEADER_INTS + slot * SLOT_INTS + LENGTHS;
    const length = put(texts, remote, slot * TEXT_BYTES + METHOD_BYTES, REMOTE_BYTES);
    ints[at] = (ints[at] ?? 0) | (length << REMOTE_AT);
  }

  #tag(text: number, requestId: string | null, traceId: string | null): number {
    const { texts } = this.#memory;
    const length = requestId === null ? 0 : put(texts, requestId, text + ID_AT, ID_BYTES);
    if (traceId === null) return length;
    put(texts, traceId, text + TRACE_AT, TRACE_BYTES);
    return length | TRACE_BIT;
  }

  /** Records how far the answer is; -1 is no place. */
  progress(slot: number, status: number, ended: boolean, bytes: number): void {
    if (slot < 0) return;
    const { ints, doubles } = this.#memory;
    const at = HEADER_INTS + slot * SLOT_INTS + STATUS;
    const before = ints[at] ?? 0;
    const after = (before & UPGRADED_BIT) | (status & STATUS_MASK) | (ended ? ENDED_BIT : 0);
    doubles[slot * SLOT_DOUBLES + BYTES] = bytes;
    if (after === before) return;
    Atomics.store(ints, at, after);
    if (ints[DIRTY] === 0) this.wake();
  }

  /** Records that its connection speaks another protocol now. */
  upgrade(slot: number): void {
    if (slot >= 0) Atomics.or(this.#memory.ints, HEADER_INTS + slot * SLOT_INTS + STATUS, UPGRADED_BIT);
  }

  /** Frees the place. Returns false if another thread has taken the request meanwhile and logs it. */
  close(slot: number): boolean {
    const { ints } = this.#memory;
    if (slot < 0) {
      Atomics.sub(ints, BEYOND, 1);
      return true;
    }
    const before = Atomics.exchange(ints, HEADER_INTS + slot * SLOT_INTS + STATE, FREE);
    this.#free[this.#freeCount++] = slot;
    if (before === TOLD_OF) {
      Atomics.add(ints, ENDED, 1);
      if (ints[DIRTY] === 0) this.wake();
    }
    return before !== TAKEN;
  }

  /** The requests that wait for the end of their answer, by this thread's performance.now(); the oldest `most` by name. */
  waiting(
    nowMs: number,
    most: number,
  ): { readonly requests: readonly WaitingRequest[]; readonly waiting: number } {
    const requests: WaitingRequest[] = [];
    for (let slot = 0; slot < this.#high; slot++) {
      const request = this.#waitingAt(slot, nowMs);
      if (request !== null) requests.push(request);
    }
    const waiting = requests.length + Math.max(0, this.#memory.ints[BEYOND] ?? 0);
    return { requests: requests.toSorted((a, b) => b.ageMs - a.ageMs).slice(0, most), waiting };
  }

  #waitingAt(slot: number, nowMs: number): WaitingRequest | null {
    const { ints, doubles } = this.#memory;
    const at = HEADER_INTS + slot * SLOT_INTS;
    if (ints[at + STATE] === FREE || ((ints[at + STATUS] ?? 0) & (ENDED_BIT | UPGRADED_BIT)) !== 0)
      return null;
    const { method, url, requestId, traceId } = this.#memory.textsOf(slot);
    return {
      method,
      path: withoutQuery(url),
      ageMs: Math.round(nowMs - (doubles[slot * SLOT_DOUBLES + START] ?? 0)),
      ...(requestId === '' ? {} : { requestId }),
      ...(traceId === '' ? {} : { traceId }),
    };
  }

  /** How many of the reported requests have ended; `toldOf` says for how many of them the end was reported too. */
  get ended(): number {
    return this.#memory.ints[ENDED] ?? 0;
  }

  get toldOf(): number {
    return Atomics.load(this.#memory.ints, TOLD);
  }

  #place(): number {
    if (this.#freeCount > 0) return this.#free[--this.#freeCount] ?? -1;
    if (this.#high === SLOTS) return -1;
    Atomics.store(this.#memory.ints, HIGH, this.#high + 1);
    return this.#high++;
  }

  /** Wakes a reader that sleeps until something changes. */
  wake(): void {
    const { ints } = this.#memory;
    if (ints[DIRTY] !== 0) return;
    Atomics.store(ints, DIRTY, 1);
    Atomics.notify(ints, DIRTY);
  }
}

/** Node gives header bytes as the characters U+0000 to U+00FF. Returns the length. */
function put(texts: Buffer, text: string, at: number, limit: number): number {
  const length = Math.min(text.length, limit);
  if (length > SHORT) return texts.write(text, at, length, 'latin1');
  for (let index = 0; index < length; index++) texts[at + index] = text.charCodeAt(index);
  return length;
}
