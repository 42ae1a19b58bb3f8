import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Headed, headOf } from './head.ts';
import { pairsIn, replaceInterim } from './interim.ts';
import type { Part } from './kept-memory.ts';
import { type FromThread, SMALL_BODY, WINDOW } from './messages.ts';
import { notIdle, type SocketUser, type ThreadSocket, USER, type Written } from './socket.ts';

/** Sends a message to the pool; what is in `moved` is moved there. */
export type Post = (message: FromThread, moved?: ArrayBuffer[]) => void;

/** What the types of a response leave out; it writes `_header`, the text of the head, first. */
type Internals = Headed & {
  _closed: boolean;
  readonly _trailer: string;
  readonly outputData: object[];
  [CHUNKED]?: boolean;
  _flush(): void;
};

/** What the types of a request leave out. */
type InternalsOfRequest = IncomingMessage & {
  readonly _consuming: boolean;
  readonly _readableState: { readonly resumeScheduled: boolean };
  _dump(): void;
};

const CHUNKED = Symbol('tsunicorn.chunked');

// Node's choice of the framing is kept for the head, and has no effect on the body: that is to come out as it was written,
// since the real response frames it.
const UNCHUNKED: PropertyDescriptor = {
  get(this: Internals) {
    return this._header === null && this[CHUNKED] === true;
  },
  set(this: Internals, isChunked: boolean) {
    this[CHUNKED] = isChunked;
  },
  configurable: true,
};

export interface OutgoingOptions {
  readonly id: number;
  readonly request: IncomingMessage;
  readonly socket: ThreadSocket;
  /** Whether the client lets the connection be kept. */
  readonly keepAlive: boolean;
  readonly post: Post;
  /** Called when its last message has been posted. */
  readonly onSent: () => void;
  /**
   * Called when the handler has ended the answer and a slow client has yet to take these parts of it, and so many bytes
   * that are still to come from the socket. Whether the thread need not wait for that.
   */
  readonly onHandled: (parts: readonly Part[], more: number) => boolean;
}

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
  readonly #onHandled: OutgoingOptions['onHandled'];
  #parts: Part[] = [];
  #wanted: (() => void) | null = null;
  #room = WINDOW;
  /** What the socket has given and not been told to be done with. */
  #held = 0;
  #state: 'unsent' | 'streaming' | 'over' = 'unsent';
  #isHeadSkipped = false;
  #isSlow = false;
  #isHandled = false;

  constructor({ id, request, socket, keepAlive, post, onSent, onHandled }: OutgoingOptions) {
    const { ServerResponse } = process.getBuiltinModule('node:http');
    const response = new ServerResponse(request);
    this.#id = id;
    this.#socket = socket;
    this.#post = post;
    this.#onSent = onSent;
    this.#onHandled = onHandled;
    this.response = response;
    Object.defineProperty(response, 'chunkedEncoding', UNCHUNKED);
    // Node takes every other version for HTTP/1.0, in which a body of unknown length has no trailers.
    if (request.httpVersionMajor > 1) response.useChunkedEncodingByDefault = true;
    // As Node does, whose constructor does not keep a connection of HTTP/1.0 whatever its client asks for.
    response.shouldKeepAlive = keepAlive;
    replaceInterim(response, id, post);
    response.once('finish', () => this.#finish());
    response.assignSocket(socket);
    socket[USER] = this;
  }

  take(parts: readonly Written[], done: () => void): void {
    this.#held = parts.reduce((sum, { chunk }) => sum + chunk.length, 0);
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

  /** Only the application or a time limit can have done it: an abort abandons first. */
  closed(): void {
    if (!this.abandon()) return;
    this.#post({ type: 'cut', id: this.#id });
    this.#onSent();
  }

  /** The pool has passed on so many bytes. */
  taken(bytes: number): void {
    this.#room += bytes;
    notIdle(this.#socket);
    this.#pump();
    this.#offer();
  }

  /** The client is slow to take it. */
  slow(): void {
    if (this.#isSlow) return;
    this.#isSlow = true;
    if (this.response.writableEnded) this.#offer();
    else this.response.once('prefinish', () => this.#offer());
  }

  /** Lets the thread run another request where its handler has done with this one. */
  #offer(): void {
    if (!this.#isSlow || this.#isHandled || this.#state !== 'streaming' || !this.response.writableEnded)
      return;
    this.#isHandled = this.#onHandled(this.#parts, Math.max(0, this.#socket.writableLength - this.#held));
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
    let data: Part = chunk;
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
      // Not ours to send: it was written past the response.
      if ((this.response as Internals)._header === null) return void this.#socket.destroy();
      // There is more in the socket, behind a head that was flushed.
      if (this.response.writableEnded && this.#socket.writableLength > this.#held) return this.#askForMore();
      if (this.response.writableEnded && !this.#hasTrailers()) {
        const bytes = this.#parts.reduce((sum, part) => sum + sizeOf(part), 0);
        if (bytes <= SMALL_BODY) return this.#sendWhole();
      }
      this.#state = 'streaming';
      this.#post({ type: 'head', id: this.#id, head: headOf(this.response) });
    }
    this.#pump();
  }

  #sendWhole(): void {
    const body = joined(this.#parts);
    this.abandon();
    const head = headOf(this.response);
    if (typeof body === 'string') this.#post({ type: 'answer', id: this.#id, head, body });
    else this.#post({ type: 'answer', id: this.#id, head, body }, [body.buffer]);
    this.#onSent();
    this.#askForMore();
  }

  #pump(): void {
    while (this.#state === 'streaming') {
      if (this.#parts.length === 0) return this.#askForMore();
      if (this.#room <= 0) return;
      const data = this.#next(Math.min(SMALL_BODY, this.#room));
      this.#room -= data.length;
      this.#post({ type: 'chunk', id: this.#id, data }, [data.buffer]);
    }
  }

  /** Takes at most so many bytes: of several parts, where they are small. A copy, as the application may keep its own. */
  #next(most: number): Uint8Array<ArrayBuffer> {
    const taken: Uint8Array[] = [];
    let room = most;
    for (let part = this.#parts.shift(); part !== undefined; part = this.#parts.shift()) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      taken.push(bytes.subarray(0, room));
      if (bytes.length >= room) {
        if (bytes.length > room) this.#parts.unshift(bytes.subarray(room));
        break;
      }
      room -= bytes.length;
    }
    return whole(taken);
  }

  #askForMore(): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.();
  }

  /** What Node's server does when an answer has been sent. */
  #finish(): void {
    const response = this.response as Internals;
    const request = response.req as InternalsOfRequest;
    detachSignal(request);
    if (!request._consuming && !request._readableState.resumeScheduled) request._dump();
    if (response.socket) response.detachSocket(response.socket);
    process.nextTick(emitClose, response);
    // That of a kept connection lives no longer than the answer, which is told to whoever waits for its end.
    if (response._last || this.#socket.listenerCount('close') > 1) this.#socket.destroySoon();
    if (!this.abandon()) return;
    this.#post({
      type: 'end',
      id: this.#id,
      trailers: this.#hasTrailers() ? pairsIn(response._trailer) : [],
    });
    this.#onSent();
  }

  #hasTrailers(): boolean {
    const response = this.response as Internals;
    return response[CHUNKED] === true && response._trailer !== '';
  }
}

/** Where Node has the method by which a request's signal forgets its socket, whose end is no abort any more. */
const DETACH = Object.getOwnPropertySymbols(
  process.getBuiltinModule('node:http').IncomingMessage.prototype,
).find(({ description }) => description === 'kDetachAbortSignal');

function detachSignal(request: IncomingMessage): void {
  if (DETACH !== undefined) Reflect.get(request, DETACH).call(request);
}

function emitClose(response: Internals): void {
  if (response._closed) return;
  response.destroyed = true;
  response._closed = true;
  response.emit('close');
}

function sizeOf(part: Part): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length;
}

/** One string where all are, else bytes with a buffer of their own, which can be moved. */
function joined(parts: readonly Part[]): string | Uint8Array<ArrayBuffer> {
  if (parts.every((part) => typeof part === 'string')) return parts.join('');
  return whole(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

function whole(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
