import type { IncomingMessage } from 'node:http';
import { isEncrypted } from './is-encrypted.ts';
import { plainAddress } from './plain-address.ts';

/** Where a request came from, as what is believed of it says. */
export interface Origin {
  /** The address of the client, an IPv4 one in its own form; `''` where it is not known, as on a Unix socket. */
  readonly address: string;
  readonly port: number | null;
  readonly scheme: 'http' | 'https';
  /** The host that the client asked for, perhaps with a port; null where nobody says it but the request itself. */
  readonly host: string | null;
  /** The path that a proxy has taken away, `''` or `/…` without a slash at its end; null where none says so. */
  readonly prefix: string | null;
}

// Of the registry, since the application may import another copy of the package than the one that serves.
const ORIGIN = Symbol.for('tsunicorn.origin');

interface Told {
  [ORIGIN]?: Origin;
}

/** What of a socket its origin is read from. */
export type Ends = Partial<Pick<IncomingMessage['socket'], 'remoteAddress' | 'remotePort'>> & object;

type Asked = Told & { readonly socket: Ends };

const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;

/** Says where a request, or all of a connection, came from. Without it that is its peer. */
export function tellOrigin(of: object, origin: Origin): void {
  (of as Told)[ORIGIN] = origin;
}

/** The property by which what stands for a connection has its origin; null where it has none. */
export function withOrigin(origin: Origin | null): object {
  return origin === null ? {} : { [ORIGIN]: origin };
}

/** What is told of a request or, where nothing is, of its connection; null where the peer itself is the client. */
export function toldOrigin(request: { readonly socket: object }): Origin | null {
  return (request as Told)[ORIGIN] ?? connectionOrigin(request.socket);
}

/** What is told of a whole connection. */
export function connectionOrigin(socket: object): Origin | null {
  return (socket as Told)[ORIGIN] ?? null;
}

/** The address of the client of a request; `''` where it is not known. */
export function clientOf(request: { readonly socket: Ends }): string {
  return (request as Asked)[ORIGIN]?.address ?? clientOn(request.socket);
}

/** The address of the client of a connection, as long as it is open; `''` where it is not known. */
export function clientOn(socket: Ends): string {
  return (socket as Told)[ORIGIN]?.address ?? plainAddress(socket.remoteAddress ?? '');
}

/** The port of the client of a request; null where it is not known. */
export function clientPortOf(request: { readonly socket: Ends }): number | null {
  const origin = toldOrigin(request);
  return origin === null ? (request.socket.remotePort ?? null) : origin.port;
}

/** By which scheme the client of a request speaks, to whatever it connected to. */
export function schemeOf(request: { readonly socket: object }): Origin['scheme'] {
  return toldOrigin(request)?.scheme ?? (isEncrypted(request.socket) ? 'https' : 'http');
}

/**
 * The host that the client of a request asked for, perhaps with a port: that of a trusted proxy, of an absolute target
 * (RFC 9112, 3.2.2), or of the Host header; `''` where there is none.
 */
export function hostOf(request: Pick<IncomingMessage, 'headers' | 'url' | 'socket'>): string {
  const { headers, url = '' } = request;
  const authority = url[0] === '/' ? undefined : ABSOLUTE.exec(url)?.[1];
  return toldOrigin(request)?.host ?? authority ?? headers.host ?? '';
}

/** The path that proxies have taken away from that of a request; null where none says so. */
export function prefixOf(request: { readonly socket: object }): string | null {
  return toldOrigin(request)?.prefix ?? null;
}
