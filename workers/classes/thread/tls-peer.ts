import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { CipherNameAndProtocol, TLSSocket } from 'node:tls';
import { isEncrypted } from '../../../src/support/is-encrypted.ts';

/** What a thread is told of the TLS of a connection; plain data. */
export interface TlsPeer {
  readonly protocol: string | null;
  readonly cipher: CipherNameAndProtocol;
  readonly servername: string | false | null;
  readonly alpn: string | false | null;
  readonly authorized: boolean;
  readonly authorizationError: string | null;
  readonly isReused: boolean;
  /** The certificate of the client in DER; null where it has shown none. */
  readonly certificate: Uint8Array | null;
}

/** Null for a connection without TLS. */
export function tlsPeerOf(socket: Socket): TlsPeer | null {
  // What stands for the socket of a stream of HTTP/2 has the names of its methods without TLS too.
  if (!isEncrypted(socket) || !('getPeerX509Certificate' in socket)) return null;
  const secure = socket as TLSSocket & { readonly servername?: string | false };
  const { authorizationError } = secure;
  return {
    protocol: secure.getProtocol(),
    cipher: secure.getCipher(),
    servername: secure.servername ?? null,
    alpn: secure.alpnProtocol,
    authorized: secure.authorized,
    authorizationError: authorizationError ? String(authorizationError) : null,
    isReused: secure.isSessionReused(),
    certificate: secure.getPeerX509Certificate()?.raw ?? null,
  };
}

/** What a TLSSocket has, as far as applications ask for it, made of plain data in a thread. */
export function tlsProperties(peer: TlsPeer): object {
  const { protocol, cipher, servername, alpn, authorized, authorizationError, isReused } = peer;
  let parsed: X509Certificate | undefined;
  const certificate = () => {
    if (peer.certificate === null) return undefined;
    parsed ??= new (process.getBuiltinModule('node:crypto').X509Certificate)(peer.certificate);
    return parsed;
  };
  return {
    ...{ encrypted: true, authorized, authorizationError, servername, alpnProtocol: alpn },
    getProtocol: () => protocol,
    getCipher: () => cipher,
    isSessionReused: () => isReused,
    getPeerX509Certificate: certificate,
    getPeerCertificate: () => certificate()?.toLegacyObject() ?? {},
  };
}
