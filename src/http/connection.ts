import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Census } from '../log/records/record.ts';
import { isEventStream, type LongLived } from './drain/long-lived.ts';
import type { Flight } from './flight.ts';
import type { Session } from './session.ts';

/** The property of a socket, or of a session of HTTP/2, that holds its Connection. */
export const CONNECTION = Symbol('connection');

export interface Marked {
  [CONNECTION]?: Connection | undefined;
}

export type Tracked = Socket & Marked;

/** In place of the latest response of a connection that rests: the real one and its request take 2 KB. */
export const ANSWERED = Object.freeze({
  ...{ headersSent: true, writableEnded: true, writableFinished: true, _last: false },
  req: Object.freeze({ complete: true }),
}) as unknown as ServerResponse;

/** What is known of one connection of a worker. */
export interface Connection {
  /** The socket that speaks HTTP. On a TLS connection it is not the accepted socket. */
  socket: Tracked;
  /** Whether the TLS handshake still runs, during which no HTTP may be written. */
  isHandshaking: boolean;
  /** Its index in the list of all connections. */
  at: number;
  latest: ServerResponse | null;
  /** How many requests of HTTP/1 have come. */
  requests: number;
  /** When the latest request came; before the first, when the connection did. */
  sinceMs: number;
  /** Requests that were pipelined before the latest and not yet answered when it came. */
  earlier: Flight[] | null;
  /** Present once it speaks HTTP/2; what is of HTTP/1 (`latest`, `earlier`) then stays empty. */
  session: Session | null;
  /** How many of the bytes read stood before HTTP, as the header of a proxy does. */
  preamble: number;
  /** How many bytes had been written when the client asked for a WebSocket; Infinity for another protocol, null for none. */
  webSocketFrom: number | null;
}

/** A connection that was just accepted, at that index in the list of all. */
export function createConnection(socket: Socket, at: number): Connection {
  return {
    socket,
    isHandshaking: false,
    at,
    latest: null,
    requests: 0,
    sinceMs: performance.now(),
    earlier: null,
    session: null,
    preamble: 0,
    webSocketFrom: null,
  };
}

/** The requests in flight, in the order in which they came. */
export function flightsOf({ latest, sinceMs, earlier, session }: Connection): readonly Flight[] {
  if (session !== null) return session.flights;
  const all = [...(earlier ?? []), ...(latest ? [{ response: latest, sinceMs }] : [])];
  return all.filter(({ response }) => !response.writableFinished);
}

/** The WebSocket on it, or the event streams that have begun. */
export function longLivedOf(connection: Connection): readonly LongLived[] {
  const { socket, latest, session, webSocketFrom } = connection;
  if (session !== null) return session.flights.flatMap(({ response }) => eventsOf(socket, response, false));
  // Until its handshake is answered, a WebSocket is a request like any other.
  if (webSocketFrom !== null)
    return socket.bytesWritten > webSocketFrom ? [{ kind: 'webSocket', socket }] : [];
  // Requests may have been pipelined behind a stream.
  const [first] = flightsOf(connection);
  return first === undefined ? [] : eventsOf(socket, first.response, first.response === latest);
}

function eventsOf(socket: Socket, response: ServerResponse, isLast: boolean): readonly LongLived[] {
  return isEventStream(response) ? [{ kind: 'events', socket, response, isLast }] : [];
}

/** What it waits for, as an operator is told. */
export function stageOf(connection: Connection): keyof Census {
  const { latest, session, webSocketFrom } = connection;
  if (webSocketFrom !== null) return 'webSockets';
  if (session?.isUsed) return session.size > 0 ? 'answering' : 'idle';
  if (latest === null) return isSilent(connection) ? 'silent' : 'sendingHeaders';
  return latest.writableFinished ? 'idle' : 'answering';
}

/** Whether its client has sent nothing itself; what a proxy has said of it does not count. */
export function isSilent({ socket, preamble }: Connection): boolean {
  return socket.bytesRead <= preamble;
}

/** Whether nothing was read from it and nothing was written to it. */
export function isUnread(connection: Connection): boolean {
  const { socket, latest, session, webSocketFrom, isHandshaking } = connection;
  if (latest !== null || session !== null || webSocketFrom !== null || isHandshaking) return false;
  return isSilent(connection) && socket.bytesWritten === 0;
}

/** Whether its client has not finished its first head. */
export function hasNoHead({ latest, session, webSocketFrom }: Connection): boolean {
  return latest === null && session?.isUsed !== true && webSocketFrom === null;
}

/** The request whose body has not arrived whole; null where there is none, or its answer has begun and not ended. */
export function receivedOn({ latest, webSocketFrom }: Connection): IncomingMessage | null {
  if (latest === null || webSocketFrom !== null || latest.req.complete || isBeingWritten(latest)) return null;
  return latest.req;
}

/** Such an answer may be written as the body comes, and the client may wait for a part of either. */
function isBeingWritten({ headersSent, writableEnded }: ServerResponse): boolean {
  return headersSent && !writableEnded;
}

/** Whether it has had a request and waits for another. */
export function isResting(connection: Connection): boolean {
  const { latest, session } = connection;
  return session?.isResting ?? (latest !== null && isIdle(connection));
}

/** Whether it waits for a request: see Connections.idle(). */
export function isIdle(connection: Connection): boolean {
  const { latest, earlier, session, webSocketFrom } = connection;
  if (webSocketFrom !== null) return false;
  if (session !== null) return session.isIdle;
  if (latest === null) return isSilent(connection);
  return latest.writableFinished && latest.req.complete && stillOpen(earlier).length === 0;
}

/** A request has come, whose answer is `response`. */
export function begin(connection: Connection, response: ServerResponse, nowMs: number): void {
  const { latest, sinceMs } = connection;
  if (latest === null || latest.writableFinished) connection.earlier = null;
  else keepOpen(connection, { response: latest, sinceMs });
  connection.latest = response;
  connection.requests++;
  connection.sinceMs = nowMs;
}

/** Adds one that is not answered yet, and drops those that are: they stand in front, as answers are sent in order. */
function keepOpen(connection: Connection, flight: Flight): void {
  connection.earlier ??= [];
  const { earlier } = connection;
  while (earlier[0]?.response.writableFinished) earlier.shift();
  earlier.push(flight);
}

function stillOpen(flights: readonly Flight[] | null): readonly Flight[] {
  return flights?.filter(({ response }) => !response.writableFinished) ?? [];
}
