import type { AddressInfo, Server } from 'node:net';
import type { Claim } from './claim.ts';
import type { ListenCall, ParsedListen } from './listen-call.ts';

/** What serves a program's server, as the server asks for it. */
export interface Feeder {
  readonly connections: { readonly size: number; emptied(): Promise<void> };
  /** The program has closed its server, and does not let it listen again. */
  readonly closed: () => void;
}

/** A program that closes its server may let it listen again; so long is waited for that. In milliseconds. */
const AGAIN_MS = 100;

/** On a server: that it is told that it listens, while connections come from the worker's gate or not at all. */
const FED = Symbol('fed');

type Marked = Server & { [FED]?: FedServer };

/** What stands behind a server of the program, where node:net has a handle: nothing listens on its behalf. */
export class FedServer {
  readonly server: Server;
  readonly call: ListenCall;
  readonly claim: Claim;
  #state: 'listening' | 'closing' | 'closed' = 'closed';
  #isServed = false;
  #feeder: Feeder | null = null;
  #whenClosed: () => void = () => {};
  #announce: () => void = () => {};
  /** Resolves when its listeners of `listening` have been called for the first time. */
  readonly announced = new Promise<void>((resolve) => {
    this.#announce = resolve;
  });

  constructor(server: Server, call: ListenCall, claim: Claim) {
    this.server = server;
    this.call = call;
    this.claim = claim;
    (server as Marked)[FED] = this;
  }

  get isListening(): boolean {
    return this.#state === 'listening';
  }

  /** Null where it does not listen. */
  get address(): AddressInfo | null {
    return this.isListening ? { ...this.claim.address } : null;
  }

  get connections(): number {
    return this.#feeder?.connections.size ?? 0;
  }

  /** Tells the server that it listens, a moment later as node:net does. */
  listen({ callback, signal }: Omit<ParsedListen, 'call'>): void {
    const { server } = this;
    this.#state = 'listening';
    this.claim.queue();
    if (callback !== null) server.once('listening', callback);
    if (signal !== null) closeOn(signal, server);
    process.nextTick(() => {
      if (this.isListening) server.emit('listening');
      this.#announce();
    });
  }

  /** It is served from now on. Throws a UsageError if that cannot be. */
  serve(): void {
    this.claim.serve();
    this.#isServed = true;
  }

  /** `close` is emitted when the last connection has ended. */
  close(callback: unknown): void {
    const { server } = this;
    if (typeof callback === 'function') server.once('close', callback as () => void);
    this.#state = 'closing';
    if (!this.#isServed) this.claim.drop();
    setTimeout(() => {
      if (!this.isListening) this.#whenClosed();
    }, AGAIN_MS).unref();
    const emptied = this.#feeder?.connections.emptied() ?? Promise.resolve();
    void emptied.then(() => {
      if (this.#state !== 'closing') return;
      this.#state = 'closed';
      server.emit('close');
    });
  }

  /** From now on its connections are the feeder's. */
  feedBy(feeder: Feeder): void {
    this.#feeder = feeder;
    this.#whenClosed = feeder.closed;
  }

  /** It is node:net's own again. */
  release(): void {
    Reflect.deleteProperty(this.server, FED);
  }
}

/** Undefined where node:net itself stands behind the server. */
export function fedServerOf(server: Server): FedServer | undefined {
  return (server as Marked)[FED];
}

/** As node:net does for the option `signal`. */
export function closeOn(signal: AbortSignal, server: Server): void {
  const close = () => void server.close();
  if (signal.aborted) return process.nextTick(close);
  signal.addEventListener('abort', close, { once: true });
}
