import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FlightTable } from '../flights/table.ts';
import type { RequestCounter } from '../metrics/request-counter.ts';
import { NO_ANSWER } from '../metrics/series.ts';
import { schemeOf } from '../support/origin.ts';
import { queueMsOf } from '../support/queue-time.ts';
import { isSent, noteFlights, openFlight } from './note-flights.ts';
import type { Observer, RequestCount } from './observer.ts';

/** In place of a slot where there is no table. */
const NO_SLOT = -1;

/** Returns how many bytes of its body the client of a response got; undefined where that is not known. */
export type SentBytes = (method: string, response: ServerResponse) => number | undefined;

/** Counts by `counter` all requests but those to `uncountedPath`, which may be null; `sentBytes` is null where nothing counts them. */
export function countBy(
  counter: RequestCounter,
  uncountedPath: string | null,
  sentBytes: SentBytes | null = null,
): RequestCount {
  return {
    around: (handle, flights) =>
      except(uncountedPath, noteFlights(flights, handle), countRequests(counter, handle, flights, sentBytes)),
    refused: (code) => counter.refused(code),
  };
}

function countRequests(
  counter: RequestCounter,
  handle: Observer,
  flights: FlightTable | null,
  sentBytes: SentBytes | null,
): Observer {
  const ended = (
    active: number,
    response: ServerResponse,
    request: IncomingMessage,
    startMs: number,
    isWhole: boolean,
  ) => {
    // To count bodies would cost a request 3 %: they are known where the access log counts them.
    const bytes = sentBytes?.(request.method ?? '', response);
    if (bytes !== undefined) counter.body(bytes);
    end(counter, active, request, response, startMs, isWhole);
  };
  return (request, response, nowMs) => {
    const { method = '' } = request;
    const active = counter.began(method, schemeOf(request) === 'https', lengthOf(request));
    const queuedMs = queueMsOf(request);
    if (queuedMs !== null) counter.queued(queuedMs);
    // Here, and not by noteFlights(): one look at the answer does for both.
    const slot = flights === null ? NO_SLOT : openFlight(flights, request, nowMs);
    handle(request, response, nowMs);
    // As in noteFlights(): a listener on each response costs more than the rest.
    if (isSent(response)) {
      if (flights !== null) flights.close(slot);
      ended(active, response, request, nowMs, true);
      return;
    }
    counter.waits(nowMs);
    response.on('close', () => {
      flights?.close(slot);
      const isWhole = response.writableFinished || isSent(response);
      ended(active, response, request, nowMs, isWhole);
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
  isWhole: boolean,
): void {
  const status = headersSent ? statusCode : NO_ANSWER;
  if (!isWhole) counter.cut(status);
  const nowMs = performance.now();
  // The last of all, as the block may be written at once.
  counter.ended(active, httpVersion, status, nowMs - startMs, nowMs);
}

/** `handle` for requests to the path, `others` for others. */
function except(path: string | null, handle: Observer, others: Observer): Observer {
  if (path === null) return others;
  const prefix = `${path}?`;
  return (request, response, nowMs) => {
    const { url = '' } = request;
    const chosen = url === path || url.startsWith(prefix) ? handle : others;
    chosen(request, response, nowMs);
  };
}
