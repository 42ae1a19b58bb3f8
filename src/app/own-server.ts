import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { innerSocket } from '../support/inner-socket.ts';
import { isThenable } from '../support/thenable.ts';
import { prepare, type SocketOptions, socketOptionsOf, turnsAway } from './accepting.ts';
import { type StreamArguments, StreamRequest } from './http2/stream-request.ts';
import { eventOf, noteEvent, noteServer, serverOf } from './request-event.ts';
import { told } from './script/claim.ts';
import { FedServer, type Feeder } from './script/fed-server.ts';
import { letServersBeFed } from './script/server-methods.ts';
import { isHttp2, speaksHttp } from './speaks-http.ts';

/** What serves in place of a server that the program made. */
export interface Adoption {
  /** Our engine: it observes and limits the requests, and calls the program's listeners. */
  readonly engine: Server;
  /** Handles a request for another protocol or a tunnel; `hand` calls the program's listeners. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, hand: () => void) => void;
  /** Handles an error of a client that the program's listeners answer, which `hand` calls; null where it has none. */
  readonly refused: ((error: Error, socket: Socket, hand: () => void) => void) | null;
  /** Tells the client of a request with `Expect: 100-continue` to send its body, or not; null where the program does. */
  readonly welcome: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  /** A connection begins with TLS. */
  readonly encrypts: (socket: Socket) => void;
  /** Its requests come through `secure`, the TLS socket. */
  readonly secured: (socket: Socket, secure: Socket) => void;
  /** A connection speaks HTTP/2. */
  readonly session: (session: ServerHttp2Session) => void;
  /** Handles a request of HTTP/2, for which the handler gets a StreamRequest; false where its connection is not known. */
  readonly stream: (args: StreamArguments) => boolean;
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

/** What a program lets through that other servers refuse. */
export interface Takes {
  /** Requests of HTTP/1.1 without a Host header. */
  readonly hostless: boolean;
  /** Requests with an Expect that is not 100-continue. */
  readonly expectations: boolean;
}

/** To be asked before the server is adopted, which changes both. */
function takesOf(server: Server): Takes {
  return {
    hostless: Reflect.get(server, 'requireHostHeader') === false,
    expectations: server.listenerCount('checkExpectation') > 0,
  };
}

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

/**
 * A server that the program made and did not let listen. Connections are fed into it, so that its parser's options,
 * limits, classes and listeners work as if it listened. Our engine handles its requests, as all others, before its
 * listeners get them.
 */
export class OwnServer {
  /** Whether it is of node:http2. It may speak HTTP/1 too. */
  readonly isHttp2: boolean;
  /** Whose requests need no note. */
  #first: Server;
  readonly #by: OwnServerOptions['by'];
  readonly #defaults: OwnServerOptions['defaults'];
  readonly #isProgram: boolean;
  /** What each adopted server takes, as its program left it. */
  readonly #takes = new WeakMap<Server, Takes>();
  /** Those that are ready to be fed: a program may close its server and let another one listen, and then the first again. */
  readonly #adopted = new WeakSet<Server>();
  #adopt: (server: Server) => void = () => {};
  /** Null as long as it is not adopted. */
  #fed: FedServer | null;
  /** What listeners have returned that node:http2 calls while a stream is handled; null where none is. */
  #returned: unknown[] | null = null;

  constructor({ server, by, defaults, fed }: OwnServerOptions) {
    this.#first = server;
    this.isHttp2 = isHttp2(server);
    this.#by = by;
    this.#defaults = defaults;
    this.#isProgram = fed !== undefined;
    this.#fed = fed ?? null;
  }

  /** The one that gets the connections. */
  get server(): Server {
    return this.#fed === null ? this.#first : (this.#fed.server as Server);
  }

  /** Whether the program has closed it. */
  get isClosed(): boolean {
    return this.#fed?.isClosed === true;
  }

  /** Whether it ends TLS itself. */
  get isTls(): boolean {
    return isTls(this.server);
  }

  /** What the server takes that gets the connections now. */
  get takes(): Takes {
    return this.#takes.get(this.server) ?? takesOf(this.server);
  }

  /** Whether it does not speak HTTP. */
  get isRaw(): boolean {
    return !speaksHttp(this.server);
  }

  /** Makes servers that do not speak HTTP ready to be fed; `opaque` is called for each connection. */
  adoptRaw(opaque: (socket: Socket) => void): void {
    this.#adoptBy((server) => {
      const emit: Emit = server.emit;
      const watched: Emit = (...args) => {
        if (args[0] === 'connection') {
          prepare(args[1] as Socket, server);
          opaque(args[1] as Socket);
        }
        return Reflect.apply(emit, server, args);
      };
      server.emit = watched;
    });
  }

  #adoptBy(adopt: (server: Server) => void): void {
    this.#adopt = (server) => {
      if (this.#adopted.has(server)) return;
      this.#adopted.add(server);
      this.#takes.set(server, takesOf(server));
      adopt(server);
    };
    this.#first = this.server;
    this.#adopt(this.#first);
  }

  /** How its connections are made of what is accepted. */
  get socketOptions(): SocketOptions {
    return socketOptionsOf(this.server);
  }

  /** Closes a connection that the server would not take beside `open` others; returns whether it did. */
  turnsAway(socket: Socket, open: number): boolean {
    return turnsAway(this.server, socket, open);
  }

  /**
   * Makes the server ready to be fed by `emit('connection')`, as each one that takes its place later. A limit that the
   * program left as it was is the engine's.
   */
  adopt(adoptionOf: (server: Server) => Adoption): void {
    this.#adoptBy((server) => this.#adoptHttp(server, adoptionOf(server)));
    if (this.#isProgram) return;
    letServersBeFed();
    const server = this.#first;
    this.#fed = new FedServer(server, told(NOWHERE));
    // Node starts its time limits and its list of connections only when a server has listened.
    for (const begin of this.#listeners('listening').node) Reflect.apply(begin, server, []);
  }

  #adoptHttp(server: Server, adoption: Adoption): void {
    const { engine, upgrade, refused, welcome, encrypts, secured, session, stream } = adoption;
    const plain = plainServer(server);
    const { keepAliveTimeout, requestTimeout } = { ...plain, ...this.#defaults };
    for (const name of ['headersTimeout', 'connectionsCheckingInterval'])
      if (Reflect.get(server, name) === Reflect.get(plain, name))
        Reflect.set(server, name, Reflect.get(engine, name));
    if (server.keepAliveTimeout === keepAliveTimeout) server.keepAliveTimeout = engine.keepAliveTimeout;
    // The engine checks it: Node answers 400, and then runs what comes behind.
    Reflect.set(server, 'requireHostHeader', false);
    if (server.requestTimeout === requestTimeout) server.requestTimeout = engine.requestTimeout;
    // What Node emits on servers of another kind alone is the program's own event on this one.
    const [ofHttp2, ofTls] = [isHttp2(server), isTls(server)];
    const isOfStream = ofHttp2 ? isRequestOfStream : () => false;
    const emit: Emit = server.emit;
    const pass: Emit = (...args) => Reflect.apply(emit, server, args);
    // Through emit() of the engine: tracing replaces that of http.Server's prototype to see requests begin.
    const handle: Emit = (event, request, response) => {
      if (event === 'checkContinue' && welcome !== null)
        welcome(request as IncomingMessage, response as ServerResponse);
      else if (event !== 'request') noteEvent(request as IncomingMessage, String(event));
      if (server !== this.#first) noteServer(request as IncomingMessage, server);
      return engine.emit('request', request as IncomingMessage, response as ServerResponse);
    };
    const takesHttp2: Emit = (event, first, ...rest) => {
      if (event === 'stream') {
        if (server !== this.#first) noteServer(first as object, server);
        return stream([first, ...rest] as unknown as StreamArguments);
      }
      session(first as ServerHttp2Session);
      return false;
    };
    server.emit = (...args: Parameters<Emit>) => {
      const [event, first, second] = args;
      switch (event) {
        case 'request':
        case 'checkContinue':
        case 'checkExpectation':
          return isOfStream(first) ? this.#callWithin(server, ...args) : handle(...args);
        case 'session':
        case 'stream':
          return (ofHttp2 && takesHttp2(...args)) || pass(...args);
        case 'upgrade':
        case 'connect':
          if (isOfStream(first)) return this.#callWithin(server, ...args);
          upgrade(first as IncomingMessage, second as Duplex, () => void pass(...args));
          return true;
        case 'clientError':
          if (refused === null) return pass(...args);
          refused(first as Error, second as Socket, () => void pass(...args));
          return true;
        case 'connection':
          prepare(first as Socket, server);
          if (ofTls) encrypts(first as Socket);
          return pass(...args);
        case 'secureConnection':
          if (ofTls) secured(innerSocket(first as Socket), first as Socket);
          return pass(...args);
        default:
          return pass(...args);
      }
    };
  }

  /** Calls its listeners for a request. Not by emit(), which would drop the promises of asynchronous ones, and their errors. */
  readonly handle = (request: IncomingMessage | StreamRequest, response: ServerResponse): unknown => {
    if (request instanceof StreamRequest) return this.#handleStream(request);
    const server = serverOf(request) ?? this.#first;
    const listeners = server.rawListeners(eventOf(request));
    const [only] = listeners;
    if (listeners.length === 1 && only !== undefined) return Reflect.apply(only, server, [request, response]);
    return together(callAll(server, listeners, [request, response]));
  };

  /** Its listeners of `stream`, among which is that of node:http2 which emits `request`, and others, for what it makes of the stream. */
  #handleStream({ args }: StreamRequest): unknown {
    const within: unknown[] = [];
    this.#returned = within;
    try {
      const server = serverOf(args[0]) ?? this.#first;
      const returned = callAll(server, server.rawListeners('stream'), args);
      return together([...returned, ...within]);
    } finally {
      this.#returned = null;
    }
  }

  #callWithin(server: Server, event: string | symbol, ...args: readonly unknown[]): boolean {
    const listeners = server.rawListeners(event);
    const returned = callAll(server, listeners, args);
    this.#returned?.push(...returned);
    return listeners.length > 0;
  }

  /** Makes it emit `listening`, with the addresses of `urls`; returns the URLs for clients. */
  opened(urls: readonly string[]): readonly string[] {
    if (!this.#isProgram) this.#tellListening(urls);
    return urls.map((url) => url.replace(/^http:/, `${this.#scheme}:`));
  }

  get #scheme(): string {
    if (this.isRaw) return this.isTls ? 'tls' : 'tcp';
    return this.isTls ? 'https' : 'http';
  }

  /** From now on the program learns of its connections, and `closed` is called when it closes its server. */
  feedBy(feeder: Omit<Feeder, 'replaced'>): void {
    this.#fed?.feedBy({ ...feeder, replaced: (server) => this.#adopt(server as Server) });
  }

  /** The worker ends: it emits `close`, unless the program has closed it itself. */
  end(): void {
    if (this.#fed === null) this.server.emit('close');
    else this.#fed.end();
  }

  #tellListening(urls: readonly string[]): void {
    const server = this.server;
    // Programs and frameworks expect an address of TCP, also of a service that has a Unix socket only.
    const tcp = urls.map(addressOf).find((address) => typeof address === 'object');
    this.#fed?.open(tcp ?? NOWHERE);
    for (const listener of this.#listeners('listening').program) Reflect.apply(listener, server, []);
  }

  /** The names of the options and listeners that the program set and that have no effect in a worker class. */
  withoutEffect(workerClass: 'sync' | 'thread'): readonly string[] {
    if (this.#by === 'framework') return [];
    const server = this.server;
    const plain = plainServer(server);
    const options = OPTIONS.filter((name) => Reflect.get(server, name) !== Reflect.get(plain, name));
    if (workerClass === 'sync') return options.filter((name) => OF_KEPT_CONNECTIONS.includes(name));
    const classes = CLASSES.filter((name) => behindSymbol(server, name) !== behindSymbol(plain, name));
    const events = EVENTS.filter((event) => this.#listeners(event).program.length > 0);
    return [...options, ...classes, ...events.map((event) => `its listener of '${event}'`)];
  }

  /** Node's own listeners of an event, and the program's. */
  #listeners(event: string) {
    const nodes = plainServer(this.server).rawListeners(event);
    const all = this.server.rawListeners(event);
    return {
      node: all.filter((listener) => nodes.includes(listener)),
      program: all.filter((listener) => !nodes.includes(listener)),
    };
  }
}

/** Whether node:http2 has made it of a stream. */
function isRequestOfStream(request: unknown): boolean {
  return (request as IncomingMessage).httpVersionMajor === 2;
}

function callAll(
  server: Server,
  listeners: readonly ReturnType<Server['rawListeners']>[number][],
  args: readonly unknown[],
): readonly unknown[] {
  return listeners.map((listener) => Reflect.apply(listener, server, args));
}

/** Such as "https.Server", for lines of the log. */
export function kindOf(server: object): string {
  if (!speaksHttp(server as Server)) return isTls(server) ? 'tls.Server' : 'net.Server';
  if (isHttp2(server)) return isTls(server) ? 'Http2SecureServer' : 'Http2Server';
  return isTls(server) ? 'https.Server' : 'http.Server';
}

/** Whether it ends TLS itself. */
function isTls(server: object): boolean {
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

const NOWHERE: AddressInfo = { address: '127.0.0.1', port: 0, family: 'IPv4' };

/** What `address()` of a server tells that listens at the URL. */
export function addressOf(url: string): AddressInfo | string {
  if (!url.startsWith('http')) return url.replace(/^unix:/, '');
  const { hostname, port } = new URL(url);
  const address = hostname.replace(/^\[|\]$/g, '');
  return { address, port: Number(port || 80), family: address.includes(':') ? 'IPv6' : 'IPv4' };
}

/** A server of the same kind with Node's defaults. */
function plainServer(server: Server): Server {
  if (isHttp2(server)) return plainHttp2(isTls(server));
  return isTls(server)
    ? process.getBuiltinModule('node:https').createServer()
    : process.getBuiltinModule('node:http').createServer();
}

function plainHttp2(isTls: boolean): Server {
  const http2 = process.getBuiltinModule('node:http2');
  const server: unknown = isTls ? http2.createSecureServer({ allowHTTP1: true }) : http2.createServer();
  return server as Server;
}

/** The promises among what listeners have returned, as one. */
function together(returned: readonly unknown[]): unknown {
  const promises = returned.filter(isThenable);
  return promises.length === 0 ? undefined : Promise.all(promises);
}
