import type { AddressInfo, Server } from 'node:net';
import type { Claim } from './claim.ts';
import type { ParsedListen } from './listen-call.ts';

/** What serves a program's server, as the server asks for it. */
export interface Feeder {
  readonly connections: {
    readonly size: number;
    /** Resolves when the connections that are there now have ended. */
    presentEnded(): Promise<void>;
  };
  /** It has begun or ceased to listen. */
  readonly changed: () => void;
  /** Another server of the program takes its place, and gets the connections from now on. */
  readonly replaced?: (server: Server) => void;
  /** The program has closed its server, and lets none listen in its place. */
  readonly closed: () => void;
}

/** A program that closes its server may let it, or another one, listen again; so long after `close` is waited for that. In milliseconds. */
const AGAIN_MS = 100;
/** So long at most the last connections of a server that is closed are waited for. In milliseconds. */
const CLOSING_MS = 5000;

/** `opened` is one that listens without a call of listen(), as it is exported. */
type State = 'new' | 'opened' | 'listening' | 'closing' | 'closed';

/** On a server: that it is told that it listens, while connections come from the worker's gate or not at all. */
const FED = Symbol('fed');

type Marked = Server & { [FED]?: FedServer };

/** What stands behind a server of the program, where node:net has a handle: nothing listens on its behalf. */
export class FedServer {
  readonly claim: Claim;
  #server: Server;
  #address: AddressInfo;
  #state: State = 'new';
  #isServed = false;
  #feeder: Feeder | null = null;
  /** What takes its place if it stays closed. */
  #heir: () => Server | null = () => null;
  #waiting: NodeJS.Timeout | undefined;
  #announce: () => void = () => {};
  /** Resolves when its listeners of `listening` have been called for the first time. */
  readonly announced = new Promise<void>((resolve) => {
    this.#announce = resolve;
  });

  constructor(server: Server, claim: Claim) {
    this.#server = server;
    this.claim = claim;
    this.#address = claim.address;
    (server as Marked)[FED] = this;
  }

  get server(): Server {
    return this.#server;
  }

  get isListening(): boolean {
    return this.#state === 'listening' || this.#state === 'opened';
  }

  /** Whether connections come, or came. */
  get isFed(): boolean {
    return this.#feeder !== null;
  }

  /** Whether the program has closed it. */
  get isClosed(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** Null where it does not listen. */
  get address(): AddressInfo | null {
    return this.isListening ? { ...this.#address } : null;
  }

  get connections(): number {
    return this.#feeder?.connections.size ?? 0;
  }

  /** It is exported, and listens from now on without a call of listen(). */
  open(address: AddressInfo): void {
    this.#address = address;
    this.#state = 'opened';
  }

  /** The program calls listen() once more, or for the first time on a server that it exports. */
  listenAgain(parsed: Omit<ParsedListen, 'call'>): void {
    switch (this.#state) {
      case 'new':
        // It will be told when the worker accepts.
        if (parsed.callback !== null) this.server.once('listening', parsed.callback);
        if (parsed.signal !== null) closeOn(parsed.signal, this.server);
        return;
      case 'opened':
        this.#state = 'listening';
        if (parsed.signal !== null) closeOn(parsed.signal, this.server);
        if (parsed.callback !== null) process.nextTick(parsed.callback.bind(this.server));
        return;
      case 'listening': {
        const message = 'Listen method has been called more than once without closing.';
        throw Object.assign(new Error(message), { code: 'ERR_SERVER_ALREADY_LISTEN' });
      }
      default:
        this.listen(parsed);
    }
  }

  /** The worker ends: `close` is emitted, unless the program has closed it itself. */
  end(): void {
    if (this.isClosed) return;
    this.#state = 'closed';
    this.server.emit('close');
  }

  /** Tells the server that it listens, a moment later as node:net does. */
  listen({ callback, signal }: Omit<ParsedListen, 'call'>): void {
    const { server } = this;
    this.#opens();
    this.claim.queue();
    if (callback !== null) server.once('listening', callback);
    if (signal !== null) closeOn(signal, server);
    process.nextTick(() => {
      if (this.isListening && server === this.#server) server.emit('listening');
      this.#announce();
    });
  }

  /** It is served from now on; `heir` is what takes its place if it is closed. Throws a UsageError if that cannot be. */
  serve(heir: () => Server | null = () => null): void {
    this.claim.serve();
    this.#isServed = true;
    this.#heir = heir;
  }

  /** Another server listens in the place of this one, which is node:net's own again; `parsed` is null where it has been told so. */
  moveTo(server: Server, parsed: ParsedListen | null): void {
    this.release();
    fedServerOf(server)?.release();
    this.#server = server;
    (server as Marked)[FED] = this;
    this.#feeder?.replaced?.(server);
    if (parsed === null) this.#opens();
    else this.listen(parsed);
  }

  #opens(): void {
    this.#state = 'listening';
    clearTimeout(this.#waiting);
    this.#feeder?.changed();
  }

  /** `close` is emitted when the last connection has ended. */
  close(callback: unknown): void {
    const { server } = this;
    if (typeof callback === 'function') server.once('close', callback as () => void);
    this.#state = 'closing';
    if (!this.#isServed) this.claim.drop();
    this.#feeder?.changed();
    this.#stayClosedAfter(CLOSING_MS);
    const hasWaited = this.connections > 0;
    const hasEnded = () => {
      // Node itself does not look whether it listens again, unless it had to wait for connections.
      if (server === this.#server && this.#state === 'listening' && hasWaited) return;
      if (server === this.#server && this.#state === 'closing') {
        this.#state = 'closed';
        this.#stayClosedAfter(AGAIN_MS);
      }
      server.emit('close');
    };
    if (hasWaited) void this.#feeder?.connections.presentEnded().then(hasEnded);
    else process.nextTick(hasEnded);
  }

  #stayClosedAfter(ms: number): void {
    clearTimeout(this.#waiting);
    if (this.#isServed || this.#feeder !== null)
      this.#waiting = setTimeout(() => this.#stayClosed(), ms).unref();
  }

  #stayClosed(): void {
    const heir = this.#heir();
    if (heir === null) this.#feeder?.closed();
    else this.moveTo(heir, null);
  }

  /** From now on its connections are the feeder's. */
  feedBy(feeder: Feeder): void {
    this.#feeder = feeder;
    if (this.isClosed) this.#stayClosedAfter(AGAIN_MS);
  }

  /** It is node:net's own again. */
  release(): void {
    if (fedServerOf(this.#server) === this) Reflect.deleteProperty(this.#server, FED);
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
