import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { describe } from '../support/describe.ts';
import { isEncrypted } from '../support/is-encrypted.ts';
import { toldOrigin, withOrigin } from '../support/origin.ts';
import { isTrustedPeer, withTrust } from '../support/trusted-peers.ts';
import { currentContext, isOfRequest } from './current.ts';
import { serverOf } from './inner-server.ts';
import { handedDown, parentOf } from './parent.ts';
import { idOf } from './request-id.ts';
import type { Context } from './store.ts';

/** A request that forwards to itself would never end. */
const MAX_DEPTH = 10;

/** Headers that belong to one message or one connection, or that ask for a part or a change of one resource. */
const OWN =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|content-.*|expect|range|if-.*)$/;

/**
 * Runs another request in the application that is served, mounts included, or in that of withApp(), and resolves with its
 * answer: an internal redirect. It has a context of its own, with the same id. `input` is a path such as `/login?next=x`,
 * which inherits the headers of the current request that do not describe its body, its connection or a part, or a Request,
 * which has its own. The rest is as in fetch(). Rejects if the connection is cut, and if requests forward in a circle.
 */
export async function forward(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const context = currentContext('forward()');
  const depth = (context.incoming ? (parentOf(context.incoming)?.depth ?? 0) : 0) + 1;
  if (depth > MAX_DEPTH)
    throw new Error(
      `forward(): ${MAX_DEPTH} requests were forwarded, each by the one before; look for a circle`,
    );
  const asked = input instanceof Request ? new Request(input, init) : new Request(within(input), init);
  const { pathname, search } = new URL(asked.url);
  const body = isStream(input, init) || asked.body === null ? asked.body : await asked.bytes();
  const server = await serverOf(context);
  const id = isOfRequest(context) ? idOf(context) : null;
  const { connectWithin } = await import('../http/inner-connection.ts');
  const ours = connectWithin(server, { ...peerOf(context), ...handedDown({ id, depth }) });
  const request = process.getBuiltinModule('node:http').request({
    path: pathname + search,
    method: asked.method,
    headers: headersOf(input instanceof Request ? null : context.incoming, asked, body),
    signal: signalOf(context, asked),
    createConnection: () => ours,
  });
  send(request, body);
  return answerOf(request, asked.method);
}

/** The URL of a path within the service, whatever its host is called. */
function within(input: string | URL): URL {
  if (input instanceof URL) return input;
  if (typeof input !== 'string' || !/^\/(?!\/)/.test(input))
    throw new TypeError(`forward() takes a path such as /login, a URL or a Request, not ${describe(input)}`);
  return new URL(input, 'http://localhost');
}

function isStream(input: string | URL | Request, { body }: RequestInit): boolean {
  return body === undefined || body === null ? input instanceof Request : body instanceof ReadableStream;
}

function headersOf(
  current: IncomingMessage | null,
  asked: Request,
  body: Uint8Array | ReadableStream | null,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(current?.headers ?? {}))
    if (!OWN.test(name)) headers[name] = value;
  headers.host ??= 'localhost';
  for (const [name, value] of asked.headers) headers[name] = value;
  if (body instanceof Uint8Array) headers['content-length'] = body.byteLength;
  headers.connection = 'close';
  return headers;
}

/** The client of the current request is that of the one that it forwards, too. */
function peerOf({ incoming }: Context): object {
  if (incoming === null) return { remoteAddress: '127.0.0.1', remoteFamily: 'IPv4' };
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily } = incoming.socket;
  const encrypted = isEncrypted(incoming.socket) ? { encrypted: true } : {};
  const same = { ...encrypted, ...withTrust(isTrustedPeer(incoming)), ...withOrigin(toldOrigin(incoming)) };
  return { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily, ...same };
}

/** Aborts with the current request, and when the caller says so. */
function signalOf({ incoming }: Context, { signal }: Request): AbortSignal {
  return incoming === null ? signal : AbortSignal.any([incoming.signal, signal]);
}

function send(request: ClientRequest, body: Uint8Array | ReadableStream | null): void {
  if (!(body instanceof ReadableStream)) return void request.end(body ?? undefined);
  const { Readable, pipeline } = process.getBuiltinModule('node:stream');
  // An error ends the request, which rejects.
  pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), request, () => {});
}

function answerOf(request: ClientRequest, method: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (answer) => resolve(responseOf(answer, method)));
  });
}

const BODILESS = new Set([204, 205, 304]);
const HOP_BY_HOP = /^(?:connection|keep-alive|transfer-encoding)$/i;

function responseOf(answer: IncomingMessage, method: string): Response {
  const { statusCode: status = 200, statusMessage: statusText = '', rawHeaders } = answer;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!HOP_BY_HOP.test(name)) headers.append(name, rawHeaders[at + 1] ?? '');
  }
  if (method === 'HEAD' || BODILESS.has(status)) {
    answer.resume();
    return new Response(null, { status, statusText, headers });
  }
  const { Readable } = process.getBuiltinModule('node:stream');
  return new Response(Readable.toWeb(answer) as ReadableStream, { status, statusText, headers });
}
