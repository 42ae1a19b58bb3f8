import type { Server } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../support/clock.ts';
import type { Connections } from './connections.ts';
import { afterPoll, closeIfSilent, whenDue } from './deadlines.ts';

// Node itself finds requests that take too long to arrive and connections that are idle for too long. This file decides
// what happens to them.

/** How often Node checks for requests that take too long to arrive. */
const MORE_MS = 30_000;

/**
 * Closes kept connections that are idle for longer than the server's keepAliveTimeout, as Node would, but not one whose
 * next request has arrived while the event loop was blocked.
 */
export function closeIdleConnections(server: Server, connections: Connections): void {
  server.on('timeout', (socket) => {
    const flights = connections.requestsOn(socket);
    if (isSession(socket)) return flights.length === 0 ? socket.close() : socket.destroy();
    if (flights.length === 0) return closeIfSilent(socket);
    // The time limit is the application's own. As in Node, it destroys the connection if nothing listens for it.
    const isHeard = flights.some(
      ({ response }) =>
        response.listenerCount('timeout') > 0 ||
        (!response.req.complete && response.req.listenerCount('timeout') > 0),
    );
    if (!isHeard) socket.destroy();
  });
}

/** A server of node:http2 names the session that was silent for its `timeout`. */
function isSession(silent: Socket | ServerHttp2Session): silent is ServerHttp2Session {
  return 'goaway' in silent;
}

/** The server whose requests arrive, its connections and its clock. */
export interface Arrivals {
  readonly server: Server;
  readonly connections: Connections;
  readonly clock: Clock;
}

/**
 * Calls `refuse` for a request that has not arrived within Node's headersTimeout or requestTimeout, unless the next poll
 * of the sockets brings the rest. Node reports each request once. If the poll brings a part of the rest, the event loop
 * was late, and the request gets more time, once.
 */
export function judgeArrival(
  { server, connections, clock }: Arrivals,
  socket: Socket,
  refuse: () => void,
): void {
  const before = connections.progressOf(socket);
  afterPoll(() => {
    const after = connections.progressOf(socket);
    if (before === null || after === null || !socket.writable) return;
    const isOfNext = before.hasArrived;
    const hasHead = after.requests !== before.requests;
    if (after.hasArrived && (hasHead || !isOfNext)) return;
    const hasMoved = isOfNext ? hasHead : after.bytesRead > before.bytesRead;
    if (!hasMoved) return refuse();
    const restMs = server.requestTimeout - (clock.now() - after.sinceMs);
    const isStillSent = () => {
      const now = connections.progressOf(socket);
      return socket.writable && now?.requests === after.requests && !now.hasArrived;
    };
    whenDue(socket, Math.max(restMs, MORE_MS), clock, () => isStillSent() && refuse());
  });
}
