import type { ServerResponse } from 'node:http';
import { describe } from '../support/describe.ts';
import { frame, isAscii, Promised } from '../support/framing.ts';
import { HOP_BY_HOP } from './hop-by-hop.ts';
import type { Chunk, Header, StartResponse } from './types.ts';

interface Head {
  readonly status: number;
  /** Undefined if the application gave none: Node knows the standard text. */
  readonly reason: string | undefined;
  readonly headers: readonly Header[];
  /** Whether the content may go as text. */
  readonly isAscii: boolean;
}

// An ESM import of node:http would evaluate all of its exports, undici among them: 30 ms and 19 MB.
const http = process.getBuiltinModule('node:http');
const STATUS = /^([2-5]\d\d)(?: (.*))?$/s;
const CONTENT_LENGTH = /^content-length$/i;

/** One answer: the arguments of startResponse(), kept until the first chunk that is not empty, and the chunks after it. */
export class Answer {
  readonly #res: ServerResponse;
  #head: Head | null = null;
  #hasContent = true;
  #promised = new Promised(null);

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  readonly startResponse: StartResponse = (status, headers, error) => {
    if (error !== undefined && error !== null) {
      if (this.#res.headersSent) throw error;
    } else if (this.#head !== null) {
      throw new TypeError(
        'startResponse() was called a second time; a second call needs the error that it answers as its third argument',
      );
    }
    this.#head = readHead(status, headers);
  };

  /** Whether the answer is no longer needed: the client has disconnected, or the server itself has answered (504). */
  get isOver(): boolean {
    return this.#res.destroyed || this.#res.writableEnded;
  }

  /** Whether a chunk may still follow: not for HEAD and 304, once the headers are sent. */
  get takesBody(): boolean {
    return this.#hasContent;
  }

  /** Sends a chunk; false means that the client is slow: wait for `drain`. Throws where the application breaks the rules. */
  write(chunk: Chunk): boolean {
    const size = sizeOf(chunk);
    if (size === 0) return true;
    this.#sendHead(null);
    if (!this.#hasContent) return true;
    this.#promised.count(size);
    return this.#res.write(this.#encoded(chunk));
  }

  /** Sends a complete body, with its length if the application gave none. */
  sendWhole(chunks: readonly Chunk[]): void {
    this.#sendHead(chunks.reduce((sum, chunk) => sum + sizeOf(chunk), 0));
    const last = chunks.at(-1);
    if (!this.#hasContent || last === undefined) return void this.#res.end();
    if (chunks.length > 1) {
      this.#res.cork();
      for (const chunk of chunks.slice(0, -1)) this.#res.write(this.#encoded(chunk));
    }
    this.#res.end(this.#encoded(last));
  }

  /** Ends a body that was sent in chunks, or that has none. */
  end(): void {
    if (!this.#res.headersSent) return this.sendWhole([]);
    if (this.#hasContent) this.#promised.end();
    this.#res.end();
  }

  #encoded(chunk: Chunk): Chunk {
    return typeof chunk === 'string' && this.#head?.isAscii === false ? Buffer.from(chunk) : chunk;
  }

  /** `size` is that of the whole body; null if it is not known yet. */
  #sendHead(size: number | null): void {
    if (this.#res.headersSent) return;
    if (this.#head === null)
      throw new TypeError('the application sent a body before it called startResponse(status, headers)');
    const { status, reason, headers } = this.#head;
    const given = headers.find(isLength)?.[1];
    const { length, hasContent } = frame(this.#res.req.method, status, size, given);
    const isKept = given !== undefined && Number(given) === length;
    const flat = (isKept ? headers : headers.filter((header) => !isLength(header))).flat();
    if (length !== null && !isKept) flat.push('Content-Length', `${length}`);
    this.#hasContent = hasContent;
    this.#promised = new Promised(size === null ? length : null);
    if (reason === undefined) this.#res.writeHead(status, flat);
    else this.#res.writeHead(status, reason, flat);
  }
}

function isLength([name]: Header): boolean {
  return name.length === 14 && CONTENT_LENGTH.test(name);
}

function readHead(line: unknown, headers: unknown): Head {
  const [, status, reason] = STATUS.exec(typeof line === 'string' ? line : '') ?? [];
  if (status === undefined)
    throw new TypeError(`startResponse() takes a status such as '200 OK', not ${describe(line)}`);
  if (!Array.isArray(headers))
    throw new TypeError(`startResponse() takes an array of headers [name, value], not ${describe(headers)}`);
  if (reason !== undefined) http.validateHeaderValue('status', reason);
  const read = headers.map(readHeader);
  if (read.filter(isLength).length > 1) throw new TypeError('startResponse(): Content-Length is given twice');
  const isPlain = isAscii(reason ?? '') && read.every(([, value]) => isAscii(value));
  return { status: Number(status), reason, headers: read, isAscii: isPlain };
}

// Checked now and not when the headers are sent, so that the application is in the stack of the error.
function readHeader(header: unknown): Header {
  const [name, value]: readonly unknown[] = Array.isArray(header) ? header : [];
  if (typeof name !== 'string' || typeof value !== 'string')
    throw new TypeError(`startResponse(): a header is [name, value], two strings, not ${show(header)}`);
  if (HOP_BY_HOP.test(name))
    throw new TypeError(`startResponse(): the header ${name} is set by the server; remove it`);
  if (CONTENT_LENGTH.test(name) && !/^\d+$/.test(value))
    throw new TypeError(`startResponse(): Content-Length is a number of bytes, not '${value}'`);
  http.validateHeaderName(name);
  http.validateHeaderValue(name, value);
  return [name, value];
}

function show(header: unknown): string {
  return Array.isArray(header) ? `[${header.map(describe).join(', ')}]` : describe(header);
}

function sizeOf(chunk: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk);
  if (chunk instanceof Uint8Array) return chunk.byteLength;
  throw new TypeError(`a chunk of the body is ${describe(chunk)}; yield strings or Uint8Arrays`);
}
