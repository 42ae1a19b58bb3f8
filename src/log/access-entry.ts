import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestIdOf, traceParentOf } from '../support/request-id.ts';
import { type TlsFacts, tlsFacts } from '../support/tls-facts.ts';
import type { BodyCount } from './count-body.ts';

/** The values of one line. What is not known is `''` or 0. */
export interface Entry {
  readonly pid: number;
  /** As the client sent it; `''` if that was no request. */
  readonly method: string;
  readonly url: string;
  /** `HTTP/1.1` */
  readonly protocol: string;
  /** The client's address, or `''` where it is not known. */
  readonly remote: string;
  /** As the client saw it. */
  readonly status: number;
  /** Of the body that was sent. */
  readonly bytes: number;
  readonly elapsedMs: number;
  /** How long it had waited when it came, by `X-Request-Start`; null where that is not known. */
  readonly queueMs: number | null;
  /** Why the client did not get the application's whole answer; `''` where it did. */
  readonly cut: string;
  /** With which a WebSocket was closed (RFC 6455, 7.4); null for any other request. */
  readonly closeCode: number | null;
  /** Its id, and that of the trace that it belongs to; `''` where there is none. */
  readonly requestId: string;
  readonly traceId: string;
  /** What is known of its TLS; empty where there is none. */
  readonly tls: TlsFacts;
  /** A header of the request by its name in lower case, or `''`. */
  requestHeader(name: string): string;
  responseHeader(name: string): string;
}

/** The statuses of requests without an answer, as in nginx: the client left, or we closed its connection. */
export const UNANSWERED = { left: 499, cut: 444 } as const;

/** What a format needs to be recorded when a request starts. */
export interface Needs {
  readonly remote: boolean;
  readonly start: boolean;
  readonly body: boolean;
  readonly responseHeaders: boolean;
  readonly queue: boolean;
  /** The id of each request. */
  readonly id: boolean;
  readonly tls: boolean;
  /** How WebSockets are closed. */
  readonly closeCode: boolean;
}

/** A compiled format. Its lines end in a newline and are ASCII, so that their length is their number of bytes. */
export interface AccessFormat {
  readonly needs: Needs;
  line(entry: Entry): string;
  /** The same in at most `limit` bytes, for a line that was longer. */
  shortLine(entry: Entry, limit: number): string;
}

/** The data of one request until its line is written. What the format does not use is left empty. */
export class RequestEntry implements Entry {
  readonly pid = process.pid;
  readonly closeCode = null;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** As the client sent them: routers rewrite `req.url` while they work. */
  readonly method: string;
  readonly url: string;
  /** Read at the start, as a closed socket has none. */
  readonly remote: string;
  /** `performance.now()` at the start. */
  readonly startMs: number;
  readonly queueMs: number | null;
  readonly body: BodyCount | null;
  /** Its place in the table of requests in flight. */
  readonly slot: number;
  /** The status of an answer that is not the application's (the watchdog's 503), else 0. */
  writtenPast = 0;
  /** Why the server itself ended it. */
  endedFor = '';

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    remote: string,
    startMs: number,
    queueMs: number | null,
    body: BodyCount | null,
    slot: number,
  ) {
    this.req = req;
    this.res = res;
    this.method = req.method ?? '';
    this.url = req.url ?? '';
    this.remote = remote;
    this.startMs = startMs;
    this.queueMs = queueMs;
    this.body = body;
    this.slot = slot;
  }

  get protocol(): string {
    return `HTTP/${this.req.httpVersion}`;
  }

  get status(): number {
    if (this.writtenPast !== 0) return this.writtenPast;
    if (this.res.headersSent) return this.res.statusCode;
    return this.endedFor === '' ? UNANSWERED.left : UNANSWERED.cut;
  }

  /** Zero for HEAD, 204 and 304, whatever the application wrote. */
  get bytes(): number {
    const { body, res } = this;
    if (!body || !res.headersSent || isBodiless(this.method, res.statusCode)) return 0;
    return body.bytes;
  }

  get elapsedMs(): number {
    return performance.now() - this.startMs;
  }

  get cut(): string {
    if (this.isWhole) return '';
    if (this.endedFor !== '') return this.endedFor;
    return this.res.headersSent ? 'unfinished' : 'left';
  }

  get requestId(): string {
    return requestIdOf(this.req);
  }

  get traceId(): string {
    return traceParentOf(this.req)?.traceId ?? '';
  }

  get tls(): TlsFacts {
    return tlsFacts(this.req.socket);
  }

  /** Whether the whole answer has been given to the system. */
  get isWhole(): boolean {
    const { res } = this;
    if (this.writtenPast !== 0) return this.endedFor === '';
    return res.writableFinished || (res.writableEnded && res.socket?.writableLength === 0);
  }

  /** Node has built `req.headers` already, to look for the host. */
  requestHeader(name: string): string {
    return textOf(this.req.headers[name]);
  }

  responseHeader(name: string): string {
    return textOf(this.res.getHeader(name));
  }
}

/** Whether an answer has no body, whatever the application writes. */
export function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

/** The request line; `''` if what came was no request. */
export function requestLine({ method, url, protocol }: Entry, escaped: (text: string) => string): string {
  return method === '' ? '-' : `${method} ${escaped(url)} ${protocol}`;
}

/** The target of a request, split at the first `?`. */
export function pathOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at);
}

/** What follows the first `?`, without it; `''` where there is none. */
export function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

/** A header's value, or `''`. Applications may set other values than strings. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** The user of Basic authorization (RFC 7617), or `''`. */
export function userOf(entry: Entry): string {
  const authorization = entry.requestHeader('authorization');
  if (authorization === '') return '';
  const credentials = /^basic +([\w+/=-]+) *$/i.exec(authorization)?.[1];
  if (credentials === undefined) return '';
  const decoded = Buffer.from(credentials, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? '' : decoded.slice(0, colon);
}
