import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FlightTable } from '../flights/table.ts';
import type { HandshakeOutcome } from '../metrics/catalogue.ts';

/**
 * Called for each request before the application gets it; all observers become one function when the server is made.
 * `nowMs` is when the request came, by the clock: read once for all, since that is what most observers cost.
 */
export type Observer = (request: IncomingMessage, response: ServerResponse, nowMs: number) => void;

/** Counts the requests of a server. */
export interface RequestCount {
  /** Returns a function that counts each request while `handle` answers it, and records it in the table meanwhile. */
  around(handle: Observer, flights: FlightTable | null): Observer;
  /** A request was refused: by Node with an error of this code, or by us with QUEUE_TIMEOUT or QUEUE_FULL. */
  refused(code: string): void;
  /** A client has begun a handshake of TLS, which ended in this way. */
  handshake(outcome: HandshakeOutcome): void;
}

/** One observer that calls these in turn. */
export function fold(observers: readonly Observer[]): Observer {
  const [first, second, ...rest] = observers;
  if (first === undefined) return () => {};
  if (second === undefined) return first;
  const then = fold([second, ...rest]);
  return (request, response, nowMs) => {
    first(request, response, nowMs);
    then(request, response, nowMs);
  };
}

/** `handle` for requests to the path, `others` for others; null is no path. */
export function except(path: string | null, handle: Observer, others: Observer): Observer {
  if (path === null) return others;
  const prefix = `${path}?`;
  return (request, response, nowMs) => {
    const { url = '' } = request;
    const chosen = url === path || url.startsWith(prefix) ? handle : others;
    chosen(request, response, nowMs);
  };
}
