import type { AddressInfo, Server } from 'node:net';
import { isIP } from 'node:net';
import { speaksHttp } from '../speaks-http.ts';
import { type Claim, told } from './claim.ts';
import { FedServer, fedServerOf } from './fed-server.ts';
import { bestOf, type Decided, judgeListen, type ServedAt, type Verdict } from './judge.ts';
import { isPrivate, type ListenCall, type ParsedListen, parseListen, placeOf } from './listen-call.ts';
import { overrideServerMethods } from './server-methods.ts';
import type { Sides } from './sides.ts';

/** What the listens of a program are judged by. */
export interface Service extends ServedAt {
  /** The ports of the sockets that the service has. */
  readonly held: readonly number[];
  /** What a server gets that listens with `call`, and may be served. Throws the system's error. */
  readonly claim: (call: ListenCall) => Claim;
  /** What a program is told of the address that it asked for with `call`, where another server is served. */
  readonly address: (call: ListenCall) => AddressInfo;
  /** Lets servers listen beside the one that is served; null in a trial load, in which nothing is bound for them. */
  readonly sides: Sides | null;
  /** Says one line to the operator. */
  readonly warn: (line: string) => void;
}

type State =
  | { readonly name: 'waiting' }
  | { readonly name: 'nothing'; readonly service: Service; readonly candidates: readonly Candidate[] }
  | {
      readonly name: 'server';
      readonly service: Service;
      readonly fed: FedServer;
      readonly call: ListenCall;
      readonly by: Reason;
      readonly isFinal: boolean;
    }
  | { readonly name: 'export'; readonly service: Service; readonly by: Reason };

/** Why it is served: its address or the setting says so, or nothing else had come up by then. */
type Reason = 'named' | 'only';

/** A server that is told that it listens, and that may be served. */
interface Candidate {
  readonly fed: FedServer;
  readonly call: ListenCall;
  readonly parsed: ParsedListen;
  readonly args: readonly unknown[];
  readonly listen: Listen;
}

type Listen = (...args: unknown[]) => Server;

/** The listens of a program: which of its servers is served, and what becomes of the others. */
export class Listens {
  /** Of all that the program asked for, in order, for lines of the log. Each once: a program may listen again and again. */
  readonly #places = new Set<string>();
  /** Of the listens that failed: what was asked for, by the error that the program got. */
  readonly #failures = new WeakMap<object, string>();
  #state: State = { name: 'waiting' };
  #changed: () => void = () => {};

  /** From now on every listen() of this process is judged; before begin() all of them are node:net's. */
  constructor() {
    overrideServerMethods({
      listen: (server, args, listen) => this.#hear(server, args, listen),
      closed: (server) => this.#sides?.closed(server),
    });
  }

  /** Judges listens from now on; `changed` is called after each that may decide. */
  begin(service: Service, changed: () => void): void {
    this.#state = { name: 'nothing', service, candidates: [] };
    this.#changed = changed;
  }

  /** As begin(), where an export is served and nothing else can be. */
  beginBeside(sides: Sides, warn: Service['warn']): void {
    const address = () => NOWHERE;
    const service: Service = {
      ...{ ports: [], held: [], listenPort: null, sides, warn, address },
      claim: () => told(NOWHERE),
    };
    this.#state = { name: 'export', service, by: 'named' };
  }

  /** Such as "port 3000", of the listens that were seen. */
  get places(): readonly string[] {
    return [...this.#places];
  }

  /** The same as the end of a line of the log; empty where none was seen. */
  get summary(): string {
    return this.#places.size === 0 ? '' : `; it listened on ${this.places.join(', ')}`;
  }

  /** Where the program asked for the address that it did not get, by the error that tells it. */
  failedAt(error: unknown): string | null {
    return isObject(error) ? (this.#failures.get(error) ?? null) : null;
  }

  get #sides(): Sides | null {
    return this.#state.name === 'waiting' ? null : this.#state.service.sides;
  }

  /** The server that is served; null as long as none is. */
  get served(): FedServer | null {
    return this.#state.name === 'server' ? this.#state.fed : null;
  }

  /** What the program asked for with the listen() that is served; null as long as none is. */
  get servedCall(): ListenCall | null {
    return this.#state.name === 'server' ? this.#state.call : null;
  }

  /** How many servers may be served, none being it yet. */
  get candidates(): number {
    return this.#state.name === 'nothing' ? openOf(this.#state.candidates).length : 0;
  }

  /** Whether nothing may be served yet but a server that is told that it listens on that port. */
  isOnly(port: number): boolean {
    if (this.#state.name !== 'nothing') return false;
    const open = openOf(this.#state.candidates);
    return open.length === 1 && open[0]?.fed.address?.port === port;
  }

  /** It has been told that it listens: returns whether it is still what is served, and then it is for good. */
  confirm(fed: FedServer): boolean {
    this.#forgetProbe();
    const state = this.#state;
    if (state.name !== 'server' || state.fed !== fed) return false;
    this.#state = { ...state, isFinal: true };
    return true;
  }

  /** A program that looks for a free port closes its server as soon as that listens. */
  #forgetProbe(): void {
    const state = this.#state;
    if (state.name !== 'server' || state.isFinal || state.fed.isListening) return;
    // Where nothing but the program names the address, the arbiter has been told of it.
    if (state.service.ports.length === 0) return;
    state.fed.release();
    this.#state = { name: 'nothing', service: state.service, candidates: [] };
  }

  /** No other candidate will come. Returns the places of the candidates where there is more than one. */
  decide(): readonly string[] {
    const state = this.#state;
    if (state.name !== 'nothing') return [];
    const [best, ...rivals] = bestOf(openOf(state.candidates));
    if (best === undefined) return [];
    if (rivals.length > 0) return [best, ...rivals].map(({ call }) => placeOf(call));
    this.#serve(state.service, best, state.candidates, 'only');
    return [];
  }

  /** What the module exports is served, and no server of the program. */
  decideForExport(): void {
    const state = this.#state;
    if (state.name === 'nothing') this.#state = { name: 'export', service: state.service, by: 'only' };
  }

  #hear(server: Server, args: readonly unknown[], listen: Listen): void {
    this.#forgetProbe();
    const parsed = parseListen(args);
    if (parsed === null || this.#state.name === 'waiting') return void listen(...args);
    const fed = fedServerOf(server);
    if (fed && !this.#isForgotten(fed)) return fed.listenAgain(parsed);
    const { call } = parsed;
    if (!speaksHttp(server) && !this.#isAskedFor(call))
      return this.#listenWithoutHttp(server, parsed, args, listen);
    if (call.kind !== 'port' || call.host === null || isIP(call.host))
      return this.#judge(server, parsed, args, listen);
    this.#lookUp(server, call.host, (host) =>
      this.#judge(server, { ...parsed, call: { ...call, host } }, args, listen),
    );
  }

  /** A server that does not speak HTTP is served only where the settings name its port. */
  #isAskedFor(call: ListenCall): boolean {
    const state = this.#state;
    return state.name === 'nothing' && call.kind === 'port' && call.port === state.service.listenPort;
  }

  /** Whoever looks for a free port may do so by a server that is not HTTP, and finds the one of the service free. */
  #listenWithoutHttp(server: Server, parsed: ParsedListen, args: readonly unknown[], listen: Listen): void {
    const { call } = parsed;
    if (this.#state.name === 'waiting' || call.kind === 'handle') return void listen(...args);
    const { service } = this.#state;
    const served = call.kind === 'port' && call.port !== 0 ? `; --listen-port ${call.port} serves it` : '';
    this.#places.add(`${placeOf(call)} (not HTTP${served})`);
    if (call.kind === 'port' && call.port !== 0 && service.held.includes(call.port))
      return new FedServer(server, told(service.address(call))).listen(parsed);
    this.#listenBeside(server, parsed, args, listen);
  }

  /** Node's own listen() looks a name up, too, but does not tell what it found. */
  #lookUp(server: Server, name: string, found: (host: string) => void): void {
    process.getBuiltinModule('node:dns').lookup(name, (error, host) => {
      if (error) server.emit('error', error);
      else found(host);
    });
  }

  /** A candidate that the program has closed again: it may ask for something else now. */
  #isForgotten(fed: FedServer): boolean {
    const state = this.#state;
    if (state.name !== 'nothing' || fed.isListening) return false;
    const candidates = state.candidates.filter((candidate) => candidate.fed !== fed);
    if (candidates.length === state.candidates.length) return false;
    this.#state = { ...state, candidates };
    fed.release();
    return true;
  }

  #judge(server: Server, parsed: ParsedListen, args: readonly unknown[], listen: Listen): void {
    const state = this.#state;
    if (state.name === 'waiting') return;
    const { service } = state;
    const { call } = parsed;
    this.#places.add(placeOf(call));
    // One that does not speak HTTP may look for a free port, and close at once.
    const at = speaksHttp(server) ? service : { ports: [], listenPort: null };
    const verdict: Verdict = judgeListen(call, decidedOf(state), at);
    switch (verdict) {
      case 'beside':
        if (state.name !== 'nothing' && state.by === 'only' && !isPrivate(call))
          service.warn(`${placeOf(call)}: ${LATER}`);
        return this.#listenBeside(server, parsed, args, listen);
      case 'taken':
        this.#watchFailure(server, placeOf(call));
        return failLater(server, call);
      case 'covered':
        if (state.name === 'export') service.warn(`${placeOf(call)}: ${LATE}`);
        if (state.name === 'server' && state.by === 'only' && !isSamePort(call, state.call))
          service.warn(`${placeOf(call)}: ${TOO_LATE}`);
        return new FedServer(server, told(service.address(call))).listen(parsed);
    }
    const claim = this.#claim(server, call, args, listen);
    if (claim === null) return;
    const fed = new FedServer(server, claim);
    fed.listen(parsed);
    if (state.name !== 'nothing') return;
    if (verdict === 'served') this.#serve(service, { fed, call }, state.candidates, 'named');
    else this.#state = { ...state, candidates: [...state.candidates, { fed, call, parsed, args, listen }] };
    this.#changed();
  }

  #serve(
    service: Service,
    { fed, call }: Pick<Candidate, 'fed' | 'call'>,
    candidates: readonly Candidate[],
    by: Reason,
  ): void {
    fed.serve();
    this.#state = { name: 'server', service, fed, call, by, isFinal: false };
    for (const other of candidates) if (other.fed !== fed) this.#listenAfterAll(other);
  }

  /** Null if node:net tells the program why it cannot have the address. */
  #claim(server: Server, call: ListenCall, args: readonly unknown[], listen: Listen): Claim | null {
    if (this.#state.name === 'waiting') return null;
    try {
      return this.#state.service.claim(call);
    } catch {
      this.#watchFailure(server, placeOf(call));
      listen(...args);
      return null;
    }
  }

  #listenBeside(server: Server, parsed: ParsedListen, args: readonly unknown[], listen: Listen): void {
    if (this.#state.name === 'waiting') return;
    const { sides, address } = this.#state.service;
    const { call } = parsed;
    if (sides === null && call.kind !== 'handle' && !isPrivate(call))
      return new FedServer(server, told(address(call))).listen(parsed);
    this.#watchFailure(server, placeOf(call));
    if (sides === null) listen(...args);
    else sides.listen({ server, parsed, args, listen, isTold: false });
  }

  /** It was told already that it listens. */
  #listenAfterAll({ fed, call, parsed, args, listen }: Candidate): void {
    const { server, claim } = fed;
    const wasListening = fed.isListening;
    fed.release();
    // Its claim was dropped when it closed, and the number of the descriptor may be another's by now.
    if (!wasListening) return;
    this.#watchFailure(server, placeOf(call));
    // It keeps the port that it was told.
    const held = isPrivate(call) ? claim.handOn() : claim.drop();
    if (held) return listenQuietly(server, listen, [held]);
    const silent = typeof args.at(-1) === 'function' ? args.slice(0, -1) : args;
    if (this.#sides === null || isPrivate(call)) return listenQuietly(server, listen, silent);
    this.#sides.listen({ server, parsed, args, listen, isTold: true });
  }

  /** Remembers the error with which the server does not listen. */
  #watchFailure(server: Server, place: string): void {
    // Not by a listener: without one of the program's own the error is to end it.
    const emit: Emit = server.emit;
    const watched: Emit = (event, ...rest) => {
      if (ENDS_OF_LISTENING.includes(event) && server.emit === watched) server.emit = emit;
      const [error] = rest;
      if (event === 'error' && isObject(error)) this.#failures.set(error, place);
      return Reflect.apply(emit, server, [event, ...rest]);
    };
    server.emit = watched;
  }
}

/** Nobody is told it. */
const NOWHERE: AddressInfo = { address: '127.0.0.1', port: 0, family: 'IPv4' };

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function openOf(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ fed }) => fed.isListening);
}

function isSamePort(one: ListenCall, other: ListenCall): boolean {
  return one.kind === 'port' && other.kind === 'port' && one.port === other.port;
}

const TOO_LATE =
  'this HTTP server listens after another one was taken, which is served there in its place; name the port of the one that is meant with --listen-port';

const LATER =
  'this HTTP server listens after it was decided what is served, and is beside that; if it is what is to be served, name its port with --listen-port';

const LATE =
  'the program listens after what its module exports was taken for the application, which is served in place of this server; name the export (module:export), or export nothing';

function decidedOf(state: Exclude<State, { readonly name: 'waiting' }>): Decided {
  switch (state.name) {
    case 'nothing':
      return { name: 'nothing', candidates: openOf(state.candidates).map(({ call }) => call) };
    case 'server':
      return { name: 'server', call: state.call };
    case 'export':
      return { name: 'export' };
  }
}

const ENDS_OF_LISTENING: readonly (string | symbol)[] = ['listening', 'error', 'connection'];

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

/** The program has been told already that the server listens. */
function listenQuietly(server: Server, listen: Listen, args: readonly unknown[]): void {
  const emit: Emit = server.emit;
  const quiet: Emit = (event, ...rest) => {
    if (event === 'listening' || event === 'error') server.emit = emit;
    return event === 'listening' || Reflect.apply(emit, server, [event, ...rest]);
  };
  server.emit = quiet;
  listen(...args);
}

/** As node:net tells that another server of the process has the address. */
function failLater(server: Server, call: ListenCall): void {
  const port = call.kind === 'port' ? call.port : undefined;
  const address = call.kind === 'port' ? (call.host ?? '::') : undefined;
  const message = `listen EADDRINUSE: address already in use ${address}:${port}`;
  const error = Object.assign(new Error(message), {
    code: 'EADDRINUSE',
    errno: -98,
    syscall: 'listen',
    address,
    port,
  });
  process.nextTick(() => server.emit('error', error));
}
