import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Fault } from '../edge/fault.ts';
import { FAULTS } from '../edge/fault.ts';
import { hasForbidden } from '../edge/trailers.ts';
import type { Answer } from './answer-head.ts';
import { leaveUnchunked, StreamSocket, type StreamUser } from './stream-socket.ts';

const http = process.getBuiltinModule('node:http');

/** What Node's parser says of a request as well, and what the types of one leave out. */
type Internals = IncomingMessage & {
  upgrade: boolean;
  joinDuplicateHeaders: boolean | null;
  readonly _consuming: boolean;
  readonly _readableState: { readonly resumeScheduled: boolean };
  _addHeaderLines(lines: readonly string[], count: number): void;
  _dump(): void;
};

type InternalsOfResponse = ServerResponse & { _closed: boolean };

interface Detachable {
  readonly [method: symbol]: (() => void) | undefined;
}

/** What an engine does with its streams. */
export interface StreamsUser {
  /** The most bytes of a body. */
  readonly limit: number;
  /** Called for a body that is refused, of which the application sees neither more nor the end. */
  readonly refuse: (request: IncomingMessage, response: ServerResponse, fault: Fault) => void;
  /** Called where the answer has been sent and the request has not arrived whole. */
  readonly lingers: (socket: StreamSocket) => void;
  /** Called where an answer could not be sent, for what the application has put into it. */
  readonly failed: (error: unknown, request: IncomingMessage) => void;
}

/** What a request of HTTP/1.1 would have in its head. */
interface Head {
  readonly method: string;
  readonly target: string;
  readonly lines: readonly string[];
}

/**
 * Node's IncomingMessage and ServerResponse of a stream, so that applications find what they know: the prototypes, which
 * frameworks replace, a Host header, and `Transfer-Encoding` where a body comes whose length is not known.
 */
export class Messages implements StreamUser {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** To be called once, when the answer has been sent or will not be. */
  ended: () => void = () => {};
  readonly #socket: StreamSocket;
  readonly #stream: ServerHttp2Stream;
  readonly #user: StreamsUser;
  #rawTrailers: readonly string[] = [];
  #isRefused = false;

  /** `rawHeaders` are the fields as they came, those with a colon first. */
  constructor(stream: ServerHttp2Stream, rawHeaders: readonly string[], carrier: Socket, user: StreamsUser) {
    const { method, target, lines } = headOf(rawHeaders, !stream.endAfterHeaders);
    const socket = new StreamSocket(stream, carrier, this);
    const request = new http.IncomingMessage(socket as unknown as Socket) as Internals;
    request.method = method;
    request.url = target;
    request.upgrade = false;
    request.joinDuplicateHeaders = null;
    request._addHeaderLines(lines, lines.length);
    // Of a request of HTTP/1.1, as others are taken for those of HTTP/1.0.
    request.httpVersionMajor = 1;
    request.httpVersionMinor = 1;
    const response = new http.ServerResponse(request);
    request.httpVersion = '2.0';
    request.httpVersionMajor = 2;
    request.httpVersionMinor = 0;
    leaveUnchunked(response);
    response.on('finish', answered);
    response.assignSocket(socket as unknown as Socket);
    this.request = request;
    this.response = response;
    this.#socket = socket;
    this.#stream = stream;
    this.#user = user;
  }

  /** The handler has been called: as with HTTP/1, the body is read from then on. */
  called(): void {
    const { request } = this;
    if (!this.#stream.endAfterHeaders) return this.#receive();
    request.complete = true;
    request.push(null);
  }

  closed(isAnswered: boolean): void {
    const { request } = this;
    if (!isAnswered || !request.complete) request.destroy(connectionReset());
    if (!isAnswered) this.ended();
  }

  answered(): void {
    this.ended();
  }

  lingers(): void {
    this.#user.lingers(this.#socket);
  }

  failed(error: unknown): void {
    this.#user.failed(error, this.request);
  }

  #receive(): void {
    const stream = this.#stream;
    stream.on('trailers', (_headers, _flags, raw: readonly string[] = []) => {
      this.#rawTrailers = raw;
    });
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('end', () => this.#end());
  }

  #take(chunk: Buffer): void {
    const socket = this.#socket;
    socket.bytesRead += chunk.length;
    if (this.#isRefused) return;
    if (socket.bytesRead > this.#user.limit) this.#refuse(FAULTS.body);
    else if (!this.request.push(chunk)) socket.hold();
  }

  #end(): void {
    const stream = this.#stream;
    const request = this.request as Internals;
    const rawTrailers = this.#rawTrailers;
    // It also comes where the client has reset the stream.
    if (this.#isRefused || stream.aborted || (stream.rstCode ?? 0) !== 0) return;
    if (hasForbidden(rawTrailers)) return this.#refuse(FAULTS.trailer);
    request.complete = true;
    request._addHeaderLines(rawTrailers, rawTrailers.length);
    request.push(null);
  }

  #refuse(fault: Fault): void {
    this.#isRefused = true;
    this.#user.refuse(this.request, this.response, fault);
  }
}

/** What Node's server does when an answer has been sent. */
function answered(this: ServerResponse): void {
  const request = this.req as Internals;
  const socket = this.socket as unknown as StreamSocket | null;
  if (DETACH !== undefined) (request as object as Detachable)[DETACH]?.();
  if (!request._consuming && !request._readableState.resumeScheduled) request._dump();
  if (socket !== null) {
    socket.answered(this as Answer, request.complete);
    this.detachSocket(socket as unknown as Socket);
  }
  process.nextTick(emitClose, this);
}

function emitClose(response: InternalsOfResponse): void {
  if (response._closed) return;
  response.destroyed = true;
  response._closed = true;
  response.emit('close');
}

/** Where Node has the method by which a request's signal forgets its socket, whose end is no abort any more. */
const DETACH = Object.getOwnPropertySymbols(http.IncomingMessage.prototype).find(
  ({ description }) => description === 'kDetachAbortSignal',
);

function connectionReset(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}

/** The fields as HTTP/1.1 has them. */
function headOf(rawHeaders: readonly string[], hasBody: boolean): Head {
  let method = '';
  let path: string | null = null;
  let authority: string | null = null;
  let at = 0;
  for (; at < rawHeaders.length && rawHeaders[at]?.startsWith(':'); at += 2) {
    const value = rawHeaders[at + 1] ?? '';
    if (rawHeaders[at] === ':method') method = value;
    else if (rawHeaders[at] === ':path') path = value;
    else if (rawHeaders[at] === ':authority') authority = value;
  }
  const lines: string[] = authority === null ? [] : ['host', authority];
  let isFramed = !hasBody;
  for (; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    // RFC 9113, 8.3.1: there may be a Host beside the authority if it says the same.
    if (name === 'host' && authority !== null && value.toLowerCase() === authority.toLowerCase()) continue;
    if (name === 'content-length') isFramed = true;
    lines.push(name, value);
  }
  if (!isFramed) lines.push('transfer-encoding', 'chunked');
  return { method, target: path ?? authority ?? '', lines };
}
