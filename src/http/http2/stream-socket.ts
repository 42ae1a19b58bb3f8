import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { resetStream } from '../../app/http2/stream-request.ts';
import { connectionOrigin, tellOrigin } from '../../support/origin.ts';
import { shareTrust } from '../../support/trusted-peers.ts';
import { CARRIER } from '../carrier.ts';
import { type Answer, interimFrom, listOf, trailersOf } from './answer-head.ts';

// Node's own EventEmitter, whose import would read all of node:events.
const { EventEmitter } = process.getBuiltinModule('node:events');

/** The most that is given to the stream at a time: what it has taken of an answer shows in steps of this. */
const STEP = 64 * 1024;

// RFC 9113, 7
const NO_ERROR = 0;

/** A part of an answer as Node wrote it. */
interface Part {
  readonly data: string | Uint8Array;
  readonly encoding: BufferEncoding;
  readonly size: number;
  done: Done | null;
}

type MaybeEncrypted = Socket & { readonly encrypted?: boolean };

type Done = (error?: Error | null) => void;

/** The property of a stream that holds its StreamSocket. Not a WeakMap, for the reason given in Connections. */
const SOCKET = Symbol('socket');

type Marked = ServerHttp2Stream & { [SOCKET]?: StreamSocket | undefined };

/** Told of what becomes of a stream. */
export interface StreamUser {
  /** The stream has closed, before its answer had been sent where `isAnswered` is false. */
  closed(isAnswered: boolean): void;
  /** The answer has been sent. */
  answered(): void;
  /** The same, and the request has not arrived whole. */
  lingers(): void;
  /** An answer could not be sent, for what the application has put into it. */
  failed(error: unknown): void;
}

/**
 * What `socket` is to the messages of a stream: Node's own request and response read from it and write to it as to a
 * connection. It has the addresses and the certificates of the connection, and an end of its own. What is written is the
 * text of HTTP/1, of which the head becomes fields; the body is not chunked, which is seen to where the response is made.
 */
export class StreamSocket extends EventEmitter {
  readonly stream: ServerHttp2Stream;
  /** The socket of the connection, on which other requests may be under way. */
  readonly [CARRIER]: Socket;
  // Both are Node's, which sets them.
  _httpMessage: Answer | null = null;
  readonly _writableState = { corked: 0 };
  /** With it a response does not take what it has written for sent. */
  _hadError = false;
  bytesRead = 0;
  bytesWritten = 0;
  errored: Error | null = null;
  destroyed = false;
  /** Set where the answer may be followed by trailers. */
  #awaitsTrailers = false;
  #user: StreamUser;
  #response: Answer | null = null;
  #parts: Part[] = [];
  /** Called when what the stream has been given was taken. */
  #taken: Done[] = [];
  #unsent = 0;
  #given = 0;
  #stage: 'fresh' | 'headed' | 'responded' | 'ended' = 'fresh';
  #isScheduled = false;
  #isAnswered = false;
  /** Whether the stream is read no further until the request has room. */
  #isHeld = false;
  #endsSoon = false;
  #isClosed = false;

  constructor(stream: ServerHttp2Stream, carrier: Socket, user: StreamUser) {
    super();
    this.stream = stream;
    this[CARRIER] = carrier;
    const origin = connectionOrigin(carrier);
    if (origin !== null) tellOrigin(this, origin);
    this.#user = user;
    (stream as Marked)[SOCKET] = this;
    stream.on('error', ignore);
    stream.on('close', streamClosed);
  }

  get writableLength(): number {
    return this.#unsent + this.#given;
  }

  get writableHighWaterMark(): number {
    return STEP;
  }

  get readableHighWaterMark(): number {
    return STEP;
  }

  get writableNeedDrain(): boolean {
    return this.writableLength >= STEP;
  }

  get writableCorked(): number {
    return this._writableState.corked;
  }

  get writable(): boolean {
    return !this.destroyed && !this.#isAnswered;
  }

  get readable(): boolean {
    return !this.destroyed;
  }

  get readableEnded(): boolean {
    return this.destroyed;
  }

  get writableEnded(): boolean {
    return this.destroyed || this.#stage === 'ended';
  }

  get writableFinished(): boolean {
    return this.#isAnswered;
  }

  get closed(): boolean {
    return this.destroyed && this.stream.closed;
  }

  // Asked of each request, which those behind OF_CARRIER are not.
  get encrypted(): boolean | undefined {
    return (this[CARRIER] as MaybeEncrypted).encrypted;
  }

  get pending(): boolean {
    return false;
  }

  get connecting(): boolean {
    return false;
  }

  get readyState(): string {
    return this.destroyed ? 'closed' : 'open';
  }

  /** What Node has made of the trailers. */
  get trailer(): string {
    return this.#response?._trailer ?? '';
  }

  cork(): void {
    this._writableState.corked++;
  }

  uncork(): void {
    const state = this._writableState;
    if (state.corked > 0) state.corked--;
    if (state.corked === 0) this.#schedule();
  }

  write(data: string | Uint8Array, encoding?: BufferEncoding | Done | null, done?: Done | null): boolean {
    if (typeof encoding === 'function') return this.write(data, null, encoding);
    const response = this._httpMessage;
    if (response === null || this.destroyed) return false;
    if (this.#stage !== 'fresh') this.#add(data, encoding ?? 'utf8', done ?? null);
    else if (response._headerSent) this.#begin(response, data, encoding ?? 'utf8', done ?? null);
    else this.#sendInterim(data, done ?? null);
    if (this._writableState.corked === 0) this.#schedule();
    return !this.writableNeedDrain;
  }

  /** The text of the head comes first, alone or with a part of the body behind it. */
  #begin(response: Answer, data: string | Uint8Array, encoding: BufferEncoding, done: Done | null): void {
    this.#stage = 'headed';
    const rest = typeof data === 'string' ? data.slice(response._header?.length ?? 0) : '';
    this.#add(rest, encoding, done);
  }

  #add(data: string | Uint8Array, encoding: BufferEncoding, done: Done | null): void {
    const size = typeof data === 'string' ? Buffer.byteLength(data, encoding) : data.byteLength;
    if (size > 0) {
      this.#parts.push({ data, encoding, size, done });
      this.#unsent += size;
    } else if (done !== null) this.#addEnd(done);
  }

  /** Node ends an answer by an empty part: with the one before it the usual answer is a single part, of which no copy is made. */
  #addEnd(done: Done): void {
    const last = this.#parts.at(-1);
    if (last !== undefined && last.done === null) last.done = done;
    else this.#parts.push({ data: '', encoding: 'latin1', size: 0, done });
  }

  /** An answer before the answer, as 103 Early Hints (RFC 9113, 8.1). */
  #sendInterim(text: string | Uint8Array, done: Done | null): void {
    const interim = typeof text === 'string' ? interimFrom(text) : null;
    // Written past the response: there is no connection of its own that it could have.
    if (interim === null) return void this.destroy();
    if (this.stream.closed || this.stream.destroyed) return;
    try {
      this.stream.additionalHeaders(interim);
      if (done !== null) process.nextTick(done);
    } catch (error) {
      this.#fail(error);
    }
  }

  #schedule(): void {
    if (this.#isScheduled || this.destroyed) return;
    this.#isScheduled = true;
    // Then it is known whether this is all, which saves frames.
    process.nextTick(flush, this);
  }

  /** To be called by flush() alone. */
  flushed(): void {
    this.#isScheduled = false;
    const response = this._httpMessage;
    if (response !== null && this._writableState.corked === 0) this.#advance(response);
  }

  #advance(response: Answer): void {
    const { stream } = this;
    if (this.destroyed || stream.closed || stream.destroyed) return;
    if (this.#stage === 'headed') {
      try {
        this.#respond(response);
      } catch (error) {
        return this.#fail(error);
      }
    }
    if (this.#stage === 'responded') this.#pump(response);
  }

  #respond(response: Answer): void {
    const { stream } = this;
    const isWhole = response.writableEnded;
    this.#response = response;
    this.#awaitsTrailers = isWhole ? hasTrailers(response) : mayHaveTrailers(response);
    const list = listOf(response);
    const isEmpty = isWhole && this.#unsent === 0 && !this.#awaitsTrailers;
    if (this.#awaitsTrailers) stream.once('wantTrailers', sendTrailers);
    // The types do not know of sendDate. What Node has dated is dated.
    const options = { endStream: isEmpty, waitForTrailers: this.#awaitsTrailers, sendDate: false };
    stream.respond(list, options);
    this.#stage = 'responded';
    // Node has ended the streams of answers that have no body.
    if (stream.writableEnded) this.#endBodiless();
  }

  #endBodiless(): void {
    const { stream } = this;
    this.#stage = 'ended';
    const parts = this.#parts.splice(0);
    this.#unsent = 0;
    const taken = () => {
      if (isCut(stream)) this._hadError = true;
      for (const { done } of parts) done?.();
    };
    if (stream.writableFinished) taken();
    else stream.once('finish', taken);
  }

  /** Gives the stream the next part, unless it is at one. */
  #pump(response: Answer): void {
    if (this.#given > 0) return;
    const { stream } = this;
    const hasAll = response.writableEnded;
    if (this.#parts.length === 0 && !hasAll) return;
    const part = this.#parts.length === 1 ? this.#only() : this.#next();
    this.#given = part.size;
    this.#unsent -= part.size;
    if (hasAll && this.#parts.length === 0) {
      this.#stage = 'ended';
      if (part.size === 0) stream.end((error?: Error | null) => this.#took(error ?? null));
      else if (typeof part.data === 'string')
        stream.end(part.data, part.encoding, (error?: Error | null) => this.#took(error ?? null));
      else stream.end(part.data, (error?: Error | null) => this.#took(error ?? null));
    } else if (part.size === 0) this.#took(null);
    else stream.write(part.data, part.encoding, (error) => this.#took(error ?? null));
  }

  /** The usual case: no copy is made. */
  #only(): Part {
    const [only] = this.#parts;
    if (only === undefined || only.size > STEP) return this.#next();
    this.#parts = [];
    if (only.done !== null) this.#taken.push(only.done);
    return only;
  }

  /** At most STEP bytes, of several parts where they are small. */
  #next(): Part {
    const pieces: Uint8Array[] = [];
    let room = STEP;
    for (let part = this.#parts.shift(); part !== undefined; part = this.#parts.shift()) {
      const { data, encoding, size, done } = part;
      const bytes = typeof data === 'string' ? Buffer.from(data, encoding) : data;
      if (size > room) {
        pieces.push(bytes.subarray(0, room));
        const rest = bytes.subarray(room);
        this.#parts.unshift({ data: rest, encoding, size: rest.byteLength, done });
        room = 0;
        break;
      }
      if (size > 0) pieces.push(bytes);
      if (done !== null) this.#taken.push(done);
      room -= size;
    }
    const [first] = pieces;
    const data = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
    return { data, encoding: 'utf8', size: data.byteLength, done: null };
  }

  #took(error: Error | null): void {
    this.bytesWritten += this.#given;
    this.#given = 0;
    if (error !== null || isCut(this.stream)) this._hadError = true;
    const taken = this.#taken;
    this.#taken = [];
    for (const done of taken) done(error);
    const response = this._httpMessage;
    if (this._hadError || response === null || this.destroyed) return;
    if (this.#stage === 'responded') this.#pump(response);
    this.#tellRoom(response);
    if (this.#endsSoon && this.writableLength === 0) this.destroy();
  }

  /** What Node's server does with a listener of its own: the response hears of room, and forgets that it lacked it. */
  #tellRoom(response: Answer): void {
    if (!response.writableNeedDrain || this.writableNeedDrain) return;
    response.outputData.push({ data: '', encoding: 'latin1', callback: null });
    response._flush();
  }

  #fail(error: unknown): void {
    this.#user.failed(error);
    this.destroy();
  }

  /** The answer has been sent. The client may still send the rest of its request. */
  answered(response: Answer, isComplete: boolean): void {
    // Node does not write once more where it has nothing left to write.
    if (this.#stage !== 'ended') this.#advance(response);
    this.#isAnswered = true;
    this.#user.answered();
    if (!isComplete) this.#user.lingers();
  }

  /** Ends the stream, and not its connection; the client sees that an answer is not whole. */
  destroy(error?: Error | null): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.errored = error ?? null;
    this.#parts = [];
    if (this.stream.destroyed) process.nextTick(() => this.closedByStream());
    else resetStream(this.stream);
    return this;
  }

  destroySoon(): void {
    if (this.writableLength === 0) this.destroy();
    else this.#endsSoon = true;
  }

  end(data?: string | Uint8Array, encoding?: BufferEncoding): this {
    if (data !== undefined) this.write(data, encoding);
    this.destroySoon();
    return this;
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  /** To be called by the listener of the stream's `close` alone. */
  closedByStream(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#user.closed(this.#isAnswered);
    this.#letGo();
    this.destroyed = true;
    this.emit('close', this.errored !== null);
  }

  /** Node's table of a session's streams keeps some of them for long after their end, as told of in Session. */
  #letGo(): void {
    this.#user = NOBODY;
    this.#response = null;
    (this.stream as Marked)[SOCKET] = undefined;
  }

  /** Reads the stream no further until resume(). */
  hold(): void {
    this.#isHeld = true;
    this.stream.pause();
  }

  pause(): this {
    this.hold();
    return this;
  }

  resume(): this {
    if (!this.#isHeld) return this;
    this.#isHeld = false;
    this.stream.resume();
    return this;
  }

  isPaused(): boolean {
    return this.#isHeld;
  }

  setTimeout(ms: number, listener?: () => void): this {
    if (listener !== undefined) this.once('timeout', listener);
    this.stream.off('timeout', streamTimedOut);
    if (ms > 0) this.stream.on('timeout', streamTimedOut);
    this.stream.setTimeout(ms);
    return this;
  }

  get timeout(): number | undefined {
    return Reflect.get(this.stream, 'timeout') as number | undefined;
  }

  // The connection has its options, which no stream may change.
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setEncoding(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

shareTrust(StreamSocket.prototype, (socket) => socket[CARRIER]);

/** What is asked of the connection. */
const OF_CARRIER = [
  ...['remoteAddress', 'remotePort', 'remoteFamily', 'localAddress', 'localPort', 'localFamily'],
  ...['authorized', 'authorizationError', 'alpnProtocol', 'servername'],
];
const METHODS_OF_CARRIER = [
  ...['address', 'getPeerCertificate', 'getPeerX509Certificate', 'getX509Certificate', 'getCertificate'],
  ...['getProtocol', 'getCipher', 'getSession', 'getTLSTicket', 'isSessionReused', 'getEphemeralKeyInfo'],
  ...['getFinished', 'getPeerFinished', 'getSharedSigalgs', 'exportKeyingMaterial'],
];

for (const name of OF_CARRIER)
  Object.defineProperty(StreamSocket.prototype, name, {
    get(this: StreamSocket): unknown {
      return Reflect.get(this[CARRIER], name);
    },
    configurable: true,
  });

for (const name of METHODS_OF_CARRIER)
  Object.defineProperty(StreamSocket.prototype, name, {
    get(this: StreamSocket): unknown {
      const carrier = this[CARRIER];
      const method: unknown = Reflect.get(carrier, name);
      return typeof method === 'function' ? method.bind(carrier) : undefined;
    },
    configurable: true,
  });

function flush(socket: StreamSocket): void {
  socket.flushed();
}

function ignore(): void {}

const NOBODY: StreamUser = { closed: ignore, answered: ignore, lingers: ignore, failed: ignore };

/** Whether it has ended in another way than by its end. */
function isCut({ aborted, rstCode }: ServerHttp2Stream): boolean {
  return aborted || (rstCode ?? NO_ERROR) !== NO_ERROR;
}

function streamClosed(this: ServerHttp2Stream): void {
  (this as Marked)[SOCKET]?.closedByStream();
}

/** As Node's server does: whoever listens decides, else the stream ends. */
function streamTimedOut(this: ServerHttp2Stream): void {
  const socket = (this as Marked)[SOCKET];
  const response = socket?._httpMessage;
  if (socket === undefined) return;
  const request: IncomingMessage | undefined = response?.req;
  const isHeardByRequest = request && !request.complete && request.emit('timeout', socket);
  const isHeardByResponse = response?.emit('timeout', socket);
  const isHeardBySocket = socket.emit('timeout');
  if (!isHeardByRequest && !isHeardByResponse && !isHeardBySocket) socket.destroy();
}

function sendTrailers(this: ServerHttp2Stream): void {
  const socket = (this as Marked)[SOCKET];
  if (this.closed || this.destroyed) return;
  try {
    this.sendTrailers(socket ? trailersOf(socket.trailer) : {});
  } catch {
    // Node has checked the names and values; what HTTP/2 does not take of them ends the stream.
    this.close(NO_ERROR);
  }
}

function hasTrailers(response: Answer): boolean {
  return mayHaveTrailers(response) && response._trailer !== '';
}

/** As in HTTP/1, where only a chunked body has an end behind which they can come. */
function mayHaveTrailers(response: Answer): boolean {
  return isUnframed(response);
}

const CHUNKED = Symbol('tsunicorn.chunked');

type Framed = Answer & { [CHUNKED]?: boolean };

/** Has Node write the body of a response as it is given: its choice of the framing is for the head alone. */
export function leaveUnchunked(response: ServerResponse): void {
  // As an own property, since frameworks replace the prototype.
  (response as Stored)._storeHeader = storeHeader;
}

type Store = (this: Framed, firstLine: string, headers: unknown) => void;

type Stored = ServerResponse & { _storeHeader: Store };

const store: Store = Reflect.get(
  process.getBuiltinModule('node:http').OutgoingMessage.prototype,
  '_storeHeader',
);

function storeHeader(this: Framed, firstLine: string, headers: unknown): void {
  store.call(this, firstLine, headers);
  if (!this.chunkedEncoding) return;
  this[CHUNKED] = true;
  this.chunkedEncoding = false;
}

/** Whether Node would have sent the body in chunks: its length is not known before its end. */
function isUnframed(response: Framed): boolean {
  return response[CHUNKED] === true;
}
