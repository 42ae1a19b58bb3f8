/** How the content of an answer is framed. */
export interface Framing {
  /** The value of its Content-Length; null where it has none. */
  readonly length: number | null;
  /** Whether its content is sent. */
  readonly hasContent: boolean;
}

const UNFRAMED: Framing = { length: null, hasContent: false };
const EMPTY: Framing = { length: 0, hasContent: false };

/**
 * The framing of an answer, whoever made it, of whatever its content is made of (RFC 9110, 8.6; RFC 9112, 6). `size` is the
 * length of its content, null where that is not known before it ends; `given` is the Content-Length that the
 * application set. Throws where that cannot be right.
 */
export function frame(
  method: string | undefined,
  status: number,
  size: number | null,
  given: string | undefined,
): Framing {
  if (status === 204 || status < 200) return UNFRAMED;
  // The one status without content whose framing says so.
  if (status === 205) return EMPTY;
  const length = given === undefined ? null : given === String(size) ? size : lengthIn(given);
  if (status === 304) return { length, hasContent: false };
  // What a GET would have got may be not known, or not have been made for HEAD.
  if (method === 'HEAD') return { length: length ?? (size || null), hasContent: false };
  if (size !== null && length !== null && length !== size)
    throw new RangeError(`the body has ${size} bytes, and its Content-Length says ${length}`);
  return { length: length ?? size, hasContent: true };
}

function lengthIn(given: string): number {
  if (!/^\d+$/.test(given)) throw new TypeError(`Content-Length is a number of bytes, not '${given}'`);
  return Number(given);
}

/** What is still to come of a content whose length was announced. */
export class Promised {
  #left: number | null;

  /** null where no length was announced. */
  constructor(length: number | null) {
    this.#left = length;
  }

  /** Counts a part before it is sent. Throws where there is more than was announced: the client would take it for the next answer. */
  count(bytes: number): void {
    if (this.#left === null) return;
    if (bytes > this.#left) throw new RangeError('the body is longer than its Content-Length');
    this.#left -= bytes;
  }

  /** Throws where there was less: the client would wait for the rest, or take the next answer for it. */
  end(): void {
    if (this.#left) throw new RangeError(`the body is ${this.#left} bytes shorter than its Content-Length`);
  }
}

/**
 * Whether text is ASCII. Where a header is not, the content must go as bytes: Node writes the head together with a first
 * part that is a string, both in UTF-8, and a head's characters are one byte each.
 */
export function isAscii(text: string): boolean {
  if (text.length > SHORT) return !/[^\0-\x7f]/.test(text);
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** Up to this many characters, to look at each costs less than a regular expression. */
const SHORT = 64;
