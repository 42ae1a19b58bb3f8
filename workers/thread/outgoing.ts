import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pairsIn, replaceInterim } from './interim.ts';
import { type FromThread, type Head, SMALL_BODY, WINDOW } from './messages.ts';
import { type SocketUser, type ThreadSocket, USER, type Written } from './socket.ts';

/** Sends a message to the pool; what is in `moved` is moved there. */
export type Post = (message: FromThread, moved?: ArrayBuffer[]) => void;

/** What the types of a response leave out; `_header` is the text of the head, which it writes first. */
type Internals = ServerResponse & {
  readonly _header: string | null;
  readonly _trailer: string;
  readonly _hasBody: boolean;
  readonly outputData: object[];
  getRawHeaderNames(): string[];
  _flush(): void;
};

// Node lets no head have a Trailer that will not be chunked, and asks before there is the text of it.
const UNCHUNKED: PropertyDescriptor = {
  get(this: Internals) {
    return this._header === null;
  },
  set() {},
  configurable: true,
};
const CHUNKED = /(?:^|\W)chunked(?:$|\W)/i;
const BODILESS = new Set([204, 304]);

/**
 * An answer inside a thread: Node's own ServerResponse, whose writes become messages. A small one that is complete
 * when the handler returns is a single message; of others at most WINDOW bytes are under way.
 */
export class Outgoing implements SocketUser {
  readonly response: ServerResponse;
  readonly #id: number;
  readonly #socket: ThreadSocket;
  readonly #post: Post;
  readonly #onSent: () => void;
  #parts: (string | Uint8Array)[] = [];
  #wanted: (() => void) | null = null;
  #room = WINDOW;
  #state: 'unsent' | 'streaming' | 'over' = 'unsent';
  #isHeadSkipped = false;

  /** An answer over `socket`. `onSent` is called when its last message has been posted. */
  constructor(id: number, request: IncomingMessage, socket: ThreadSocket, post: Post, onSent: () => void) {
    const { ServerResponse } = process.getBuiltinModule('node:http');
    const response = new ServerResponse(request);
    this.#id = id;
    this.#socket = socket;
    this.#post = post;
    this.#onSent = onSent;
    this.response = response;
    // The framing is for the real response to choose; here the body must come out as it was written.
    response.useChunkedEncodingByDefault = false;
    Object.defineProperty(response, 'chunkedEncoding', UNCHUNKED);
    // From then on writeHead() too keeps its headers where getHeaders() finds them.
    response.setHeader('x', '');
    response.removeHeader('x');
    replaceInterim(response, id, post);
    response.once('finish', () => this.#finish());
    response.assignSocket(socket as unknown as Socket);
    socket[USER] = this;
  }

  take(parts: readonly Written[], done: () => void): void {
    for (const part of parts) this.#add(part);
    this.#wanted = done;
    // One turn later it is known whether this is all.
    process.nextTick(() => this.#flush());
  }

  /** What Node's server does with a listener of its own: the response hears of room, and forgets that it lacked it. */
  drained(): void {
    const response = this.response as Internals;
    if (!response.writableNeedDrain) return;
    response.outputData.push({ data: '', encoding: 'latin1', callback: null });
    response._flush();
  }

  /** Only the application can have done it: an abort abandons first. */
  closed(): void {
    if (!this.abandon()) return;
    this.#post({ type: 'cut', id: this.#id });
    this.#onSent();
  }

  /** The pool has passed on so many bytes. */
  taken(bytes: number): void {
    this.#room += bytes;
    this.#pump();
  }

  /** Nothing more is sent. Whether anything still had to be. */
  abandon(): boolean {
    const was = this.#state;
    this.#state = 'over';
    this.#parts = [];
    this.#socket[USER] = null;
    return was !== 'over';
  }

  #add({ chunk, encoding }: Written): void {
    let data: string | Uint8Array = chunk;
    if (!this.#isHeadSkipped && typeof chunk === 'string') {
      this.#isHeadSkipped = true;
      data = chunk.slice((this.response as Internals)._header?.length ?? 0);
    }
    if (data.length === 0) return;
    const isText = typeof data !== 'string' || encoding === 'utf8' || encoding === 'utf-8';
    this.#parts.push(isText ? data : Buffer.from(data as string, encoding));
  }

  #flush(): void {
    if (this.#state === 'over') return;
    if (this.#state === 'unsent') {
      const { writableEnded } = this.response;
      const bytes = writableEnded ? this.#parts.reduce((sum, part) => sum + sizeOf(part), 0) : -1;
      if (writableEnded && bytes <= SMALL_BODY && !this.#hasTrailers()) return this.#sendWhole(bytes);
      this.#state = 'streaming';
      this.#post({ type: 'head', id: this.#id, head: this.#head(bytes) });
    }
    this.#pump();
  }

  #sendWhole(bytes: number): void {
    const body = joined(this.#parts);
    this.abandon();
    const head = this.#head(bytes);
    if (typeof body === 'string') this.#post({ type: 'answer', id: this.#id, head, body });
    else this.#post({ type: 'answer', id: this.#id, head, body }, [body.buffer]);
    this.#onSent();
    this.#askForMore();
  }

  #pump(): void {
    while (this.#state === 'streaming') {
      if (this.#parts.length === 0) return this.#askForMore();
      if (this.#room <= 0) return;
      const part = this.#parts.shift() ?? '';
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      const length = Math.min(bytes.length, SMALL_BODY, this.#room);
      if (length < bytes.length) this.#parts.unshift(bytes.subarray(length));
      // A copy, since the application's own may be part of a larger one, or be needed again.
      const data = new Uint8Array(bytes.subarray(0, length));
      this.#room -= length;
      this.#post({ type: 'chunk', id: this.#id, data }, [data.buffer]);
    }
  }

  #askForMore(): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.();
  }

  #finish(): void {
    const { response } = this;
    if (response.socket) response.detachSocket(response.socket);
    process.nextTick(emitClose, response);
    if (!this.abandon()) return;
    this.#post({ type: 'end', id: this.#id, trailers: pairsIn((response as Internals)._trailer) });
    this.#onSent();
  }

  /** `bytes` is the length of the body where it is known, else -1. */
  #head(bytes: number): Head {
    const { response } = this;
    const headers: string[] = [];
    const isUntrailed = response.hasHeader('trailer') && !this.#canTrail();
    for (const name of (response as Internals).getRawHeaderNames()) {
      if (isUntrailed && /^trailer$/i.test(name)) continue;
      const value = response.getHeader(name);
      if (Array.isArray(value)) for (const one of value) headers.push(name, one);
      else headers.push(name, String(value));
    }
    const isKnown = response.hasHeader('content-length') || response.hasHeader('transfer-encoding');
    const isBodiless = response.req.method === 'HEAD' || BODILESS.has(response.statusCode);
    if (bytes >= 0 && !isKnown && !isBodiless && !this.#hasTrailers())
      headers.push('Content-Length', String(bytes));
    return {
      status: response.statusCode,
      message: response.statusMessage,
      headers,
      sendDate: response.sendDate,
    };
  }

  /** Whether the real answer will be in chunks, which trailers need. */
  #canTrail(): boolean {
    const { response } = this;
    return (
      response.req.httpVersion === '1.1' &&
      (response as Internals)._hasBody &&
      !response.hasHeader('content-length') &&
      (!response.hasHeader('transfer-encoding') ||
        CHUNKED.test(String(response.getHeader('transfer-encoding'))))
    );
  }

  #hasTrailers(): boolean {
    const { response } = this;
    return (response.hasHeader('trailer') || (response as Internals)._trailer !== '') && this.#canTrail();
  }
}

function emitClose(response: ServerResponse): void {
  response.destroyed = true;
  response.emit('close');
}

function sizeOf(part: string | Uint8Array): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length;
}

/** One string where all are, else bytes with a buffer of their own, which can be moved. */
function joined(parts: readonly (string | Uint8Array)[]): string | Uint8Array<ArrayBuffer> {
  if (parts.every((part) => typeof part === 'string')) return parts.join('');
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + sizeOf(part), 0));
  let at = 0;
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}
