import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Application } from '../app/application.ts';
import { isMalformed, settleFault } from '../app/client-fault.ts';
import type { OwnServer } from '../app/own-server.ts';
import type { FlightTable } from '../flights/table.ts';
import type { AccessLog } from '../log/access-log.ts';
import type { Clock } from '../support/clock.ts';
import { isThenable } from '../support/thenable.ts';
import { closeIdleConnections } from './arrival.ts';
import type { Connections } from './connections.ts';
import { afterAnswer, isLast } from './in-turn.ts';
import { lingerWhileSent } from './linger.ts';
import { noteFlights } from './note-flights.ts';
import { answerRefused, handRefused, type SayRefused } from './refusals.ts';

/**
 * What looks at each request before the application does; folded into one function when the server is made. `nowMs` is
 * of the clock: one reading for all, as it is the dearest thing that most of them do.
 */
export type Observer = (request: IncomingMessage, response: ServerResponse, nowMs: number) => void;

/** Answers a request whose handler threw or rejected; something may have been sent before. */
export type AnswerFailure = (error: unknown, request: IncomingMessage, response: ServerResponse) => void;

export interface HttpServerOptions {
  readonly application: Application;
  readonly connections: Connections;
  readonly observers: readonly Observer[];
  /** Notes the requests in flight, where the access log does not. */
  readonly flights?: FlightTable | null;
  /** 0 closes each connection after its answer. */
  readonly keepAliveMs: number;
  /** How long a request may take altogether; it may take five minutes to arrive where this is shorter, or 0. */
  readonly requestMs?: number;
  /** An error that the application threw or rejected with while it handled `request`. */
  readonly onError: (error: unknown, request: IncomingMessage) => void;
  /** Where it is null, the answer is a plain 500. */
  readonly answerFailure?: AnswerFailure | null;
  /** Gets a line for each request that Node refuses itself, which no handler sees. */
  readonly onRefused?: SayRefused;
  /** Gets what no observer sees: upgrades, CONNECT, and what is answered past the application. */
  readonly accessLog?: Pick<AccessLog, 'observeTunnel' | 'answeredPast' | 'observeRefusal'> | null;
  readonly clock: Clock;
}

/** A request that has not arrived whole after this is answered with 408, as slow clients are no less costly for being many. */
const ARRIVAL_MS = 300_000;

/**
 * The HTTP engine over one application: a server of ours, or the application's own. It never listens itself: the gate
 * accepts and feeds it connections by `emit('connection')`, so that one engine serves every bind and accepting can be
 * paused.
 */
export function createHttpServer(options: HttpServerOptions): Server {
  const { application, connections, onRefused, accessLog = null, clock } = options;
  const engine = createEngine(options);
  if (application.own) return adopt(application.own, engine, options);
  closeIdleConnections(engine, connections);
  if (onRefused) answerRefused({ server: engine, connections, clock }, onRefused, accessLog);
  const change = switcher(options);
  engine.on('connect', (request, socket) => change(request, socket, () => refuseOn(socket, NO_TUNNELS)));
  if (application.upgrade) engine.on('upgrade', upgradeListener(options));
  // Node starts its header and request time limits only when a server has listened.
  engine.emit('listening');
  return engine;
}

/** The application's own server, with what ours does; what the program listens to is its own to answer. */
function adopt(own: OwnServer, engine: Server, options: HttpServerOptions): Server {
  const { connections, onRefused = () => {}, accessLog = null, clock } = options;
  const { server } = own;
  const arrivals = { server, connections, clock };
  const isHeard = (event: string) => server.listenerCount(event) > 0;
  const refused = isHeard('clientError') ? handRefused(arrivals, onRefused, accessLog) : null;
  if (refused === null) answerRefused(arrivals, onRefused, accessLog);
  if (!isHeard('connect')) server.on('connect', (_request, socket) => refuseOn(socket, NO_TUNNELS));
  if (!isHeard('timeout')) closeIdleConnections(server, connections);
  own.adopt({
    engine,
    upgrade: switcher(options),
    refused,
    encrypts: (socket) => connections.expectTls(socket),
    secured: (socket, secure) => connections.secured(socket, secure),
  });
  return server;
}

function createEngine(options: HttpServerOptions): Server {
  // An ESM import of node:http evaluates all of its exports, undici among them: 30 ms and 19 MB.
  const http = process.getBuiltinModule('node:http');
  return http.createServer(
    {
      keepAliveTimeout: options.keepAliveMs,
      requestTimeout: Math.max(ARRIVAL_MS, options.requestMs ?? 0),
      noDelay: true,
    },
    requestListener(options),
  );
}

function requestListener(options: HttpServerOptions) {
  const { application, connections, observers, flights, keepAliveMs, onError, answerFailure, clock } =
    options;
  const { handler, doubt } = application;
  const look = doubt?.result;
  const note: Observer = (request, response, nowMs) => connections.note(request, response, nowMs);
  const all: Observer[] = [note, lingerWhileSent(clock), ...observers];
  if (keepAliveMs === 0) all.push(closeBehind);
  const observe = fold(all);
  const handle: Observer = (request, response, nowMs) => {
    const { socket } = request;
    const earlier = connections.latestOn(socket);
    observe(request, response, nowMs);
    if (earlier === null || earlier.writableEnded) run(request, response);
    else afterAnswer(earlier, socket, () => run(request, response));
  };
  const begin = flights ? noteFlights(flights, handle) : handle;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const earlier = connections.latestOn(request.socket);
    if (earlier === null || !isLast(earlier)) begin(request, response, clock.now());
  };
  return keepAliveMs === 0 ? firstAlone(listener) : listener;

  function run(request: IncomingMessage, response: ServerResponse): void {
    try {
      const returned = handler(request, response);
      if (isThenable(returned))
        returned.then(look && ((result) => lookAt(result, request, response)), (error) =>
          fail(error, request, response),
        );
      else look?.(returned, response);
    } catch (error) {
      fail(error, request, response);
    }
  }

  function lookAt(result: unknown, request: IncomingMessage, response: ServerResponse): void {
    try {
      look?.(result, response);
    } catch (error) {
      fail(error, request, response);
    }
  }

  function fail(thrown: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (settleFault(thrown, request, response)) return;
    const error = doubt ? doubt.failure(thrown, request, response) : thrown;
    onError(error, request);
    if (answerFailure) answerFailure(error, request, response);
    else answerError(response);
  }
}

/** On a socket of which a request has been handled. */
const SERVED = Symbol('served');

/**
 * Where each answer closes its connection, nothing that was pipelined behind a request may run (RFC 9112, 9.6): its
 * client gets no answer and sends it again.
 */
function firstAlone(listener: RequestListener): RequestListener {
  return (request, response) => {
    const socket: Socket & { [SERVED]?: true } = request.socket;
    if (socket[SERVED]) return;
    // Not in a WeakSet, for the reason that Connections gives.
    socket[SERVED] = true;
    // An application may have said `Connection: keep-alive` all the same, as Hono does for events.
    response.once('finish', () => {
      if (!socket.writableEnded) socket.destroySoon();
    });
    listener(request, response);
  };
}

/** Not by a header, which the application would find among its own. */
function closeBehind(_request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

function fold(observers: readonly Observer[]): Observer {
  const [first, second, ...rest] = observers;
  if (first === undefined) return () => {};
  if (second === undefined) return first;
  const then = fold([second, ...rest]);
  return (request, response, nowMs) => {
    first(request, response, nowMs);
    then(request, response, nowMs);
  };
}

/** A plain answer where nothing was sent yet; otherwise the connection is cut, so that the client sees it is not whole. */
export function answerError(
  response: ServerResponse,
  status = 500,
  headers: Readonly<Record<string, string>> = {},
  text = process.getBuiltinModule('node:http').STATUS_CODES[status],
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) if (name !== 'connection') response.removeHeader(name);
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(`${text}\n`);
}

function upgradeListener(options: HttpServerOptions) {
  const { application } = options;
  const change = switcher(options);
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    change(request, socket, () => application.upgrade?.(request, socket, head));
}

/** Of CONNECT: without a listener Node cuts the connection. */
const NO_TUNNELS = '501 Not Implemented';

function refuseOn(socket: Duplex, status: string): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Hands a connection over to another protocol; `hand` calls the application. */
function switcher({ connections, onError, accessLog }: HttpServerOptions) {
  return (request: IncomingMessage, duplex: Duplex, hand: () => void): void => {
    // The engine is fed with sockets of node:net alone, and of node:tls.
    const socket = duplex as Socket;
    const earlier = connections.latestOn(socket);
    if (earlier === null || (earlier.writableEnded && !isLast(earlier))) return change();
    // Node listens to it no more.
    const ignore = () => {};
    socket.on('error', ignore);
    afterAnswer(earlier, socket, () => {
      socket.off('error', ignore);
      change();
    });

    function change(): void {
      connections.noteUpgrade(request, socket);
      accessLog?.observeTunnel(request, socket);
      try {
        hand();
      } catch (error) {
        if (isMalformed(error, request)) return refuseOn(socket, '400 Bad Request');
        onError(error, request);
        socket.destroy();
      }
    }
  };
}
