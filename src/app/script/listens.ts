import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { codeOf } from '../../support/errors.ts';
import { FedServer, fedServerOf } from './fed-server.ts';
import { bestOf, type Decided, judgeListen, type ServedAt, type Verdict } from './judge.ts';
import { type ListenCall, type ParsedListen, parseListen, placeOf } from './listen-call.ts';
import { overrideServerMethods } from './server-methods.ts';

/** What the listens of a program are judged by. */
export interface Service extends ServedAt {
  /** What a program is told of the address that it asked for with `call`. */
  readonly address: (call: ListenCall) => AddressInfo;
  /** Says one line to the operator. */
  readonly warn: (line: string) => void;
}

type State =
  | { readonly name: 'waiting' }
  | { readonly name: 'nothing'; readonly service: Service; readonly candidates: readonly Candidate[] }
  | { readonly name: 'server'; readonly service: Service; readonly fed: FedServer }
  | { readonly name: 'export'; readonly service: Service };

/** A server that is told that it listens, and that may be served. */
interface Candidate {
  readonly fed: FedServer;
  readonly call: ListenCall;
  readonly args: readonly unknown[];
  readonly listen: Listen;
}

type Listen = (...args: unknown[]) => Server;

/** The listens of a program: which of its servers is served, and what becomes of the others. */
export class Listens {
  /** Of all that the program asked for, in order, for lines of the log. */
  readonly #places: string[] = [];
  #state: State = { name: 'waiting' };
  #changed: () => void = () => {};

  /** From now on every listen() of this process is judged; before begin() all of them are node:net's. */
  constructor() {
    overrideServerMethods((server, args, listen) => this.#hear(server, args, listen));
  }

  /** Judges listens from now on; `changed` is called after each that may decide. */
  begin(service: Service, changed: () => void): void {
    this.#state = { name: 'nothing', service, candidates: [] };
    this.#changed = changed;
  }

  /** Such as "port 3000", of each listen that was seen. */
  get places(): readonly string[] {
    return this.#places;
  }

  /** The same as the end of a line of the log; empty where none was seen. */
  get summary(): string {
    return this.#places.length === 0 ? '' : `; it listened on ${this.#places.join(', ')}`;
  }

  /** The server that is served; null as long as none is. */
  get served(): FedServer | null {
    return this.#state.name === 'server' ? this.#state.fed : null;
  }

  /** How many servers may be served, none being it yet. */
  get candidates(): number {
    return this.#state.name === 'nothing' ? openOf(this.#state.candidates).length : 0;
  }

  /** No other candidate will come. Returns the places of the candidates where there is more than one. */
  decide(): readonly string[] {
    const state = this.#state;
    if (state.name !== 'nothing') return [];
    const [best, ...rivals] = bestOf(openOf(state.candidates));
    if (best === undefined) return [];
    if (rivals.length > 0) return [best, ...rivals].map(({ call }) => placeOf(call));
    this.#serve(state.service, best.fed, state.candidates);
    return [];
  }

  /** What the module exports is served, and no server of the program. */
  decideForExport(): void {
    const state = this.#state;
    if (state.name === 'nothing') this.#state = { name: 'export', service: state.service };
  }

  #hear(server: Server, args: readonly unknown[], listen: Listen): void {
    const parsed = parseListen(args);
    if (parsed === null || this.#state.name === 'waiting') return void listen(...args);
    const fed = fedServerOf(server);
    if (fed) return this.#again(fed, parsed);
    if (!isHttp(server)) {
      if (parsed.call.kind !== 'handle') this.#places.push(`${placeOf(parsed.call)} (not HTTP)`);
      return void listen(...args);
    }
    this.#judge(server, parsed, args, listen);
  }

  #judge(server: HttpServer, parsed: ParsedListen, args: readonly unknown[], listen: Listen): void {
    const state = this.#state;
    if (state.name === 'waiting') return;
    const { service } = state;
    const { call } = parsed;
    this.#places.push(placeOf(call));
    const verdict: Verdict = judgeListen(call, decidedOf(state), service);
    switch (verdict) {
      case 'beside':
        return listenBeside(server, args, listen);
      case 'taken':
        return failLater(server, call);
      case 'covered':
        if (state.name === 'export') service.warn(`${placeOf(call)}: ${LATE}`);
        return new FedServer(server, call, service.address(call)).listen(parsed);
    }
    const fed = new FedServer(server, call, service.address(call));
    fed.listen(parsed);
    if (state.name !== 'nothing') return;
    if (verdict === 'served') this.#serve(service, fed, state.candidates);
    else this.#state = { ...state, candidates: [...state.candidates, { fed, call, args, listen }] };
    this.#changed();
  }

  #serve(service: Service, fed: FedServer, candidates: readonly Candidate[]): void {
    this.#state = { name: 'server', service, fed };
    for (const other of candidates) if (other.fed !== fed) listenAfterAll(other);
  }

  #again(fed: FedServer, parsed: ParsedListen): void {
    if (!fed.isListening) return fed.listen(parsed);
    const message = 'Listen method has been called more than once without closing.';
    throw Object.assign(new Error(message), { code: 'ERR_SERVER_ALREADY_LISTEN' });
  }
}

function openOf(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ fed }) => fed.isListening);
}

const LATE =
  'the program listens after what its module exports was taken for the application, which is served in place of this server; name the export (module:export), or export nothing';

function decidedOf(state: Exclude<State, { readonly name: 'waiting' }>): Decided {
  switch (state.name) {
    case 'nothing':
      return { name: 'nothing', candidates: state.candidates.map(({ call }) => call) };
    case 'server':
      return { name: 'server', call: state.fed.call };
    case 'export':
      return { name: 'export' };
  }
}

/** By what node:http, node:https and node:http2 alone have; also for one of another copy of their classes. */
function isHttp(server: Server): server is HttpServer {
  return 'headersTimeout' in server || 'updateSettings' in server;
}

/** It really listens, as each worker does: a line says so where the address is taken. */
function listenBeside(server: Server, args: readonly unknown[], listen: Listen): void {
  watchEvents(server, false);
  listen(...args);
}

/** It was told already that it listens. */
function listenAfterAll({ fed, args, listen }: Candidate): void {
  const { server } = fed;
  if (!fed.isListening) return fed.release();
  fed.release();
  watchEvents(server, true);
  listen(...(typeof args.at(-1) === 'function' ? args.slice(0, -1) : args));
}

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

/** Until it listens or fails: its error says what is to be done; `listening` is not emitted where `isQuiet`. */
function watchEvents(server: Server, isQuiet: boolean): void {
  const emit: Emit = server.emit;
  const watched: Emit = (event, ...args) => {
    if (event !== 'listening' && event !== 'error') return Reflect.apply(emit, server, [event, ...args]);
    if (server.emit === watched) server.emit = emit;
    if (event === 'error') explainTaken(args[0]);
    else if (isQuiet) return true;
    return Reflect.apply(emit, server, [event, ...args]);
  };
  server.emit = watched;
}

const BESIDE =
  'the program listens there beside what is served, and each worker runs the program: listen there in one process alone (-w 1, or a service of its own), or on port 0';

function explainTaken(error: unknown): void {
  if (error instanceof Error && codeOf(error) === 'EADDRINUSE') error.message += `; ${BESIDE}`;
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
