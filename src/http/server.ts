import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Application } from '../app/application.ts';
import { isMalformed } from '../app/client-fault.ts';
import type { Adoption, OwnServer } from '../app/own-server.ts';
import type { FlightTable } from '../flights/table.ts';
import type { AccessLog } from '../log/access-log.ts';
import type { Clock } from '../support/clock.ts';
import { isEncrypted } from '../support/is-encrypted.ts';
import { requestIdOf } from '../support/request-id.ts';
import { setLasting } from './answer-error.ts';
import { closeIdleConnections } from './arrival.ts';
import type { Connections } from './connections.ts';
import { guardChunks } from './edge/chunked.ts';
import type { Fault } from './edge/fault.ts';
import type { Forwarding } from './edge/forwarded.ts';
import { type EdgeLimits, headOptions, NO_LIMITS } from './edge/limits.ts';
import { refuseOn } from './edge/refused.ts';
import { compileScan, isFault, type Policy } from './edge/scan.ts';
import { endWhereBroken } from './http2/end-broken.ts';
import { keepForStreams } from './http2/session-keeper.ts';
import { afterAnswer, endBehind, inTurn, isLast } from './in-turn.ts';
import { lingerWhileSent } from './linger.ts';
import { noteFlights, noteTunnel } from './note-flights.ts';
import { fold, type Observer, type RequestCount } from './observer.ts';
import { keepPace } from './pace.ts';
import { handErrors, Refusals, refuseErrors, type SayRefused, statusText } from './refusals.ts';
import { createRunner, type RunnerOptions } from './runner.ts';
import { streamListener } from './streams.ts';

export interface HttpServerOptions extends RunnerOptions {
  readonly application: Application;
  readonly connections: Connections;
  readonly observers: readonly Observer[];
  /** Notes the requests in flight, where the access log does not. */
  readonly flights?: FlightTable | null;
  /** The header by which each answer names its request. */
  readonly requestIdHeader?: string | null;
  /** The header Strict-Transport-Security of answers over TLS; absent or null where there is none. */
  readonly hsts?: string | null;
  /** Returns what makes a span of each request; absent or null where nothing does. */
  readonly trace?: ((handle: Observer) => Observer) | null;
  /** Counts requests, and what is refused. */
  readonly count?: RequestCount | null;
  /** 0 closes each connection after its answer. */
  readonly keepAliveMs: number;
  /** How long a request may take altogether, 0 for no limit. It may take five minutes to arrive even where this is shorter. */
  readonly requestMs?: number;
  /** What requests may be; without it there is no limit but those of Node. */
  readonly limits?: EdgeLimits;
  /** How the headers of trusted proxies are read; without it nobody is believed. */
  readonly forwarding?: Forwarding;
  /** Logs each request that is refused, which no handler sees. */
  readonly onRefused?: SayRefused;
  /** Records what no observer sees: upgrades, CONNECT, and answers that are not the application's. */
  readonly accessLog?: Pick<
    AccessLog,
    'observe' | 'observeTunnel' | 'answeredPast' | 'observeRefusal'
  > | null;
  readonly clock: Clock;
}

/** A request that has not arrived whole after this is answered with 408. */
const ARRIVAL_MS = 300_000;

/** How often Node looks for requests that take too long to arrive. */
const CHECK_MS = 1000;

/**
 * The HTTP engine over one application: a server of ours, or the application's own. It never listens itself: the gate
 * accepts and feeds it connections by `emit('connection')`, so that one engine serves every bind and accepting can be
 * paused.
 */
export function createHttpServer(options: HttpServerOptions): Server {
  const { application, connections, clock } = options;
  const { own } = application;
  if (own?.isRaw) return feedRaw(own, connections);
  const policy = policyOf(options);
  const server = own?.server;
  const engine = createEngine(options);
  const refusals = new Refusals({
    server: server ?? engine,
    connections,
    clock,
    say: sayerOf(options),
    accessLog: options.accessLog ?? null,
  });
  const edge = { policy, refusals };
  engine.on('request', requestListener(options, edge));
  keepPace({ connections, limits: policy.limits, refusals, clock });
  if (own) return adopt(own, engine, options, edge);
  closeIdleConnections(engine, connections);
  refuseErrors({ server: engine, connections, clock }, refusals);
  answerExpectations(engine, policy);
  const change = switcher(options, edge);
  engine.on('connect', (request, socket) =>
    change(request, socket, () => refuseOn(socket, NO_TUNNELS, request.socket, clock)),
  );
  if (application.upgrade) engine.on('upgrade', upgradeListener(options, edge));
  // Node starts its header and request time limits only when a server has listened.
  engine.emit('listening');
  return engine;
}

/** What stands before the application. */
interface Edge {
  readonly policy: Policy;
  readonly refusals: Refusals;
}

/** The policy that requests of an application have to meet. */
export function policyOf({
  application: { own },
  limits = NO_LIMITS,
  forwarding,
}: HttpServerOptions): Policy {
  return {
    limits,
    forwarding: forwarding ?? null,
    // Asked anew each time: a program may close its server and let another one listen.
    requiresHost: () => own?.takes.hostless !== true,
    takesExpectations: () => own?.takes.expectations === true,
  };
}

function answerExpectations(engine: Server, policy: Policy): void {
  const welcome = welcomer(policy);
  engine.on('checkContinue', (request, response) => {
    welcome(request, response);
    engine.emit('request', request, response);
  });
  engine.on('checkExpectation', (request, response) => engine.emit('request', request, response));
}

/** A request that is refused must not be told before that its body is welcome, as Node would tell it. */
function welcomer(policy: Policy): RequestListener {
  const scan = compileScan(policy);
  return (request, response) => {
    if (!isFault(scan(request))) response.writeContinue();
  };
}

/** Has `checkContinue` emitted, also where the program does not listen to it. A stream of HTTP/2 is treated as Node does. */
function hearExpectations(server: Server): void {
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
}

/** Nothing but its connections is known of a server that does not speak HTTP. */
function feedRaw(own: OwnServer, connections: Connections): Server {
  own.adoptRaw((socket) => connections.speaksOther(socket));
  return own.server;
}

/** Makes the application's own server do what ours does, except for events that the program itself listens to. */
function adopt(own: OwnServer, engine: Server, options: HttpServerOptions, edge: Edge): Server {
  const { connections, clock } = options;
  const { policy, refusals } = edge;
  const common = {
    engine,
    upgrade: switcher(options, edge),
    encrypts: (socket) => connections.expectTls(socket),
    secured: (socket, secure) => connections.secured(socket, secure),
    session: (session) => {
      connections.speaksHttp2(session);
      endWhereBroken(session);
      keepForStreams(session);
    },
    stream: streamListener(options, policy, refusals),
  } satisfies Partial<Adoption>;
  own.adopt((server) => {
    const arrivals = { server, connections, clock };
    const isHeard = (event: string) => server.listenerCount(event) > 0;
    const refused = isHeard('clientError') ? handErrors(arrivals, refusals) : null;
    if (refused === null) refuseErrors(arrivals, refusals);
    const welcome = isHeard('checkContinue') ? null : welcomer(policy);
    if (welcome !== null) hearExpectations(server);
    // Without a listener Node answers 417 itself, and goes on with what comes behind.
    if (!isHeard('checkExpectation')) server.on('checkExpectation', () => {});
    // That of a stream is answered by Node.
    if (!own.isHttp2 && !isHeard('connect'))
      server.on('connect', (request, socket) => refuseOn(socket, NO_TUNNELS, request.socket, clock));
    if (!isHeard('timeout')) closeIdleConnections(server, connections);
    return { ...common, refused, welcome };
  });
  return own.server;
}

/** What is to be told of each request that is refused. */
export function sayerOf({ onRefused, count }: HttpServerOptions): SayRefused {
  return (line, fields) => {
    count?.refused(fields.error);
    onRefused?.(line, fields);
  };
}

function createEngine(options: HttpServerOptions): Server {
  // An ESM import of node:http evaluates all of its exports, undici among them: 30 ms and 19 MB.
  const http = process.getBuiltinModule('node:http');
  const { limits = NO_LIMITS } = options;
  const engine = http.createServer({
    ...headOptions(limits),
    headersTimeout: limits.headMs,
    connectionsCheckingInterval: CHECK_MS,
    keepAliveTimeout: options.keepAliveMs,
    requestTimeout: Math.max(ARRIVAL_MS, options.requestMs ?? 0, limits.headMs),
    noDelay: true,
    // Node answers 400 without it, and then runs what comes behind. It is checked with the rest.
    requireHostHeader: false,
    ...upgradesOf(options.application),
  });
  // Beyond its own limit Node drops fields without a word.
  engine.maxHeadersCount = limits.fields === Infinity ? 0 : limits.fields + 1;
  return engine;
}

/** Node asks this before it takes a connection from HTTP. */
function upgradesOf({ own, takesUpgrade }: Application): ServerOptions {
  return own === undefined && takesUpgrade ? { shouldUpgradeCallback: takesUpgrade } : {};
}

function requestListener(options: HttpServerOptions, { policy, refusals }: Edge) {
  const {
    connections,
    observers,
    flights = null,
    count,
    keepAliveMs,
    clock,
    trace = null,
    requestIdHeader = null,
    hsts = null,
  } = options;
  const run = createRunner(options);
  const note: Observer = (request, response, nowMs) => connections.note(request, response, nowMs);
  const all: Observer[] = [note, lingerWhileSent(clock), ...observers];
  if (keepAliveMs === 0) all.push(closeBehind);
  const observe = fold(all);
  const handle: Observer = (request, response, nowMs) => {
    const { socket } = request;
    const earlier = connections.latestOn(socket);
    observe(request, response, nowMs);
    if (earlier === null || earlier.writableEnded) run(request, response);
    else inTurn(earlier, response, socket, () => run(request, response));
  };
  const noted = count?.around(handle, flights) ?? noteFlights(flights, handle);
  const scan = compileScan(policy);
  const chunked = {
    limit: policy.limits.body,
    refuse: (request: IncomingMessage, fault: Fault) => refusals.refuseBody(request, fault),
  };
  const strict = hsts === null ? noted : transportStrictly(hsts, noted);
  const begun = requestIdHeader === null ? strict : named(requestIdHeader, strict);
  // The first of all, so that whatever looks for the trace of a request finds our span.
  const begin = trace?.(begun) ?? begun;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    const earlier = connections.latestOn(socket);
    // Nothing can be answered on a connection whose side of ours has ended, as after a refusal.
    if ((earlier !== null && isLast(earlier)) || socket.writableEnded) return;
    const verdict = scan(request);
    if (verdict !== null) {
      if (isFault(verdict)) return refusals.refuse(request, response, verdict, clock.now());
      if (verdict.isChunked) guardChunks(request, chunked);
      if (verdict.isSwitching) endWith(response);
    }
    begin(request, response, clock.now());
  };
  return keepAliveMs === 0 ? firstAlone(listener) : listener;
}

/** Before the request is noted anywhere, so that its id is, too. */
export function named(header: string, handle: Observer): Observer {
  return (request, response, nowMs) => {
    setLasting(response, header, requestIdOf(request));
    handle(request, response, nowMs);
  };
}

/** RFC 6797, 7.2: over TLS alone. */
export function transportStrictly(value: string, handle: Observer): Observer {
  return (request, response, nowMs) => {
    if (isEncrypted(request.socket)) setLasting(response, 'Strict-Transport-Security', value);
    handle(request, response, nowMs);
  };
}

/** The property of a socket on which a request has been handled. */
const SERVED = Symbol('served');

/**
 * Where each answer closes its connection, a request that was pipelined behind another must not run (RFC 9112, 9.6):
 * its client gets no answer and sends it again.
 */
function firstAlone(listener: RequestListener): RequestListener {
  return (request, response) => {
    const socket: Socket & { [SERVED]?: true } = request.socket;
    if (socket[SERVED]) return;
    // Not in a WeakSet, for the reason given in Connections.
    socket[SERVED] = true;
    // The application may have set `Connection: keep-alive` nevertheless, as Hono does for event streams.
    response.once('finish', () => {
      if (!socket.writableEnded) socket.destroySoon();
    });
    listener(request, response);
  };
}

/** A part of what its client has sent behind the request may be missing, so nothing of that may run. */
function endWith(response: ServerResponse): void {
  response.shouldKeepAlive = false;
  endBehind(response);
}

/** Not by a header, which the application would see among its own. */
function closeBehind(_request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

function upgradeListener(options: HttpServerOptions, edge: Edge) {
  const { application } = options;
  const change = switcher(options, edge);
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    change(request, socket, () => application.upgrade?.(request, socket, head));
}

/** The answer to CONNECT. Without a listener Node would cut the connection. */
const NO_TUNNELS = '501 Not Implemented';

/** Hands a connection over to another protocol; `hand` calls the application. */
function switcher(
  { application, connections, onError, accessLog, flights, clock }: HttpServerOptions,
  { policy, refusals }: Edge,
) {
  const scan = compileScan(policy);
  return (request: IncomingMessage, duplex: Duplex, hand: () => void): void => {
    // Not `duplex`, which is a stream of its own where the request has a body that is still being sent.
    const { socket } = request;
    if (socket.writableEnded) return;
    const earlier = connections.latestOn(socket);
    if (earlier === null || (earlier.writableEnded && !isLast(earlier))) return change();
    // Node listens to it no more.
    const ignore = () => {};
    const leave = () => void socket.destroy();
    duplex.on('error', ignore).once('end', leave);
    afterAnswer(earlier, socket, () => {
      duplex.off('error', ignore).off('end', leave);
      change();
    });

    function change(): void {
      connections.noteUpgrade(request, socket);
      // First, as it finds out whose request it is.
      const fault = scan(request);
      if (accessLog) accessLog.observeTunnel(request, socket);
      else if (flights) noteTunnel(flights, request, socket);
      if (isFault(fault)) {
        refusals.note(request, fault);
        return refuseOn(duplex, statusText(fault.status), socket, clock);
      }
      try {
        if (application.within) application.within(request, duplex, hand);
        else hand();
      } catch (error) {
        if (isMalformed(error, request)) return refuseOn(duplex, '400 Bad Request', socket, clock);
        onError(error, request);
        duplex.destroy();
      }
    }
  };
}
