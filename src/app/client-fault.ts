import type { IncomingMessage, ServerResponse } from 'node:http';
import { codeOf, isAbort } from '../support/errors.ts';
import { isHost } from './host.ts';
import { refuse } from './refuse.ts';

/** What a client may do wrong: leave before it has its answer, or send an invalid URL. */
export type Fault = 'left' | 'malformed';

/**
 * The client's fault, if the handler's error only passes one on; null if the error is the application's own. It is judged
 * by the state of the connection and the kind of error, never by its text. `reason` is that of a signal which the
 * application had.
 */
export function faultOf(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  reason?: unknown,
): Fault | null {
  if (hasLeft(request, response)) {
    const ends = [request.errored, response.errored, request.socket.errored, request.signal?.reason, reason];
    const known = ends.filter(isOfConnection);
    if (chainOf(error).some((link) => known.includes(link) || isOfStreams(link))) return 'left';
  }
  return isMalformed(error, request) ? 'malformed' : null;
}

/** Whether an error says no more than that the Host or the target of a request is no URL. */
export function isMalformed(error: unknown, request: IncomingMessage): boolean {
  return chainOf(error).some((link) => isOfTarget(link, request));
}

/** Ends a request whose handler failed by a fault of its client; returns whether it did. */
export function settleFault(error: unknown, request: IncomingMessage, response: ServerResponse): boolean {
  const fault = faultOf(error, request, response);
  if (fault === null || (fault === 'malformed' && response.headersSent)) return false;
  if (fault === 'left') response.destroy();
  else refuse(response, 400, 'Bad Request: the Host header or the request target is not valid');
  return true;
}

/** The client has gone, or has ended its side, for which Node ends ours. */
function hasLeft({ errored, socket }: IncomingMessage, response: ServerResponse): boolean {
  if (response.writableFinished) return false;
  return Boolean(errored) || response.destroyed || socket.destroyed || socket.readableEnded;
}

/** Errors of Node, its parser or this server about a connection that has ended; the application may destroy it with others. */
function isOfConnection(error: unknown): boolean {
  if (error === undefined || error === null) return false;
  const code = codeOf(error);
  if (code !== undefined) return /^(?:E[A-Z]+$|HPE_|ERR_HTTP_|ERR_SSL_|ERR_STREAM_|ABORT_ERR)/.test(code);
  return isAbort(error) || (error instanceof Error && error.name === 'TimeoutError');
}

/** Errors of streams that were piped to or from a connection that has ended: new objects each time. */
function isOfStreams(error: unknown): boolean {
  return /^ERR_STREAM_(?:PREMATURE_CLOSE|DESTROYED|UNABLE_TO_PIPE)$/.test(codeOf(error) ?? '');
}

/** Errors of URL and decodeURIComponent() about the request's own URL. */
function isOfTarget(error: unknown, { headers: { host = '' }, url = '' }: IncomingMessage): boolean {
  if (error instanceof URIError) return !isDecodable(url);
  if (codeOf(error) !== 'ERR_INVALID_URL') return false;
  return (host !== '' && !isHost(host)) || !URL.canParse(url, 'http://host/');
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

/** An error, its causes, and the errors of an AggregateError. */
function chainOf(error: unknown, depth = 0): readonly unknown[] {
  if (!(error instanceof Error) || depth > 8) return [error];
  const gathered: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...[error.cause, ...gathered].flatMap((link) => chainOf(link, depth + 1))];
}
