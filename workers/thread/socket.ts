import type { Peer } from './messages.ts';

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

const { Duplex } = process.getBuiltinModule('node:stream');

/**
 * Where a socket has its user: the only way from there to the request and its answer, and cut when that is over. Until
 * Node's constructor of writable streams is optimised, V8 puts a function of each into its old space, which keeps the
 * stream and all that it leads to until the next full collection.
 */
export const USER = Symbol('tsunicorn.user');

/** What `req.socket` is inside a thread: the peer's addresses, and a way to the user for the response. It never reads. */
export class ThreadSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: string | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly encrypted: boolean;
  [USER]: SocketUser | null = null;

  constructor(peer: Peer) {
    // Strings stay strings: they are cheaper to send than bytes.
    super({ decodeStrings: false });
    this.remoteAddress = peer.remoteAddress;
    this.remotePort = peer.remotePort;
    this.remoteFamily = peer.remoteFamily;
    this.localAddress = peer.localAddress;
    this.localPort = peer.localPort;
    this.encrypted = peer.encrypted;
    this.on('drain', drained);
    this.once('close', closed);
    // Whatever destroys it says so elsewhere too.
    this.on('error', ignore);
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: () => void): void {
    this.#take([{ chunk, encoding }], done);
  }

  override _writev(parts: Written[], done: () => void): void {
    this.#take(parts, done);
  }

  #take(parts: readonly Written[], done: () => void): void {
    const user = this[USER];
    if (user === null) done();
    else user.take(parts, done);
  }

  address(): object {
    return { address: this.localAddress, port: this.localPort, family: this.remoteFamily };
  }

  // The real socket belongs to another thread: the time limits of the server hold there.
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

function drained(this: ThreadSocket): void {
  this[USER]?.drained();
}

function closed(this: ThreadSocket): void {
  this[USER]?.closed();
}

function ignore(): void {}
