/** How many requests at a time have a place in the table; more are only counted. */
export const SLOTS = 1024;
/** How many bytes of a URL are kept; a method has 24, an address 48, an id 128, that of a trace 32. */
export const URL_BYTES = 512;

export const METHOD_BYTES = 24;
export const REMOTE_BYTES = 48;
export const ID_BYTES = 128;
export const TRACE_BYTES = 32;
/** Where the last two begin in the text of a place. */
export const ID_AT = METHOD_BYTES + REMOTE_BYTES + URL_BYTES;
export const TRACE_AT = ID_AT + ID_BYTES;
export const TEXT_BYTES = TRACE_AT + TRACE_BYTES;

// The header, in 32-bit numbers.
export const DIRTY = 0;
export const HIGH = 1;
export const BEYOND = 2;
export const ENDED = 3;
export const TOLD = 4;
export const HEADER_INTS = 8;

// A place, in 32-bit numbers.
export const STATE = 0;
export const SERIAL = 1;
export const STATUS = 2;
export const LENGTHS = 3;
/** The length of the id, and whether there is a trace. */
export const TAGS = 4;
export const SLOT_INTS = 5;

// A place, in doubles.
export const START = 0;
export const BYTES = 1;
export const SLOT_DOUBLES = 2;

/** The states of a place. The writer opens and frees it; the reader marks what it has reported and takes what it will log itself. */
export const FREE = 0;
export const OPEN = 1;
export const TOLD_OF = 2;
export const TAKEN = 3;

// Beside the status.
export const STATUS_MASK = 0xfff;
export const ENDED_BIT = 0x1000;
export const UPGRADED_BIT = 0x2000;

/** Beside the length of the id. */
export const TRACE_BIT = 1 << 8;

// Beside the lengths: the URL's has ten bits, the others six.
export const REMOTE_AT = 16;
export const CUT_BIT = 1 << 22;
/** HTTP/1.0 and HTTP/2.0; without either, HTTP/1.1. */
export const OLD_BIT = 1 << 23;
export const NEW_BIT = 1 << 24;

export const INTS = HEADER_INTS + SLOTS * SLOT_INTS;
export const DOUBLES_AT = INTS * 4;
export const TEXTS_AT = DOUBLES_AT + SLOTS * SLOT_DOUBLES * 8;
export const TABLE_BYTES = TEXTS_AT + SLOTS * TEXT_BYTES;

/** The texts of a request. */
export interface FlightTexts {
  readonly method: string;
  readonly url: string;
  readonly remote: string;
  readonly requestId: string;
  readonly traceId: string;
}

/** The numbers and texts of one table, for its writer or a reader. */
export class Memory {
  readonly ints: Int32Array;
  readonly doubles: Float64Array;
  readonly texts: Buffer;

  constructor(buffer: SharedArrayBuffer) {
    this.ints = new Int32Array(buffer, 0, INTS);
    this.doubles = new Float64Array(buffer, DOUBLES_AT, SLOTS * SLOT_DOUBLES);
    this.texts = Buffer.from(buffer, TEXTS_AT, SLOTS * TEXT_BYTES);
  }

  /** What a place says of its request; `''` is what is not known. */
  textsOf(slot: number): FlightTexts {
    const { ints, texts } = this;
    const at = HEADER_INTS + slot * SLOT_INTS;
    const lengths = Atomics.load(ints, at + LENGTHS);
    const tags = Atomics.load(ints, at + TAGS);
    const text = slot * TEXT_BYTES;
    const get = (from: number, length: number) => texts.toString('latin1', text + from, text + from + length);
    return {
      method: get(0, (lengths >> 10) & 0x3f),
      remote: get(METHOD_BYTES, (lengths >> REMOTE_AT) & 0x3f),
      url: get(METHOD_BYTES + REMOTE_BYTES, lengths & 0x3ff),
      requestId: get(ID_AT, tags & 0xff),
      traceId: (tags & TRACE_BIT) === 0 ? '' : get(TRACE_AT, TRACE_BYTES),
    };
  }
}
