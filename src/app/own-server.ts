import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isThenable } from '../support/thenable.ts';
import { eventOf, noteEvent } from './request-event.ts';
import type { FedServer, Feeder } from './script/fed-server.ts';

/** What serves in place of a server that the program made. */
export interface Adoption {
  /** Our engine: it observes and limits the requests, and calls the program's listeners. */
  readonly engine: Server;
  /** Handles a request for another protocol or a tunnel; `hand` calls the program's listeners. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, hand: () => void) => void;
  /** Handles an error of a client that the program's listeners answer, which `hand` calls; null where it has none. */
  readonly refused: ((error: Error, socket: Socket, hand: () => void) => void) | null;
  /** A connection begins with TLS. */
  readonly encrypts: (socket: Socket) => void;
  /** Its requests come through `secure`, the TLS socket. */
  readonly secured: (socket: Socket, secure: Socket) => void;
}

export interface OwnServerOptions {
  readonly server: Server;
  /** Who made it: what a framework sets, the user has not asked for. */
  readonly by: 'program' | 'framework';
  /** The limits that a framework sets by default, in milliseconds. */
  readonly defaults: Partial<Pick<Server, 'keepAliveTimeout' | 'requestTimeout'>>;
  /** Present if the program was told that the server listens. */
  readonly fed?: FedServer;
}

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

/** How node:net keeps the options of createServer(), which its types do not declare. */
interface AcceptOptions {
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  /** In seconds. */
  readonly keepAliveInitialDelay?: number;
  readonly highWaterMark?: number;
}

/**
 * A server that the program made and did not let listen. Connections are fed into it, so that its parser's options,
 * limits, classes and listeners work as if it listened. Our engine handles its requests, as all others, before its
 * listeners get them.
 */
export class OwnServer {
  readonly server: Server & AcceptOptions;
  readonly #by: OwnServerOptions['by'];
  readonly #defaults: OwnServerOptions['defaults'];
  readonly #fed: FedServer | null;

  constructor({ server, by, defaults, fed }: OwnServerOptions) {
    this.server = server;
    this.#by = by;
    this.#defaults = defaults;
    this.#fed = fed ?? null;
  }

  /** Whether it ends TLS itself. */
  get isTls(): boolean {
    return isTls(this.server);
  }

  /** How many bytes each connection buffers, if the program says it. */
  get bufferBytes(): number | undefined {
    const { highWaterMark } = this.server;
    const usual: Server & AcceptOptions = plainServer(this.isTls);
    return highWaterMark === usual.highWaterMark ? undefined : highWaterMark;
  }

  /** How many connections it accepts, at most `limit`. */
  connectionLimit(limit: number): number {
    const { maxConnections } = this.server;
    return typeof maxConnections === 'number' ? Math.min(limit, Math.max(1, maxConnections)) : limit;
  }

  /** Makes the server ready to be fed by `emit('connection')`, once. A limit that the program left as it was is the engine's. */
  adopt({ engine, upgrade, refused, encrypts, secured }: Adoption): void {
    const server = this.server;
    const { keepAliveTimeout, requestTimeout } = { ...plainServer(), ...this.#defaults };
    if (server.keepAliveTimeout === keepAliveTimeout) server.keepAliveTimeout = engine.keepAliveTimeout;
    if (server.requestTimeout === requestTimeout) server.requestTimeout = engine.requestTimeout;
    const emit: Emit = server.emit;
    const pass: Emit = (...args) => Reflect.apply(emit, server, args);
    // Through emit() of the engine: tracing replaces that of http.Server's prototype to see requests begin.
    const handle: Emit = (event, request, response) => {
      if (event !== 'request') noteEvent(request as IncomingMessage, String(event));
      return engine.emit('request', request as IncomingMessage, response as ServerResponse);
    };
    server.emit = (...args: Parameters<Emit>) => {
      const [event, first, second] = args;
      switch (event) {
        case 'request':
        case 'checkContinue':
        case 'checkExpectation':
          return handle(...args);
        case 'upgrade':
        case 'connect':
          upgrade(first as IncomingMessage, second as Duplex, () => void pass(...args));
          return true;
        case 'clientError':
          if (refused === null) return pass(...args);
          refused(first as Error, second as Socket, () => void pass(...args));
          return true;
        case 'connection':
          prepare(first as Socket, server);
          if (this.isTls) encrypts(first as Socket);
          return pass(...args);
        case 'secureConnection':
          secured(innerSocket(first as Socket), first as Socket);
          return pass(...args);
        default:
          return pass(...args);
      }
    };
    if (this.#fed !== null) return;
    // Node starts its time limits and its list of connections only when a server has listened.
    for (const begin of this.#listeners('listening').node) Reflect.apply(begin, server, []);
  }

  /** Calls its listeners for a request. Not by emit(), which would drop the promises of asynchronous ones, and their errors. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): unknown => {
    const server = this.server;
    const listeners = server.rawListeners(eventOf(request));
    const [only] = listeners;
    if (listeners.length === 1 && only !== undefined) return Reflect.apply(only, server, [request, response]);
    const returned = listeners.map((listener) => Reflect.apply(listener, server, [request, response]));
    const promises = returned.filter(isThenable);
    return promises.length === 0 ? undefined : Promise.all(promises);
  };

  /** Makes it emit `listening`, with the addresses of `urls`; returns the URLs for clients. */
  opened(urls: readonly string[]): readonly string[] {
    if (this.#fed === null) this.#tellListening(urls);
    return this.isTls ? urls.map((url) => url.replace(/^http:/, 'https:')) : urls;
  }

  /** From now on the program learns of its connections, and `closed` is called when it closes its server. */
  feedBy(feeder: Feeder): void {
    this.#fed?.feedBy(feeder);
  }

  #tellListening(urls: readonly string[]): void {
    const server = this.server;
    const address = addressOf(urls[0] ?? '');
    server.address = () => address;
    for (const listener of this.#listeners('listening').program) Reflect.apply(listener, server, []);
  }

  /** The names of the options and listeners that the program set and that have no effect in a worker class. */
  withoutEffect(workerClass: 'sync' | 'thread'): readonly string[] {
    if (this.#by === 'framework') return [];
    const server = this.server;
    const plain = plainServer(this.isTls);
    const options = OPTIONS.filter((name) => Reflect.get(server, name) !== Reflect.get(plain, name));
    if (workerClass === 'sync') return options.filter((name) => OF_KEPT_CONNECTIONS.includes(name));
    const classes = CLASSES.filter((name) => behindSymbol(server, name) !== behindSymbol(plain, name));
    const events = EVENTS.filter((event) => this.#listeners(event).program.length > 0);
    return [...options, ...classes, ...events.map((event) => `its listener of '${event}'`)];
  }

  /** Node's own listeners of an event, and the program's. */
  #listeners(event: string) {
    const nodes = plainServer(this.isTls).rawListeners(event);
    const all = this.server.rawListeners(event);
    return {
      node: all.filter((listener) => nodes.includes(listener)),
      program: all.filter((listener) => !nodes.includes(listener)),
    };
  }
}

/** Whether it is a server of node:http2. */
export function isHttp2(server: object): boolean {
  return 'updateSettings' in server;
}

/** Whether it is an https.Server. */
export function isTls(server: object): boolean {
  return 'setSecureContext' in server;
}

const OPTIONS = [
  'maxHeaderSize',
  'insecureHTTPParser',
  'requestTimeout',
  'headersTimeout',
  'keepAliveTimeout',
  'connectionsCheckingInterval',
  'requireHostHeader',
  'joinDuplicateHeaders',
  'rejectNonStandardBodyWrites',
  'noDelay',
  'keepAlive',
  'highWaterMark',
  'timeout',
  'maxHeadersCount',
  'maxRequestsPerSocket',
  'maxConnections',
];
const EVENTS = [
  ...['checkContinue', 'checkExpectation', 'connect', 'clientError', 'connection', 'upgrade', 'timeout'],
  ...['dropRequest', 'listening'],
];
const CLASSES = ['IncomingMessage', 'ServerResponse'];
/** In class sync every answer is the last of its connection, and a body is buffered before its request runs. */
const OF_KEPT_CONNECTIONS = ['keepAliveTimeout', 'maxRequestsPerSocket', 'highWaterMark'];

// Node has no public name for the classes that createServer() was given.
function behindSymbol(server: Server, name: string): unknown {
  const symbol = Object.getOwnPropertySymbols(server).find(({ description }) => description === name);
  return symbol === undefined ? undefined : Reflect.get(server, symbol);
}

/** Does for a connection what an accepting server would, with the program's options. */
function prepare(socket: Socket, { noDelay, keepAlive, keepAliveInitialDelay }: AcceptOptions): void {
  if (noDelay === false) socket.setNoDelay(false);
  if (keepAlive === true) socket.setKeepAlive(true, (keepAliveInitialDelay ?? 0) * 1000);
}

/** The socket that a TLSSocket was made over. Node has no public name for it. */
function innerSocket(secure: Socket): Socket {
  const inner: unknown = Reflect.get(secure, '_parent');
  return inner instanceof process.getBuiltinModule('node:net').Socket ? inner : secure;
}

/** What `address()` of a server tells that listens at the URL. */
export function addressOf(url: string): AddressInfo | string {
  if (!url.startsWith('http')) return url.replace(/^unix:/, '');
  const { hostname, port } = new URL(url);
  const address = hostname.replace(/^\[|\]$/g, '');
  return { address, port: Number(port || 80), family: address.includes(':') ? 'IPv6' : 'IPv4' };
}

/** A server with Node's defaults. */
function plainServer(isTls = false): Server {
  return isTls
    ? process.getBuiltinModule('node:https').createServer()
    : process.getBuiltinModule('node:http').createServer();
}
