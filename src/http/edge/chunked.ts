import type { IncomingMessage } from 'node:http';
import { behindChecks } from './divert-body.ts';
import { FAULTS, type Fault } from './fault.ts';
import { hasForbidden } from './trailers.ts';

/** What extensions and trailers of one body may have together. Node itself limits those of one chunk. */
const EXTENSION_BYTES = 16 * 1024;
/** The most that a chunk needs beside its data: the size in 16 digits and two line ends. */
const CHUNK_BYTES = 20;

export interface ChunkedOptions {
  /** The most bytes of a body; Infinity is no limit. */
  readonly limit: number;
  /** Called once, for a body that is refused: the application sees neither more of it nor its end. */
  readonly refuse: (request: IncomingMessage, fault: Fault) => void;
}

/**
 * Checks a chunked body as it comes, between the parser and the application. What is wrong with it shows only behind the
 * head: when the application has begun with the request, but before it has seen the end of the body.
 */
export function guardChunks(request: IncomingMessage, { limit, refuse }: ChunkedOptions): void {
  const { socket } = request;
  const pass = request.push;
  const overhead = new Overhead(socket.bytesRead);
  let size = 0;
  let isRefused = false;
  const push = (chunk: Uint8Array | null, encoding?: BufferEncoding): boolean => {
    if (isRefused) return true;
    const fault = chunk === null ? atEnd() : of(chunk);
    if (fault === null) return Reflect.apply(behindChecks(request, pass), request, [chunk, encoding]);
    isRefused = true;
    refuse(request, fault);
    return true;
  };
  const atEnd = () => (hasForbidden(request.rawTrailers) ? FAULTS.trailer : null);
  const of = ({ length }: Uint8Array) => {
    size += length;
    if (size > limit) return FAULTS.body;
    return overhead.add(length, socket.bytesRead) > EXTENSION_BYTES ? FAULTS.extensions : null;
  };
  // By a name: V8 allocates a function that is written where it is assigned to a property in its old space at once.
  request.push = push;
}

/**
 * What came with the chunks that was not data. Node does not tell of extensions, but all that was read before the latest
 * read has been parsed.
 */
class Overhead {
  readonly #start: number;
  #read: number;
  /** Bytes read behind the one that brought the head, without the latest read. */
  #parsed = 0;
  /** What their chunks account for. */
  #data = 0;
  #dataOfRead = 0;

  constructor(bytesRead: number) {
    this.#start = bytesRead;
    this.#read = bytesRead;
  }

  /** Adds a chunk, or a part of one; returns how many bytes of the reads before the present one were no data. */
  add(length: number, bytesRead: number): number {
    if (bytesRead !== this.#read) {
      this.#parsed = this.#read - this.#start;
      if (this.#parsed > 0) this.#data += this.#dataOfRead;
      this.#read = bytesRead;
      this.#dataOfRead = 0;
    }
    this.#dataOfRead += length + CHUNK_BYTES;
    return this.#parsed - this.#data;
  }
}
