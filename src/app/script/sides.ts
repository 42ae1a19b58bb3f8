import type { Server } from 'node:net';
import { resolve } from 'node:path';
import { removeAbandoned } from '../../listeners/stale.ts';
import type { HandedSide } from '../../process/ipc/boot-spec.ts';
import type { SocketAnswer } from '../../process/ipc/listening.ts';
import { receive, toPass } from '../../process/passed-socket.ts';
import { fs } from '../../support/builtins.ts';
import { codeOf } from '../../support/errors.ts';
import type { TellListen } from './asked-address.ts';
import { type Bound, bindCall } from './bind-call.ts';
import { closeOn } from './fed-server.ts';
import { isPrivate, type ListenCall, type ParsedListen, placeOf } from './listen-call.ts';
import { SideRequests, type SideStreams } from './side-drain.ts';

export interface SidesOptions {
  readonly handed: readonly HandedSide[];
  readonly tell: TellListen;
  /** Says one line to the operator. */
  readonly warn: (line: string) => void;
}

/** A listen() that is to be shared with the other workers. */
export interface SideListen {
  readonly server: Server;
  readonly parsed: ParsedListen;
  readonly args: readonly unknown[];
  /** node:net's own. */
  readonly listen: (...args: unknown[]) => Server;
  /** Whether the program has been told already that the server listens. */
  readonly isTold: boolean;
}

interface Ask {
  readonly side: SideListen;
  readonly call: Exclude<ListenCall, { readonly kind: 'handle' }>;
  readonly place: string;
  tries: number;
}

type State = 'bound' | 'told';

/** Another worker that has just bound the address has told the arbiter within this time. In milliseconds. */
const RETRY_MS = [20, 50, 100, 200, 400, 800, 1600, 1600];
/** Where no worker is known to have it: it may be free by now, or one has closed it and bound it anew. In milliseconds. */
const FREE_MS = [0, 20, 50];
/** The arbiter answers within this time, unless it is stopped or gone. */
const ANSWER_MS = 5000;

/**
 * The servers of this process that listen beside what is served. All workers share the socket of each: one binds it and
 * tells the arbiter, which hands it to the others.
 */
export class Sides {
  readonly #options: SidesOptions;
  readonly #handed: Map<string, number>;
  readonly #servers = new Map<Server, { readonly place: string; state: State }>();
  readonly #requests = new SideRequests();
  readonly #asked = new Map<number, { readonly ask: Ask; readonly cancel: () => void }>();
  /** Those that neither listen nor have failed yet, with what was asked for last. */
  readonly #starting = new Map<Server, SideListen>();
  #whenSettled: readonly (() => void)[] = [];
  #lastId = 0;

  constructor(options: SidesOptions) {
    this.#options = options;
    this.#handed = new Map(options.handed.map(({ place, fd }) => [place, fd]));
  }

  /** Lets the server listen, in place of node:net. */
  listen(side: SideListen): void {
    const { server, parsed, args, listen } = side;
    const { call, callback, signal } = parsed;
    if (call.kind === 'handle' || isPrivate(call)) return void listen(...args);
    if (callback !== null && !side.isTold) server.once('listening', callback);
    if (signal !== null) closeOn(signal, server);
    this.#starting.set(server, side);
    this.#resolve({ side, call, place: placeIn(call), tries: 0 });
  }

  /** Resolves when every server listens, or its error has been emitted. */
  settled(): Promise<void> {
    return new Promise((settle) => {
      if (this.#starting.size === 0) settle();
      else this.#whenSettled = [...this.#whenSettled, settle];
    });
  }

  #started(server: Server): void {
    this.#starting.delete(server);
    if (this.#starting.size > 0) return;
    const waiting = this.#whenSettled;
    this.#whenSettled = [];
    // node:net emits an error some ticks later.
    const settle = () => {
      for (const one of waiting) one();
    };
    setImmediate(() => setImmediate(settle));
  }

  /** The arbiter has answered; `socket` is the one that it gives. */
  answered({ id, answer, url }: SocketAnswer, socket: unknown): void {
    const asked = this.#asked.get(id);
    // It came too late. Node would read from it as from a connection, whose error nobody handles.
    if (asked === undefined) return receive(socket)?.close();
    this.#asked.delete(id);
    asked.cancel();
    const { ask } = asked;
    if (!this.#isWanted(ask)) return receive(socket)?.close();
    if (answer === 'given') return this.#listenOn(ask, socket, () => this.#sayElsewhere(ask, url));
    const waitMs = (answer === 'none' ? FREE_MS : RETRY_MS)[ask.tries];
    ask.tries++;
    if (waitMs === undefined) return this.#fail(ask);
    setTimeout(() => this.#attempt(ask), waitMs);
  }

  /** The program closes a server. Returns whether it was closed by drain(), and how far that is. */
  closed(server: Server): 'closing' | 'closed' | undefined {
    if (this.#starting.has(server)) {
      this.#started(server);
      process.nextTick(() => server.emit('close'));
      return 'closed';
    }
    const known = this.#servers.get(server);
    if (known === undefined) return this.#requests.drained(server);
    this.#servers.delete(server);
    if (known.state === 'told') this.#options.tell({ tsunicorn: 'released', place: known.place });
    return undefined;
  }

  /** Whether the server is still to listen, and has not been closed. */
  #isWanted({ side }: Ask): boolean {
    return this.#starting.get(side.server) === side;
  }

  /** Closes what the program was handed and does not use. */
  closeUnused(): void {
    for (const fd of this.#handed.values()) fs.closeSync(fd);
    this.#handed.clear();
  }

  /** What may go on for ever on the servers that drain() has closed. */
  get streams(): SideStreams {
    return this.#requests.streams;
  }

  /**
   * Stops accepting, since this worker ends. Returns what resolves when the requests are answered, or no
   * milliseconds are left.
   */
  drain(): (leftMs: () => number) => Promise<void> {
    const sinceMs = performance.now();
    const servers = [...this.#servers.keys()];
    // The arbiter is not told: the other workers listen on.
    this.#servers.clear();
    this.#requests.stopAccepting(servers);
    return (leftMs) => this.#requests.ended(leftMs, sinceMs);
  }

  #resolve(ask: Ask): void {
    const { call } = ask;
    const { isIP } = process.getBuiltinModule('node:net');
    if (call.kind === 'path' || call.host === null || isIP(call.host) > 0) return this.#attempt(ask);
    const { lookup } = process.getBuiltinModule('node:dns');
    lookup(call.host, (error, host) =>
      error ? this.#fail(ask) : this.#attempt({ ...ask, call: { ...call, host } }),
    );
  }

  #attempt(ask: Ask): void {
    if (!this.#isWanted(ask)) return;
    const { place, call } = ask;
    const handed = this.#handed.get(place);
    this.#handed.delete(place);
    if (handed !== undefined && !isReachable(call)) fs.closeSync(handed);
    else if (handed !== undefined) {
      return this.#listenOn(ask, handed, () =>
        this.#options.tell({ tsunicorn: 'took', place, role: 'side' }),
      );
    }
    let bound: Bound;
    try {
      bound = bindCall(call);
    } catch (error) {
      return codeOf(error) === 'EADDRINUSE' ? this.#taken(ask) : this.#fail(ask);
    }
    const socket = toPass(bound.fd);
    this.#listenOn(ask, bound.fd, () => {
      const known = this.#servers.get(ask.side.server);
      if (known) known.state = 'bound';
      // Whoever looks for a free port closes it again at once. The number may be another descriptor's then: what was made
      // of it here is left alone.
      setImmediate(() => {
        if (known?.state !== 'bound' || this.#servers.get(ask.side.server) !== known) return;
        known.state = 'told';
        this.#options.tell({ tsunicorn: 'bound', place, url: bound.url, role: 'side' }, socket);
      });
    });
  }

  /** Listens on a descriptor, or a socket that came through the channel. */
  #listenOn(ask: Ask, on: unknown, done: () => void): void {
    const { side, place } = ask;
    const { server, parsed, listen, isTold } = side;
    const restore = watchStart(server, isTold, (error) => {
      if (codeOf(error) !== 'EADDRINUSE') return false;
      // Another worker was a moment faster: two can bind an address, and one can listen.
      this.#ask(ask);
      return true;
    });
    listen(listenable(on, ask.call), ...(parsed.backlog === null ? [] : [parsed.backlog]));
    if (!server.listening) return;
    restore();
    // Of a descriptor node:net does not know the path.
    if (ask.call.kind === 'path') tellPath(server, ask.call.path);
    this.#servers.set(server, { place, state: 'told' });
    this.#requests.follow(server);
    this.#started(server);
    done();
  }

  /** The file of a Unix socket outlives the service: nobody may have it any more. */
  #taken(ask: Ask): void {
    const { call } = ask;
    if (call.kind !== 'path') return this.#ask(ask);
    void removeAbandoned(call.path).then((isFree) => (isFree ? this.#attempt(ask) : this.#ask(ask)));
  }

  #ask(ask: Ask): void {
    const { place, call } = ask;
    // In one process a second server fails.
    const isOwn = [...this.#servers].some(([server, known]) => known.place === place && server.listening);
    if (isOwn) return this.#fail(ask);
    this.#lastId++;
    const id = this.#lastId;
    const timer = setTimeout(() => {
      this.#asked.delete(id);
      this.#fail(ask);
    }, ANSWER_MS);
    this.#asked.set(id, { ask, cancel: () => clearTimeout(timer) });
    const port = call.kind === 'port' ? call.port : null;
    this.#options.tell({ tsunicorn: 'wanted', place, port, id });
  }

  /** node:net tries it, and tells the program why it cannot listen. */
  #fail(ask: Ask): void {
    if (!this.#isWanted(ask)) return;
    const { side } = ask;
    const { server, args, listen, parsed, isTold } = side;
    watchStart(server, isTold, () => false);
    listen(...(parsed.callback === null ? args : args.slice(0, -1)));
    this.#started(server);
  }

  #sayElsewhere({ place, call }: Ask, url: string | null): void {
    if (call.kind !== 'port' || url === null) return;
    const { hostname } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    if (call.host === host || (call.host === null && (host === '::' || host === '0.0.0.0'))) return;
    this.#options.warn(
      `${place}: the service listens at ${url} already, which this server shares; restart the service to move it`,
    );
  }
}

/** Programs remove the file of a Unix socket before they listen, after which nobody reaches the old one. */
function isReachable(call: Ask['call']): boolean {
  return call.kind !== 'path' || call.path.startsWith('\0') || fs.existsSync(call.path);
}

function tellPath(server: Server, path: string): void {
  const address = () => (server.listening ? path : null);
  Object.defineProperty(server, 'address', { value: address, writable: true, configurable: true });
}

function placeIn(call: Exclude<ListenCall, { readonly kind: 'handle' }>): string {
  return call.kind === 'path' && !call.path.startsWith('\0') ? resolve(call.path) : placeOf(call);
}

/** What node:net takes for a descriptor, together with what was asked for, or for a socket that was received. */
function listenable(on: unknown, call: Ask['call']): unknown {
  if (typeof on === 'number')
    return call.kind === 'port' ? { fd: on, port: call.port, host: call.host } : { fd: on, path: call.path };
  // Of a Unix socket node:net takes the number, which libuv refuses while Node reads from it.
  receive(on);
  return on;
}

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

/**
 * Until the server listens or fails: `failed` may keep its error, and `listening` is not emitted where `isTold`. Returns
 * what ends the watch for errors.
 */
function watchStart(server: Server, isTold: boolean, failed: (error: unknown) => boolean): () => void {
  const emit: Emit = server.emit;
  const end = () => {
    if (server.emit === watched) server.emit = emit;
  };
  const watched: Emit = (event, ...args) => {
    if (event !== 'listening' && event !== 'error') return Reflect.apply(emit, server, [event, ...args]);
    end();
    if (event === 'error' ? failed(args[0]) : isTold) return true;
    return Reflect.apply(emit, server, [event, ...args]);
  };
  server.emit = watched;
  return () => {
    if (!isTold) end();
  };
}
