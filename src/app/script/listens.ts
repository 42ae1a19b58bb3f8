import type { AddressInfo, Server } from 'node:net';
import { isIP } from 'node:net';
import { isHttp2, speaksHttp } from '../speaks-http.ts';
import { type Claim, told } from './claim.ts';
import { FedServer, fedServerOf } from './fed-server.ts';
import { bestOf, type Decided, judgeListen, type ServedAt, type Verdict } from './judge.ts';
import { isPrivate, type ListenCall, type ParsedListen, parseListen, placeOf } from './listen-call.ts';
import { failLater, type Listen, listenQuietly, watchFailure } from './node-listen.ts';
import { reaches, type Target } from './own-requests.ts';
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
      readonly asked: Asked;
      readonly by: Reason;
      readonly isFinal: boolean;
    }
  | { readonly name: 'export'; readonly service: Service; readonly by: Reason };

/** Why it is served: its address or the setting says so, or nothing else had come up by then. */
type Reason = 'named' | 'only';

/** A call of listen(). */
interface Asked {
  readonly call: ListenCall;
  readonly parsed: ParsedListen;
  readonly args: readonly unknown[];
  /** node:net's own. */
  readonly listen: Listen;
}

/** A server that is told that it listens, and that may be served. */
interface Candidate extends Asked {
  readonly fed: FedServer;
}

/** The listens of a program: which of its servers is served, and what becomes of the others. */
export class Listens {
  /** Of all that the program asked for, in order, for lines of the log. Each once: a program may listen again and again. */
  readonly #places = new Set<string>();
  /** Of the listens that failed: what was asked for, by the error that the program got. */
  readonly #failures = new WeakMap<object, string>();
  /** Those that are told that they listen where another one is served. */
  readonly #covered = new Set<FedServer>();
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
    return typeof error === 'object' && error !== null ? (this.#failures.get(error) ?? null) : null;
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
    return this.#state.name === 'server' ? this.#state.asked.call : null;
  }

  /** How many servers may be served, none being it yet. */
  get candidates(): number {
    return this.#state.name === 'nothing' ? openOf(this.#state.candidates).length : 0;
  }

  /** Whether a client that connects there reaches what is served or, before that is known, the only one that may be. */
  isReachedBy(target: Target): boolean {
    const state = this.#state;
    if (state.name === 'server') return reaches(target, state.fed.address);
    if (state.name !== 'nothing') return false;
    const [only, ...others] = openOf(state.candidates);
    return only !== undefined && others.length === 0 && reaches(target, only.fed.address);
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
    const { call } = parsed;
    if (fed && !this.#isForgotten(fed)) {
      if (fed === this.served) this.#sayMoved(call);
      return fed.listenAgain(parsed);
    }
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
    if (state.name !== 'nothing' && (state.name !== 'server' || !state.fed.isClosed)) return false;
    return call.kind === 'port' && call.port === state.service.listenPort;
  }

  /** The server that is served listens again, and asks for another port. */
  #sayMoved(call: ListenCall): void {
    const state = this.#state;
    if (state.name !== 'server' || call.kind !== 'port' || call.port === 0) return;
    if (isSamePort(call, state.asked.call) || state.service.ports.includes(call.port)) return;
    state.service.warn(`${placeOf(call)}: ${MOVED} ${placeOf(state.asked.call)}`);
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

  /** One that the program has closed again and that is not what is served: it may ask for something else now. */
  #isForgotten(fed: FedServer): boolean {
    const state = this.#state;
    if (!fed.isClosed || fed.isFed || fed === this.served) return false;
    this.#covered.delete(fed);
    if (state.name === 'nothing')
      this.#state = { ...state, candidates: state.candidates.filter((candidate) => candidate.fed !== fed) };
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
    const verdict: Verdict = judgeListen(call, decidedOf(state, server), at);
    const asked: Asked = { call, parsed, args, listen };
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
        return this.#cover(server, asked, service);
      case 'next':
        return this.#moveTo(server, asked);
    }
    const claim = this.#claim(server, call, args, listen);
    if (claim === null) return;
    const fed = new FedServer(server, claim);
    fed.listen(parsed);
    if (state.name !== 'nothing') return;
    if (verdict === 'served') this.#serve(service, { fed, ...asked }, state.candidates, 'named');
    else this.#state = { ...state, candidates: [...state.candidates, { fed, ...asked }] };
    this.#changed();
  }

  #serve(service: Service, { fed, ...asked }: Candidate, candidates: readonly Candidate[], by: Reason): void {
    fed.serve(() => this.#heir());
    this.#state = { name: 'server', service, fed, asked, by, isFinal: false };
    for (const other of candidates) if (other.fed !== fed) this.#listenAfterAll(other);
  }

  #cover(server: Server, { call, parsed }: Asked, service: Service): void {
    const fed = new FedServer(server, told(service.address(call)));
    this.#covered.add(fed);
    fed.listen(parsed);
  }

  /** A twin that listens on when the server is closed that is served. */
  #heir(): Server | null {
    const { served } = this;
    const twin = [...this.#covered].find(
      ({ isListening, server }) => isListening && served !== null && isSameKind(server, served.server),
    );
    if (twin === undefined) return null;
    this.#covered.delete(twin);
    return twin.server;
  }

  /** Serves another server of the program in place of the one that was served, which it has closed or which was taken for want of it. */
  #moveTo(server: Server, asked: Asked): void {
    const state = this.#state;
    if (state.name !== 'server') return;
    const { fed, service, asked: before } = state;
    const { server: old, isListening } = fed;
    fed.moveTo(server, asked.parsed);
    this.#state = { ...state, asked, by: 'named' };
    if (!isListening) return;
    service.warn(`${placeOf(asked.call)}: ${LATER_ON_PORT} ${placeOf(before.call)}`);
    this.#listenToldBeside(old, before);
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
  #listenAfterAll({ fed, ...asked }: Candidate): void {
    const { server, claim } = fed;
    const { call, listen } = asked;
    const wasListening = fed.isListening;
    fed.release();
    // Its claim was dropped when it closed, and the number of the descriptor may be another's by now.
    if (!wasListening) return;
    // It keeps the port that it was told.
    const held = isPrivate(call) ? claim.handOn() : claim.drop();
    if (!held) return this.#listenToldBeside(server, asked);
    this.#watchFailure(server, placeOf(call));
    listenQuietly(server, listen, [held]);
  }

  #listenToldBeside(server: Server, { call, parsed, args, listen }: Asked): void {
    this.#watchFailure(server, placeOf(call));
    const silent = typeof args.at(-1) === 'function' ? args.slice(0, -1) : args;
    if (this.#sides === null || isPrivate(call)) return listenQuietly(server, listen, silent);
    this.#sides.listen({ server, parsed, args, listen, isTold: true });
  }

  /** Remembers the error with which the server does not listen. */
  #watchFailure(server: Server, place: string): void {
    watchFailure(server, (error) => this.#failures.set(error, place));
  }
}

/** Nobody is told it. */
const NOWHERE: AddressInfo = { address: '127.0.0.1', port: 0, family: 'IPv4' };

function openOf(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ fed }) => fed.isListening);
}

/** Whether one can take the place of the other while the worker serves. */
function isSameKind(one: Server, other: Server): boolean {
  return speaksHttp(one) === speaksHttp(other) && isHttp2(one) === isHttp2(other);
}

function isSamePort(one: ListenCall, other: ListenCall): boolean {
  return one.kind === 'port' && other.kind === 'port' && one.port === other.port;
}

const LATER_ON_PORT =
  'this HTTP server listens after another one was taken, and is served there from now on; the other one is beside that, on';

const MOVED =
  'the server that is served has closed and asks for another port now; it is served where it was, as it was first on';

const LATER =
  'this HTTP server listens after it was decided what is served, and is beside that; if it is what is to be served, name its port with --listen-port';

const LATE =
  'the program listens after what its module exports was taken for the application, which is served in place of this server; name the export (module:export), or export nothing';

/** What is known when `server` is to listen. */
function decidedOf(state: Exclude<State, { readonly name: 'waiting' }>, server: Server): Decided {
  switch (state.name) {
    case 'nothing':
      return { name: 'nothing', candidates: openOf(state.candidates).map(({ call }) => call) };
    case 'server': {
      const { fed, asked, by } = state;
      const { call } = asked;
      // Another one cannot take its place.
      if (!isSameKind(server, fed.server)) return { name: 'server', call, isClosed: false, by: 'named' };
      return { name: 'server', call, isClosed: fed.isClosed, by };
    }
    case 'export':
      return { name: 'export' };
  }
}
