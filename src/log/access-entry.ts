import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyCount } from './count-body.ts';

/** What is remembered of one request until its line is written. Parts that the format does not use are left empty. */
export interface Entry {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** As the client sent them: routers rewrite `req.url` while they work. */
  readonly method: string;
  readonly url: string;
  /** The peer's address, or `''` (a Unix socket). Read at the start, as a closed socket has none. */
  readonly remote: string;
  /** `performance.now()` at the start. */
  readonly startMs: number;
  readonly body: BodyCount | null;
}

/** What a format needs to have been noted when a request starts. */
export interface Needs {
  readonly remote: boolean;
  readonly start: boolean;
  readonly body: boolean;
  readonly responseHeaders: boolean;
}

/** A format, compiled. Its lines end in a newline and are ASCII, so that their length is their bytes. */
export interface AccessFormat {
  readonly needs: Needs;
  line(entry: Entry): string;
  /** The same in at most `limit` bytes, for a line that was longer. */
  shortLine(entry: Entry, limit: number): string;
}

/** The request line's path and query, apart at the first `?`. */
export function pathOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at);
}

/** What follows the first `?`, without it; `''` where there is none. */
export function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

/** The status that was sent; 499 (as nginx has it) where the client left before an answer began. */
export function statusOf({ res }: Entry): number {
  return res.headersSent ? res.statusCode : 499;
}

/** The bytes of the body that were sent: none for HEAD, 204 and 304, whatever the application wrote. */
export function bytesOf({ body, method, res }: Entry): number {
  if (!body || method === 'HEAD' || res.statusCode === 204 || res.statusCode === 304) return 0;
  return res.headersSent ? body.bytes : 0;
}

export function elapsedMs({ startMs }: Entry): number {
  return performance.now() - startMs;
}

/** A request header, its name in small letters, or `''`. Node has built `req.headers` already, to look for the host. */
export function headerOf({ req }: Entry, name: string): string {
  return textOf(req.headers[name]);
}

/** A header's value, or `''`. Applications put other things than strings among the headers. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** The user of Basic authorization (RFC 7617), or `''`. */
export function userOf(entry: Entry): string {
  const authorization = headerOf(entry, 'authorization');
  if (authorization === '') return '';
  const credentials = /^basic +([\w+/=-]+) *$/i.exec(authorization)?.[1];
  if (credentials === undefined) return '';
  const decoded = Buffer.from(credentials, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? '' : decoded.slice(0, colon);
}
