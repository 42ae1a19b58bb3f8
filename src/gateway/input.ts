import type { IncomingMessage } from 'node:http';
import { messageOf } from '../support/errors.ts';
import type { Input, ReadOptions } from './types.ts';

const DEFAULT_LIMIT = 1024 * 1024;

/** The error for a body that the client should not have sent; if the application does not catch it, the answer is `status`. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string) {
    super(message);
    this.status = status;
  }
}

/** `wsgi.input` over a request of node:http. */
export class RequestInput implements Input {
  readonly #request: IncomingMessage;
  #whole: Promise<Uint8Array> | null = null;
  #isStreamed = false;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#whole !== null) {
      yield await this.#whole;
      return;
    }
    this.#isStreamed = true;
    yield* chunksOf(this.#request);
  }

  async bytes({ limit = DEFAULT_LIMIT }: ReadOptions = {}): Promise<Uint8Array> {
    if (this.#isStreamed)
      throw new TypeError('wsgi.input was read as a stream; use bytes(), text() or json() instead');
    this.#whole ??= collect(this.#request, limit);
    const bytes = await this.#whole;
    if (bytes.length > limit) throw tooLarge(limit);
    return bytes;
  }

  async text(options?: ReadOptions): Promise<string> {
    const { buffer, byteOffset, byteLength } = await this.bytes(options);
    return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
  }

  async json(options?: ReadOptions): Promise<unknown> {
    const text = await this.text(options);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new InputError(400, `the request's body is not JSON: ${messageOf(error)}`);
    }
  }
}

async function collect(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(request)) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// By default an iterator that is left early destroys the request, and with it the connection that the answer needs.
function chunksOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  const chunks: AsyncIterable<unknown> = request.iterator({ destroyOnReturn: false });
  return chunks as AsyncIterable<Uint8Array>;
}

function tooLarge(limit: number): InputError {
  return new InputError(413, `the request's body is larger than ${limit} bytes`);
}
