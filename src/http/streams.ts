import type { IncomingMessage, ServerResponse } from 'node:http';
import { type StreamArguments, StreamRequest } from '../app/http2/stream-request.ts';
import { StreamResponse } from '../app/http2/stream-response.ts';
import type { FlightTable } from '../flights/table.ts';
import type { Clock } from '../support/clock.ts';
import type { Connections } from './connections.ts';
import type { Policy } from './edge/scan.ts';
import { compileStreamScan } from './edge/scan-stream.ts';
import { SessionKeeper } from './http2/session-keeper.ts';
import { noteFlights } from './note-flights.ts';
import { fold, type Observer, type RequestCount } from './observer.ts';
import type { Refusals } from './refusals.ts';
import { createRunner, type RunnerOptions } from './runner.ts';

export interface StreamsOptions extends RunnerOptions {
  readonly connections: Connections;
  readonly observers: readonly Observer[];
  readonly flights?: FlightTable | null;
  readonly count?: RequestCount | null;
  readonly trace?: ((handle: Observer) => Observer) | null;
  readonly clock: Clock;
}

/**
 * Returns what handles each request of HTTP/2, or returns false for one whose connection is not known. The requests of a
 * connection run side by side, and what ends one of them leaves the others alone.
 */
export function streamListener(
  options: StreamsOptions,
  policy: Policy,
  refusals: Refusals,
): (args: StreamArguments) => boolean {
  const { connections, observers, flights = null, count, trace = null, clock } = options;
  const run = createRunner(options);
  const observe = fold([
    ({ socket }, response, nowMs) => connections.noteStream(socket, response, nowMs),
    ...observers,
  ]);
  const handle: Observer = (request, response, nowMs) => {
    observe(request, response, nowMs);
    run(request, response);
  };
  const scan = compileStreamScan(policy);
  const keeper = new SessionKeeper();
  const noted = count?.around(handle, flights) ?? noteFlights(flights, handle);
  const begin = trace?.(noted) ?? noted;
  return (args) => {
    const { session } = args[0];
    const socket = session ? connections.socketOf(session) : null;
    // It has ended before it was told of. A program that does not expect that need not listen for why.
    if (socket === null) {
      args[0].on('error', () => {});
      return false;
    }
    keeper.keep(args[0], socket);
    const request = new StreamRequest(args, socket);
    const response: unknown = new StreamResponse(request);
    const pair = [request as unknown as IncomingMessage, response as ServerResponse] as const;
    const fault = scan(pair[0]);
    if (fault === null) begin(...pair, clock.now());
    else refusals.refuseStream(...pair, fault, clock.now());
    return true;
  };
}
