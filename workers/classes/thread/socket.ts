import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withTrust } from '../../../src/support/trusted-peers.ts';
import type { Peer } from './messages.ts';
import { tlsProperties } from './tls-peer.ts';

/** A part that was written, as the response gave it. */
export interface Written {
  readonly chunk: Buffer | string;
  readonly encoding: BufferEncoding;
}

/** Whoever gets what is written to a socket. */
export interface SocketUser {
  /** Takes what is written; calls `done` when it wants more. */
  take(parts: readonly Written[], done: () => void): void;
  /** There is room again. */
  drained(): void;
  /** The socket was destroyed. */
  closed(): void;
}

const { Socket } = process.getBuiltinModule('node:net');

/**
 * Where a socket has its user: the only way from there to the request and its answer, and cut when that is over. Until
 * Node's constructor of writable streams is optimised, V8 puts a function of each into its old space, which keeps the
 * stream and all that it leads to until the next full collection.
 */
export const USER = Symbol('tsunicorn.user');

/** What Node's own server has on a socket, and the types leave out. */
interface Internals {
  /** The response that is written now. */
  _httpMessage?: (ServerResponse & { readonly req: IncomingMessage }) | null;
  _unrefTimer(): void;
}

const PEER = Symbol('tsunicorn.peer');
const BYTES_READ = Symbol('tsunicorn.bytesRead');
const BYTES_WRITTEN = Symbol('tsunicorn.bytesWritten');

const OPTIONS = { allowHalfOpen: true };

/**
 * What `req.socket` is inside a thread: Node's own Socket without a handle. It has the peer's addresses, and passes what
 * is written to its user. It reads nothing but its end. What Node's server does with a socket's events, it does itself.
 */
export class ThreadSocket extends Socket {
  [USER]: SocketUser | null = null;
  readonly [PEER]: Peer;
  [BYTES_READ]: number;
  [BYTES_WRITTEN] = 0;

  /** `bytesRead` is how many bytes of the connection had come with the request. */
  constructor(peer: Peer, bytesRead: number) {
    super(OPTIONS);
    this[PEER] = peer;
    this[BYTES_READ] = bytesRead;
    if (peer.tls !== null) Object.assign(this, tlsProperties(peer.tls));
    Object.assign(this, withTrust(peer.trusted));
    // As that of a connection that is read.
    this.readableFlowing = true;
    this.on('drain', drained);
    this.on('timeout', timedOut);
    this.on('end', ended);
    this.once('close', closed);
    // Whatever destroys it says so elsewhere too.
    this.on('error', ignore);
  }

  override address(): AddressInfo | Record<string, never> {
    const { localAddress: address, localFamily: family, localPort: port } = this;
    return address === undefined ? {} : ({ address, family, port } as AddressInfo);
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: () => void): void {
    this.#take([{ chunk, encoding }], done);
  }

  override _writev(parts: Written[], done: () => void): void {
    this.#take(parts, done);
  }

  // A connection ends, and closes, in a later turn of the event loop.
  override _final(done: () => void): void {
    setImmediate(() => {
      done();
      // There is no half of it that could stay open.
      if (this[USER] !== null) this.destroy();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.setTimeout(0);
    done(error);
    setImmediate(() => this.emit('close', error !== null));
  }

  #take(parts: readonly Written[], done: () => void): void {
    notIdle(this);
    for (const { chunk, encoding } of parts)
      this[BYTES_WRITTEN] += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
    const user = this[USER];
    if (user === null) done();
    else user.take(parts, done);
  }

  override setEncoding(): this {
    const text = 'Changing the socket encoding is not allowed per RFC7230 Section 3.';
    throw Object.assign(new Error(text), { code: 'ERR_HTTP_SOCKET_ENCODING' });
  }

  // The connection itself belongs to another thread, where it has its options.
  override setNoDelay(): this {
    return this;
  }

  override setKeepAlive(): this {
    return this;
  }

  override ref(): this {
    return this;
  }

  override unref(): this {
    return this;
  }

  override resetAndDestroy(): this {
    return this.destroy();
  }
}

const ADDRESSES = [
  ...(['remoteAddress', 'remotePort', 'remoteFamily'] as const),
  ...(['localAddress', 'localPort', 'localFamily'] as const),
];

// Node has accessors for these, which ask the handle: gone with the connection, as they are there.
for (const name of ADDRESSES) {
  getter(name, (socket) => (socket.destroyed ? undefined : socket[PEER][name]));
}
getter('pending', ({ destroyed }) => destroyed);
getter('bytesRead', (socket) => socket[BYTES_READ]);
getter('bytesWritten', (socket) => socket[BYTES_WRITTEN]);
getter('bufferSize', ({ destroyed, writableLength }) => (destroyed ? undefined : writableLength));

function getter(name: string, read: (socket: ThreadSocket) => unknown): void {
  Object.defineProperty(ThreadSocket.prototype, name, {
    get(this: ThreadSocket) {
      return read(this);
    },
    configurable: true,
  });
}

/** Bytes of the request have come. */
export function hear(socket: ThreadSocket, bytes: number): void {
  socket[BYTES_READ] += bytes;
  notIdle(socket);
}

/** Something has moved: whatever waits for that waits anew. */
export function notIdle(socket: ThreadSocket): void {
  internalsOf(socket)._unrefTimer();
}

/** The client has ended the connection: with an error, where Node gave one. */
export function leave(socket: ThreadSocket, error: Error | null): void {
  if (error !== null) return void socket.destroy(error);
  socket.push(null);
}

/** Whether it is to close, and whoever listens has not heard of it yet. */
export function isClosing(socket: ThreadSocket): boolean {
  return (socket.destroyed || socket.writableEnded) && socket.listeners('close').includes(closed);
}

/** Destroys it, and resolves when whoever listens has heard that it is closed. */
export function close(socket: ThreadSocket): Promise<void> {
  return new Promise((heard) => {
    socket.once('close', heard);
    socket.destroy();
  });
}

function internalsOf(socket: ThreadSocket): Internals {
  return socket as unknown as Internals;
}

function drained(this: ThreadSocket): void {
  this[USER]?.drained();
}

/** As Node's server does: whoever listens decides, else the connection ends. */
function timedOut(this: ThreadSocket): void {
  const response = internalsOf(this)._httpMessage;
  const request = response?.req;
  const isHeardByRequest = request && !request.complete && request.emit('timeout', this);
  const isHeardByResponse = response?.emit('timeout', this);
  if (!isHeardByRequest && !isHeardByResponse) this.destroy();
}

function ended(this: ThreadSocket): void {
  this.end();
  // Nobody will ever take what was written before.
  if (this[USER] === null && this.writableLength > 0) this.destroy();
}

/** The answer hears of it too, by a listener of its own that comes later. */
function closed(this: ThreadSocket): void {
  internalsOf(this)._httpMessage?.req.destroy(connectionReset());
  this[USER]?.closed();
}

function connectionReset(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}

function ignore(): void {}
