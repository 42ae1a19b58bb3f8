import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FlightTable } from '../flights/table.ts';
import { onAnswer } from '../log/on-answer.ts';
import { clientOf } from '../support/origin.ts';
import { knownIdOf, traceParentOf } from '../support/request-id.ts';

/** Handles a request that came at `nowMs` of performance.now(). */
type Handle = (request: IncomingMessage, response: ServerResponse, nowMs: number) => void;

/** Returns a function that records each request in the table while `handle` answers it; `handle` itself without a table. */
export function noteFlights(table: FlightTable | null, handle: Handle): Handle {
  if (table === null) return handle;
  return (request, response, nowMs) => {
    const slot = openFlight(table, request, nowMs);
    handle(request, response, nowMs);
    // Many are answered at once, and a listener on each response costs as much as the rest of the record.
    if (isSent(response)) {
      table.close(slot);
      return;
    }
    noteClient(table, slot, request);
    response.on('close', () => table.close(slot));
  };
}

/** Records a request for another protocol (Upgrade, CONNECT) until its connection ends. */
export function noteTunnel(table: FlightTable, request: IncomingMessage, socket: Socket): void {
  const slot = openFlight(table, request, performance.now());
  noteClient(table, slot, request);
  onAnswer(socket, (status) => {
    table.progress(slot, status, false, 0);
    if (status === 101 || request.method === 'CONNECT') table.upgrade(slot);
  });
  socket.once('close', () => table.close(slot));
}

/** Records a request; returns its place. */
export function openFlight(
  table: FlightTable,
  request: IncomingMessage,
  nowMs: number,
  trace = traceParentOf(request),
): number {
  const { method = '', url = '', httpVersion } = request;
  const traceId = trace?.traceId ?? null;
  return table.open(method, url, '', httpVersion, nowMs, knownIdOf(request), traceId);
}

/**
 * Records where a request came from that was not answered at once: the system is asked for that once a connection, which costs a
 * new one as much as the rest of the record.
 */
export function noteClient(table: FlightTable, slot: number, request: IncomingMessage): void {
  table.from(slot, clientOf(request));
}

/** Whether the whole answer has been given to the system. */
export function isSent({ writableEnded, socket }: ServerResponse): boolean {
  return writableEnded && socket?.writableLength === 0;
}
