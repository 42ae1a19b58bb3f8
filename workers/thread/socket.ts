import type { Peer } from './messages.ts';

/** A part that was written, as the response gave it. */
export interface Written {
  readonly chunk: Buffer | string;
  readonly encoding: BufferEncoding;
}

/** Takes what is written; calls `done` when it wants more. */
export type Sink = (parts: readonly Written[], done: () => void) => void;

const { Duplex } = process.getBuiltinModule('node:stream');

/** What `req.socket` is inside a thread: the peer's addresses, and a sink for the response. It never reads. */
export class ThreadSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: string | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly encrypted: boolean;
  readonly #sink: Sink;

  constructor(peer: Peer, sink: Sink) {
    // Strings stay strings: they are cheaper to send than bytes.
    super({ decodeStrings: false });
    this.remoteAddress = peer.remoteAddress;
    this.remotePort = peer.remotePort;
    this.remoteFamily = peer.remoteFamily;
    this.localAddress = peer.localAddress;
    this.localPort = peer.localPort;
    this.encrypted = peer.encrypted;
    this.#sink = sink;
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: () => void): void {
    this.#sink([{ chunk, encoding }], done);
  }

  override _writev(parts: Written[], done: () => void): void {
    this.#sink(parts, done);
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
