import type { IncomingMessage } from 'node:http';
import { rawHeaderOf } from './raw-header.ts';
import { isTrustedPeer } from './trusted-peers.ts';

/** What an id may be made of: it goes into logs and headers as it is. */
const ID = /^[\w.:+/=@-]{1,128}$/;
/** W3C Trace Context, 3.2: version 00, or a later one that begins in the same way. */
const TRACE_PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:$|-)/;

// Of the registry, since the application may import another copy of the package than the one that serves.
const KEPT = Symbol.for('tsunicorn.requestId');

/** What of a request its id and trace are read from; `KEPT` is the id once it is known. */
export type Identified = Pick<IncomingMessage, 'rawHeaders' | 'socket'> & { [KEPT]?: string };

/** By what other records name the same request; what is not known is absent. */
export interface RequestTags {
  readonly requestId?: string;
  readonly traceId?: string;
}

/** The place of a request in a trace. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 of them: the span that sent the request. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** The id of a request: the `X-Request-Id` of a trusted peer, otherwise one that is made when it is first asked for. */
export function requestIdOf(request: Identified): string {
  request[KEPT] ??= givenId(request) ?? nextId();
  return request[KEPT];
}

/** The id of a request, where it is given, or was asked for before. */
export function knownIdOf(request: Identified): string | null {
  return request[KEPT] ?? givenId(request);
}

/** Says by what id a request is known. */
export function keepId(request: object, id: string): void {
  (request as Identified)[KEPT] = id;
}

/** What is known of a request, for a record. */
export function tagsOf(request: Identified): RequestTags {
  const requestId = knownIdOf(request);
  const traceId = traceParentOf(request)?.traceId;
  return { ...(requestId === null ? {} : { requestId }), ...(traceId === undefined ? {} : { traceId }) };
}

/** The trace that a request belongs to, by its header `traceparent`: whoever sends it, as it can be nothing but digits. */
export function traceParentOf({ rawHeaders }: Pick<Identified, 'rawHeaders'>): TraceParent | null {
  const text = rawHeaderOf(rawHeaders, 'traceparent');
  const [, traceId, spanId, flags] = text === null ? [] : (TRACE_PARENT.exec(text) ?? []);
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The tags of a request for people, behind its path; `''` where there is none. */
export function tagText({ requestId, traceId }: RequestTags): string {
  const tags = [...(requestId ? [requestId] : []), ...(traceId ? [`trace ${traceId}`] : [])];
  return tags.length === 0 ? '' : ` [${tags.join(', ')}]`;
}

function givenId(request: Identified): string | null {
  const given = rawHeaderOf(request.rawHeaders, 'x-request-id');
  return given !== null && ID.test(given) && isTrustedPeer(request) ? given : null;
}

const nextId = counter();

// Not crypto.randomUUID(): an id need not be unguessable, and node:crypto takes 3 MB in each process.
function counter(): () => string {
  const start = [Math.random(), Math.random()].map((part) =>
    Math.floor(part * 36 ** 6)
      .toString(36)
      .padStart(6, '0'),
  );
  const prefix = start.join('');
  let count = 0;
  return () => `${prefix}-${(count++).toString(36)}`;
}
