import { describe } from '../app/describe.ts';
import type { Body, Chunk } from './types.ts';

/** A body being read. It is ended once, whoever comes first: its last chunk, an error, or a client that has gone. */
export class BodyReader {
  /** Whether making a chunk keeps the event loop from its turns. */
  readonly isSync: boolean;
  readonly #body: object;
  readonly #iterator: Iterator<Chunk> | AsyncIterator<Chunk>;
  readonly #onError: (error: unknown) => void;
  #isDone = false;
  #isEnded = false;

  /** `onError` gets what ending the body throws: the answer is over by then. Throws where it is no iterable. */
  constructor(body: unknown, onError: (error: unknown) => void) {
    if (!isBody(body))
      throw new TypeError(
        `the application returned ${describe(body)}; return an iterable of strings or Uint8Arrays, such as [text]`,
      );
    this.#body = body;
    this.#onError = onError;
    this.isSync = !(Symbol.asyncIterator in body);
    this.#iterator = Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  }

  /** True when end() was called: what a pending next() still brings is nobody's. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  async next(): Promise<IteratorResult<Chunk>> {
    try {
      const result = await this.#iterator.next();
      if (result.done) this.#isDone = true;
      return result;
    } catch (error) {
      this.#isDone = true;
      throw error;
    }
  }

  /** Leaves the iterator, if it has not come to its end, and calls close(); neither waits for a pending next(). */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (!this.#isDone) attempt(() => this.#iterator.return?.(), this.#onError);
    closeBody(this.#body, this.#onError);
  }
}

/** Calls the close() of a body, if it has one; `onError` gets what it throws or rejects with. */
export function closeBody(body: object, onError: (error: unknown) => void): void {
  const method = 'pipe' in body && 'destroy' in body ? body.destroy : Reflect.get(body, 'close');
  if (typeof method === 'function') attempt(() => Reflect.apply(method, body, []), onError);
}

function isBody(value: unknown): value is Body {
  // Strings and bytes are iterables too, of single characters and of numbers.
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
