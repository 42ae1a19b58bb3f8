import type { IncomingMessage, ServerResponse } from 'node:http';
import { isSent } from '../http/note-flights.ts';
import { except, type Observer } from '../http/observer.ts';
import type { Span } from '../push/otlp-spans.ts';
import { type TraceParent, traceParentOf } from '../support/request-id.ts';
import { answerAttributes, requestAttributes, routeOf, statusOf } from './describe.ts';

export interface TracingOptions {
  /** Whether a request that belongs to no trace begins one. */
  readonly begins: () => boolean;
  /** Takes each span at its end. */
  readonly take: (span: Span) => void;
  /** Requests to this path have none; null where all have. */
  readonly uncountedPath: string | null;
}

/** What is known of a span when it begins. */
type Begun = Pick<Span, 'traceId' | 'spanId' | 'parentId' | 'attributes'>;

/**
 * Returns what makes a span of each request that `handle` answers: of those whose `traceparent` says that their trace is
 * recorded, and of as many as `begins` among those without one. For all that comes behind, the application too, our span
 * has sent the request.
 */
export function traceRequests({
  begins,
  take,
  uncountedPath,
}: TracingOptions): (handle: Observer) => Observer {
  const observer =
    (handle: Observer): Observer =>
    (request, response, nowMs) => {
      const parent = traceParentOf(request);
      if (parent === null ? !begins() : !parent.isSampled) return handle(request, response, nowMs);
      const begun = begin(request, parent);
      const end = () => take(spanOf(begun, request, response, nowMs));
      handle(request, response, nowMs);
      if (isSent(response)) end();
      else response.on('close', end);
    };
  return (handle) => except(uncountedPath, handle, observer(handle));
}

function begin(request: IncomingMessage, parent: TraceParent | null): Begun {
  const traceId = parent?.traceId ?? randomHex(32);
  const spanId = randomHex(16);
  setHeader(request, 'traceparent', `00-${traceId}-${spanId}-01`);
  return { traceId, spanId, parentId: parent?.spanId ?? null, attributes: requestAttributes(request) };
}

function spanOf(begun: Begun, request: IncomingMessage, response: ServerResponse, startMs: number): Span {
  const status = statusOf(response);
  const isWhole = response.writableFinished || isSent(response);
  const answered = answerAttributes(status, isWhole);
  const route = routeOf(request);
  const method = begun.attributes['http.request.method'];
  const kind = method === '_OTHER' ? 'HTTP' : `${method}`;
  return {
    ...begun,
    name: route === null ? kind : `${kind} ${route}`,
    startMs: wallMs(startMs),
    endMs: wallMs(performance.now()),
    attributes: { ...begun.attributes, ...answered, ...(route === null ? {} : { 'http.route': route }) },
    isError: answered['error.type'] !== undefined,
  };
}

/** How far the clock of the system may be from ours, in milliseconds. */
const DRIFT_MS = 5;

/** In milliseconds since 1970, of what performance.now() said: finer than the clock of the system, but not apart from it. */
function wallMs(nowMs: number): number {
  const { timeOrigin } = performance;
  const drift = Date.now() - (timeOrigin + performance.now());
  return timeOrigin + nowMs + (Math.abs(drift) < DRIFT_MS ? 0 : drift);
}

/** Of a request that nobody has seen yet; whether Node has made its headers of the raw ones already is not known. */
function setHeader(request: IncomingMessage, name: string, value: string): void {
  const { rawHeaders, headers } = request;
  const at = rawHeaders.findIndex((one, index) => index % 2 === 0 && one.toLowerCase() === name);
  if (at < 0) rawHeaders.push(name, value);
  else rawHeaders[at + 1] = value;
  headers[name] = value;
}

// Not by node:crypto: an id need not be unguessable.
function randomHex(digits: number): string {
  let text = '';
  while (text.length < digits)
    text += Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return text;
}
