import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerError } from '../../../src/http/answer-error.ts';
import type { Share } from '../../../src/http/bodies/store.ts';
import { carrierOf } from '../../../src/http/carrier.ts';
import { toldOrigin } from '../../../src/support/origin.ts';
import { knownIdOf } from '../../../src/support/request-id.ts';
import { isTrustedPeer } from '../../../src/support/trusted-peers.ts';
import { Backlog } from './backlog.ts';
import {
  type ConnectionError,
  type FromThread,
  type Head,
  type Peer,
  REPORT_AT,
  type RequestMessage,
  SMALL_BODY,
  type ToThread,
} from './messages.ts';
import { tlsPeerOf } from './tls-peer.ts';
import { Upload } from './upload.ts';

/** What the types of a response leave out. */
type Internals = ServerResponse & { _contentLength: number | null };

/** What an exchange needs of the thread that runs it. */
export interface Runs {
  send(message: Extract<ToThread, { type: 'taken' | 'slow' }>): void;
}

/** A message of a thread that belongs to one request and carries its answer. */
export type AnswerMessage = Extract<
  FromThread,
  { type: 'answer' | 'head' | 'chunk' | 'end' | 'interim' | 'cut' }
>;

/** `refused` where the client has got an answer of our own; `answered` once the thread has given the whole of its own. */
type Progress = 'running' | 'refused' | 'answered';

/** One request and its answer, as the main thread sees them, from the moment the request can be run. */
export class Exchange {
  readonly id: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `performance.now()` when it came. */
  readonly cameMs = performance.now();
  /** When it began to run, and when a part of a body last moved. */
  startedMs = 0;
  movedMs = 0;
  readonly upload: Upload | null;
  readonly #body: Uint8Array<ArrayBuffer> | null;
  #progress: Progress = 'running';
  readonly #room: Share;
  #owed = 0;
  /** Null while the client has taken everything at once. */
  #backlog: Backlog | null = null;

  /** `body` is the whole one, null where there is none, or `streams`; `room` is what all answers may have ahead. */
  constructor(id: number, request: IncomingMessage, response: ServerResponse, body: SmallBody, room: Share) {
    this.#room = room;
    this.id = id;
    this.request = request;
    this.response = response;
    this.#body = body === 'streams' ? null : body;
    this.upload = body === 'streams' ? new Upload(id, request) : null;
  }

  /** Whether the thread has given the whole answer. */
  get isAnswered(): boolean {
    return this.#progress === 'answered';
  }

  /** Whether the client has got an answer of our own, while the thread is still at its. */
  get isRefused(): boolean {
    return this.#progress === 'refused';
  }

  /** Whether the request can be given to another thread when the one that holds it dies. */
  get isBodiless(): boolean {
    return this.#body === null && this.upload === null;
  }

  /** Whether it is the client that has to go on, and to take more of the answer. */
  get waitsForClient(): boolean {
    if (this.isRefused || this.response.destroyed) return false;
    return this.#backlog?.isFull ?? false;
  }

  /** To be called now and then while it runs: what its client takes counts as a move. */
  look(nowMs: number): void {
    if (this.#backlog?.hasMoved()) this.movedMs = nowMs;
  }

  /** Why the connection has ended, where that was an error. */
  get connectionError(): ConnectionError | null {
    const { errored } = this.request.socket;
    return (
      errored && { message: errored.message, code: 'code' in errored ? String(errored.code) : undefined }
    );
  }

  get moved(): ArrayBuffer[] {
    return this.#body === null ? [] : [this.#body.buffer];
  }

  /** `slot` is where its id is, or null. */
  toMessage(slot: number | null): RequestMessage {
    const { request } = this;
    return {
      type: 'request',
      id: this.id,
      slot,
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      httpVersion: request.httpVersion,
      rawHeaders: request.rawHeaders,
      peer: peerOf(carrierOf(request.socket)),
      origin: toldOrigin(request),
      requestId: knownIdOf(request),
      bytesRead: request.socket.bytesRead,
      keepAlive: this.response.shouldKeepAlive,
      body: this.upload === null ? this.#body : 'streams',
    };
  }

  /**
   * Passes on what the thread answers; where that cannot be sent, it throws and the connection is cut. `isAnswered` tells
   * whether that was its last message.
   */
  answer(message: AnswerMessage, thread: Runs): void {
    this.movedMs = performance.now();
    const { isRefused } = this;
    if (message.type === 'answer' || message.type === 'end' || message.type === 'cut')
      this.#progress = 'answered';
    // It may have been under way when the client got another answer or left, or the server ended this one.
    if (isRefused || this.response.writableEnded || this.response.destroyed) return;
    try {
      this.#pass(message, thread);
    } catch (error) {
      this.response.destroy();
      throw error;
    }
  }

  #pass(message: AnswerMessage, thread: Runs): void {
    switch (message.type) {
      case 'answer':
        this.#writeHead(message.head);
        this.response.end(viewOf(message.body));
        break;
      case 'head':
        this.#writeHead(message.head);
        this.response.flushHeaders();
        break;
      case 'chunk':
        this.#write(viewOf(message.data), thread);
        break;
      case 'interim':
        if (!this.response.headersSent) this.response.writeInformation(message.status, [...message.headers]);
        break;
      case 'end':
        if (message.trailers.length > 0) this.response.addTrailers(pairsOf(message.trailers));
        this.response.end();
        break;
      case 'cut':
        this.response.destroy();
    }
  }

  /**
   * An answer of our own in place of the application's, unless there was one before; a begun one is cut, so that the
   * client sees it is not whole.
   */
  refuse(status: number, headers?: Readonly<Record<string, string>>): void {
    if (this.#progress !== 'running' || this.response.writableEnded) return;
    this.#progress = 'refused';
    answerError(this.response, status, headers);
  }

  /** Node gives it the same framing as it did in the thread. */
  #writeHead({ status, message, headers, length, closes, without }: Head): void {
    const { response } = this;
    // Those that the application wants are among the headers.
    response.sendDate = false;
    if (closes) response.shouldKeepAlive = false;
    for (const name of without) if (!response.hasHeader(name)) response.removeHeader(name);
    if (length !== null) (response as Internals)._contentLength = length;
    // Node takes names and values in turn as well; the types know it only as an array of any values.
    if (message === undefined) response.writeHead(status, headers as string[]);
    else response.writeHead(status, message, headers as string[]);
  }

  #write(data: Buffer | string, thread: Runs): void {
    this.#owed += data.length;
    if (!this.response.write(data)) {
      this.#backlog ??= this.#openBacklog(thread);
      this.#backlog.add(data.length);
    }
    if (!this.waitsForClient && this.#owed >= REPORT_AT) this.#report(thread);
  }

  #openBacklog(thread: Runs): Backlog {
    return new Backlog({
      response: this.response,
      room: this.#room,
      drained: () => {
        this.movedMs = performance.now();
        if (!this.isAnswered) this.#report(thread);
      },
      slow: () => thread.send({ type: 'slow', id: this.id }),
    });
  }

  #report(thread: Runs): void {
    thread.send({ type: 'taken', id: this.id, bytes: this.#owed });
    this.#owed = 0;
  }
}

/** The whole body; null where there is none, `streams` where it is not small. */
export type SmallBody = Uint8Array<ArrayBuffer> | 'streams' | null;

/**
 * Reads a body of known and small length; larger and streaming ones are left where they are. Calls `then` with what
 * a request can begin with, and never where the client leaves before.
 */
export function readSmallBody(request: IncomingMessage, then: (body: SmallBody) => void): void {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding !== undefined) return then('streams');
  const size = Number(length ?? 0);
  if (size === 0) return then(null);
  if (size > SMALL_BODY) return then('streams');
  const body = new Uint8Array(size);
  let filled = 0;
  request.on('data', (chunk: Buffer) => {
    body.set(chunk, filled);
    filled += chunk.length;
  });
  request.on('end', () => then(body));
}

const PEER = Symbol('tsunicorn.peer');

/** Kept on the socket, as each of these asks the kernel or builds a string. */
function peerOf(socket: Socket & { [PEER]?: Peer }): Peer {
  socket[PEER] ??= {
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
    remoteFamily: socket.remoteFamily,
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    localFamily: socket.localFamily,
    tls: tlsPeerOf(socket),
    trusted: isTrustedPeer({ socket }),
  };
  return socket[PEER];
}

function viewOf(data: Uint8Array | string): Buffer | string {
  return typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.length);
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return pairs;
}
