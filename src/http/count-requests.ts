import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FlightTable } from '../flights/table.ts';
import type { Trace } from '../metrics/exemplars.ts';
import type { RequestCounter } from '../metrics/request-counter.ts';
import { NO_ANSWER } from '../metrics/series.ts';
import { schemeOf } from '../support/origin.ts';
import { queueMsOf } from '../support/queue-time.ts';
import { type TraceParent, traceParentOf } from '../support/request-id.ts';
import { isSent, noteClient, noteFlights, openFlight } from './note-flights.ts';
import { except, type Observer, type RequestCount } from './observer.ts';

/** In place of a slot where there is no table. */
const NO_SLOT = -1;

/** Returns how many bytes of its body the client of a response got; undefined where that is not known. */
export type SentBytes = (method: string, response: ServerResponse) => number | undefined;

export interface CountOptions {
  /** Requests to this path are not counted; null is none. */
  readonly uncountedPath: string | null;
  /** Null where nothing counts them. */
  readonly sentBytes?: SentBytes | null;
  /** What is kept of the trace of a request: nothing, where nobody asks for exemplars, or its own id, or our span too. */
  readonly exemplars?: 'none' | 'trace' | 'span';
}

/** Counts requests by `counter`. */
export function countBy(counter: RequestCounter, options: CountOptions): RequestCount {
  return {
    around: (handle, flights) =>
      except(
        options.uncountedPath,
        noteFlights(flights, handle),
        countRequests(counter, handle, flights, options),
      ),
    refused: (code) => counter.refused(code),
    handshake: (outcome) => counter.handshake(outcome),
  };
}

function countRequests(
  counter: RequestCounter,
  handle: Observer,
  flights: FlightTable | null,
  { sentBytes = null, exemplars = 'none' }: CountOptions,
): Observer {
  const exemplarOf = (trace: TraceParent | null) => {
    // Of a trace that nobody records there is nothing to look at.
    if (exemplars === 'none' || trace === null || !trace.isSampled) return null;
    return exemplars === 'span' ? trace : { traceId: trace.traceId, spanId: null };
  };
  const ended = (
    active: number,
    response: ServerResponse,
    request: IncomingMessage,
    startMs: number,
    trace: TraceParent | null,
    isWhole: boolean,
  ) => {
    // To count bodies would cost a request 3 %: they are known where the access log counts them.
    const bytes = sentBytes?.(request.method ?? '', response);
    if (bytes !== undefined) counter.body(bytes);
    end(counter, active, request, response, startMs, exemplarOf(trace), isWhole);
  };
  return (request, response, nowMs) => {
    const { method = '' } = request;
    const active = counter.began(method, schemeOf(request) === 'https', lengthOf(request));
    const queuedMs = queueMsOf(request);
    if (queuedMs !== null) counter.queued(queuedMs);
    // Here, and not by noteFlights(): one look at the answer does for both.
    const trace = flights === null && exemplars === 'none' ? null : traceParentOf(request);
    const slot = flights === null ? NO_SLOT : openFlight(flights, request, nowMs, trace);
    handle(request, response, nowMs);
    // As in noteFlights(): a listener on each response costs more than the rest.
    if (isSent(response)) {
      if (flights !== null) flights.close(slot);
      ended(active, response, request, nowMs, trace, true);
      return;
    }
    counter.waits(nowMs);
    if (flights !== null) noteClient(flights, slot, request);
    response.on('close', () => {
      flights?.close(slot);
      const isWhole = response.writableFinished || isSent(response);
      ended(active, response, request, nowMs, trace, isWhole);
    });
  };
}

/** To ask Node for the headers makes it parse them, which costs more than the rest; what has no body has no length. */
function lengthOf(request: IncomingMessage): string | undefined {
  const { method } = request;
  return method === 'GET' || method === 'HEAD' ? undefined : request.headers['content-length'];
}

function end(
  counter: RequestCounter,
  active: number,
  { httpVersion }: IncomingMessage,
  { statusCode, headersSent }: ServerResponse,
  startMs: number,
  exemplar: Trace | null,
  isWhole: boolean,
): void {
  const status = headersSent ? statusCode : NO_ANSWER;
  if (!isWhole) counter.cut(status);
  const nowMs = performance.now();
  // The last of all, as the block may be written at once.
  counter.ended(active, httpVersion, status, nowMs - startMs, nowMs, exemplar);
}
