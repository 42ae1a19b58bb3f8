import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream, ServerOptions } from 'node:http2';
import type { Socket } from 'node:net';
import { noteEvent } from '../../app/request-event.ts';
import { rawHeaderOf } from '../../support/raw-header.ts';
import { whenDue } from '../deadlines.ts';
import { FAULTS, type Fault } from '../edge/fault.ts';
import { type EdgeLimits, headOptions, NO_LIMITS } from '../edge/limits.ts';
import { compileScan, isFault } from '../edge/scan.ts';
import { noteFlights } from '../note-flights.ts';
import { fold, type Observer } from '../observer.ts';
import { Refusals } from '../refusals.ts';
import { createRunner } from '../runner.ts';
import { type HttpServerOptions, named, policyOf, sayerOf, transportStrictly } from '../server.ts';
import { endWhereBroken } from './end-broken.ts';
import { Messages, type StreamsUser } from './messages.ts';
import { keepStreamsMoving } from './pace-streams.ts';
import { keepForStreams, SessionKeeper } from './session-keeper.ts';
import type { StreamSocket } from './stream-socket.ts';

/** Serves connections whose clients speak HTTP/2. */
export interface Http2Engine {
  /** `socket`, plain or secured, is in the Connections already, and nothing of it was read that was not put back. */
  serve(socket: Socket): void;
}

/** How many requests of a session may be under way. */
const STREAMS = 100;
/** `:method`, `:path`, `:scheme` and `:authority`. */
const PSEUDO_FIELDS = 4;
/** What Node takes as no limit. */
const MANY_FIELDS = 2 ** 20;
/** How long a client may go on sending after it got its answer. */
const LINGER_MS = 5000;
// RFC 9113, 7
const REFUSED_STREAM = 7;

/**
 * HTTP/2 over one application, beside the engine of HTTP/1 and with the same options. Each stream becomes a request and a
 * response of HTTP/1, so that applications of every kind run over it. The requests of a connection run side by side, and
 * what ends one of them leaves the others alone.
 */
export function createHttp2Engine(options: HttpServerOptions): Http2Engine {
  const { connections, limits = NO_LIMITS, keepAliveMs, clock } = options;
  const http2 = process.getBuiltinModule('node:http2');
  const server = http2.createServer(optionsFor(limits));
  const entrance = createEntrance();
  const refusals = new Refusals({
    server: entrance,
    connections,
    clock,
    say: sayerOf(options),
    accessLog: options.accessLog ?? null,
  });
  server.on('session', (session) => {
    connections.speaksHttp2(session);
    endWhereBroken(session);
    keepForStreams(session);
    if (keepAliveMs === 0) connections.sessionOf(session.socket as Socket)?.leaveAtRest();
  });
  noteErrors(server, refusals, connections);
  server.on('stream', streamListener(options, entrance, refusals));
  keepStreamsMoving({ connections, limits, keepAliveMs, refusals, clock });
  return {
    serve(socket) {
      // As Node's own server of HTTP/2 accepts them: a client that has ended its side has gone.
      socket.allowHalfOpen = false;
      server.emit('connection', socket);
    },
  };
}

function optionsFor(limits: EdgeLimits): ServerOptions {
  const { maxHeaderSize = process.getBuiltinModule('node:http').maxHeaderSize } = headOptions(limits);
  // One more than is allowed, which is then refused by an answer. Beyond that Node resets the stream.
  const pairs = limits.fields === Infinity ? MANY_FIELDS : limits.fields + 1;
  return {
    settings: { maxConcurrentStreams: STREAMS, maxHeaderListSize: maxHeaderSize },
    maxHeaderListPairs: pairs + PSEUDO_FIELDS,
    // As with HTTP/1, an application may repeat a field.
    strictSingleValueFields: false,
  };
}

/** Requests come through emit() of a server of HTTP/1, since tracing replaces that of its prototype to see them begin. */
function createEntrance(): Server {
  return process.getBuiltinModule('node:http').createServer();
}

function streamListener(options: HttpServerOptions, entrance: Server, refusals: Refusals) {
  const { connections, limits = NO_LIMITS, onError, clock } = options;
  const handle = handlerOf(options, refusals);
  entrance.on('request', handle);
  const keeper = new SessionKeeper();
  const user: StreamsUser = {
    limit: limits.body,
    refuse: (request, response, fault) => refusals.refuseStreamBody(request, response, fault),
    lingers: (socket) => linger(socket, clock),
    failed: onError,
  };
  return (
    stream: ServerHttp2Stream,
    _headers: unknown,
    _flags: number,
    rawHeaders: readonly string[] = [],
  ): void => {
    const carrier = carrierFor(stream.session, options);
    // It has ended before it was told of, alone or with its connection: both may have come in one packet.
    if (carrier === null) {
      stream.on('error', () => {});
      return stream.close(REFUSED_STREAM);
    }
    keeper.keep(stream, carrier);
    const messages = new Messages(stream, rawHeaders, carrier, user);
    const { request, response } = messages;
    messages.ended = connections.openStream(carrier, response, clock.now());
    entrance.emit('request', request, response);
    messages.called();
  };
}

function carrierFor(session: object | undefined, { connections }: HttpServerOptions): Socket | null {
  return session ? connections.socketOf(session) : null;
}

/** RFC 9113, 8.1: the client is asked to send no more. */
function linger(socket: StreamSocket, clock: HttpServerOptions['clock']): void {
  whenDue(socket as unknown as Socket, LINGER_MS, clock, () => void socket.destroy());
}

function handlerOf(options: HttpServerOptions, refusals: Refusals): RequestListener {
  const {
    application,
    observers,
    flights = null,
    count,
    clock,
    trace = null,
    requestIdHeader = null,
    hsts = null,
  } = options;
  const run = createRunner(options);
  const observe = fold(observers);
  const all: Observer = (request, response, nowMs) => {
    observe(request, response, nowMs);
    run(request, response);
  };
  const noted = count?.around(all, flights) ?? noteFlights(flights, all);
  const strict = hsts === null ? noted : transportStrictly(hsts, noted);
  const begun = requestIdHeader === null ? strict : named(requestIdHeader, strict);
  const begin = trace?.(begun) ?? begun;
  const judge = judgeOf(options);
  return (request, response) => {
    const nowMs = clock.now();
    const fault = judge(request);
    if (fault !== null) return refusals.refuseStream(request, response, fault, nowMs);
    // To ask Node for the headers would make it parse them.
    if (rawHeaderOf(request.rawHeaders, 'expect') !== null)
      answerExpectation(request, response, application.own?.server);
    begin(request, response, nowMs);
  };
}

/** The check of HTTP/1, which the messages have the shape of. */
function judgeOf(options: HttpServerOptions): (request: IncomingMessage) => Fault | null {
  const scan = compileScan(policyOf(options), (major) => major === 2);
  return (request) => {
    const verdict = scan(request);
    if (isFault(verdict)) return verdict;
    return request.method === 'CONNECT' ? FAULTS.tunnel : null;
  };
}

/** As Node does: a program may want to answer itself. */
function answerExpectation(
  request: IncomingMessage,
  response: ServerResponse,
  own: Server | undefined,
): void {
  const isContinue = request.headers.expect?.toLowerCase() === '100-continue';
  const event = isContinue ? 'checkContinue' : 'checkExpectation';
  if (own !== undefined && own.listenerCount(event) > 0) noteEvent(request, event);
  else if (isContinue) response.writeContinue();
}

/** What breaks the protocol is refused by Node, which tells nobody else. */
function noteErrors(
  server: Http2Server,
  refusals: Refusals,
  connections: HttpServerOptions['connections'],
): void {
  server.on('sessionError', (error: Error, session: ServerHttp2Session) => {
    const socket = connections.socketOf(session);
    if (socket !== null && Reflect.get(error, 'code') === 'ERR_HTTP2_ERROR')
      refusals.noteSession(socket, error);
  });
}
