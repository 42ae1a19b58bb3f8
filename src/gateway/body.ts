import { describe } from '../support/describe.ts';
import type { Body, Chunk } from './types.ts';

/**
 * Reads a body. It ends once: at its last chunk, with an error, or when the client disconnects, whichever comes first.
 */
export class BodyReader {
  readonly #body: unknown;
  readonly #onError: (error: unknown) => void;
  #iterator: Iterator<Chunk> | AsyncIterator<Chunk> | null = null;
  #state: 'reading' | 'exhausted' | 'ended' = 'reading';

  /** `onError` gets what ending the body throws: the answer is over by then. */
  constructor(body: unknown, onError: (error: unknown) => void) {
    this.#body = body;
    this.#onError = onError;
  }

  /** Whether making a chunk blocks the event loop. */
  get isSync(): boolean {
    return !(Symbol.asyncIterator in Object(this.#body));
  }

  /** The next chunk. Rejects with what the application throws, or if its body is not iterable. */
  async next(): Promise<IteratorResult<Chunk>> {
    this.#iterator ??= iteratorOf(this.#body);
    try {
      const result = await this.#iterator.next();
      if (result.done) this.#exhausted();
      return result;
    } catch (error) {
      this.#exhausted();
      throw error;
    }
  }

  /** Ends the iterator, if it has not ended, and calls close(); neither waits for a pending next(). */
  end(): void {
    const state = this.#state;
    if (state === 'ended') return;
    this.#state = 'ended';
    if (state === 'reading') attempt(() => this.#iterator?.return?.(), this.#onError);
    closeBody(Object(this.#body), this.#onError);
  }

  /** A pending next() may settle after the end. */
  #exhausted(): void {
    if (this.#state === 'reading') this.#state = 'exhausted';
  }
}

function iteratorOf(body: unknown): Iterator<Chunk> | AsyncIterator<Chunk> {
  if (!isBody(body))
    throw new TypeError(
      `the application returned ${describe(body)}; return an iterable of strings or Uint8Arrays, such as [text]`,
    );
  return Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
}

/** Closes a body, if it can be closed; `onError` gets what that throws or rejects with. */
export function closeBody(body: object, onError: (error: unknown) => void): void {
  const close = closerOf(body);
  if (close) attempt(close, onError);
}

/** What closes a body: its close(), or the destroy() of a Node stream, whose close() means other things. */
export function closerOf(body: object): (() => unknown) | null {
  const method = 'pipe' in body && 'destroy' in body ? body.destroy : Reflect.get(body, 'close');
  return typeof method === 'function' ? () => Reflect.apply(method, body, []) : null;
}

/** Whether a body can be iterated over as one: strings and bytes are iterables too, of characters and of numbers. */
export function isBody(value: unknown): value is Body {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

async function attempt(act: () => unknown, onError: (error: unknown) => void): Promise<void> {
  try {
    await act();
  } catch (error) {
    onError(error);
  }
}
