import type { X509Certificate } from 'node:crypto';
import { isEncrypted } from './is-encrypted.ts';

/** What a TLSSocket tells of its connection, and what stands for one in a thread too. */
export interface TlsView {
  readonly authorized: boolean;
  readonly authorizationError: unknown;
  readonly servername?: string | false | null | undefined;
  getProtocol(): string | null;
  getCipher(): { readonly name: string };
  getPeerX509Certificate(): X509Certificate | undefined;
}

/** By the names of Apache's mod_ssl, which proxies and applications of CGI and WSGI use. */
export type TlsFacts = Readonly<Record<string, string>>;

/** The property of a socket that holds its facts: a certificate is read once for all requests of a connection. */
const FACTS = Symbol('tlsFacts');

/** The names that can be asked for. */
export const TLS_FACTS = [
  ...['SSL_PROTOCOL', 'SSL_CIPHER', 'SSL_TLS_SNI', 'SSL_CLIENT_VERIFY', 'SSL_CLIENT_S_DN', 'SSL_CLIENT_I_DN'],
  ...['SSL_CLIENT_M_SERIAL', 'SSL_CLIENT_V_START', 'SSL_CLIENT_V_END', 'SSL_CLIENT_CERT'],
] as const;

const NONE: TlsFacts = {};

/** What is known of the TLS of a connection; nothing of one without. To be called while it is open. */
export function tlsFacts(socket: object & { [FACTS]?: TlsFacts }): TlsFacts {
  if (!isTls(socket)) return NONE;
  socket[FACTS] ??= factsOf(socket);
  return socket[FACTS];
}

function isTls(socket: object): socket is TlsView & { [FACTS]?: TlsFacts } {
  // What stands for the socket of a stream of HTTP/2 has the names of its methods without TLS too, and that of an
  // application in a thread may say no more than that it is encrypted.
  return isEncrypted(socket) && 'getPeerX509Certificate' in socket;
}

function factsOf(socket: TlsView): TlsFacts {
  const certificate = socket.getPeerX509Certificate();
  return {
    SSL_PROTOCOL: socket.getProtocol() ?? '',
    SSL_CIPHER: socket.getCipher()?.name ?? '',
    ...(socket.servername ? { SSL_TLS_SNI: socket.servername } : {}),
    SSL_CLIENT_VERIFY:
      certificate === undefined
        ? 'NONE'
        : socket.authorized
          ? 'SUCCESS'
          : `FAILED:${String(socket.authorizationError)}`,
    ...(certificate === undefined ? {} : clientFacts(certificate)),
  };
}

function clientFacts(certificate: X509Certificate): TlsFacts {
  return {
    SSL_CLIENT_S_DN: nameOf(certificate.subject),
    SSL_CLIENT_I_DN: nameOf(certificate.issuer),
    SSL_CLIENT_M_SERIAL: certificate.serialNumber,
    SSL_CLIENT_V_START: certificate.validFrom,
    SSL_CLIENT_V_END: certificate.validTo,
    SSL_CLIENT_CERT: certificate.toString(),
  };
}

/** A name as in RFC 4514, the most specific part first; Node has a line for each part, the least specific first. */
function nameOf(lines: string): string {
  return lines
    .split('\n')
    .toReversed()
    .map((part) => part.replace(/(?<=^[^=]*=.*)[,+"\\<>;]/g, '\\$&'))
    .join(',');
}
