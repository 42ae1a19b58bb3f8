import type { SecureContext, SecureContextOptions, Server } from 'node:tls';
import type { TlsCertificate, TlsMaterial } from '../../../src/process/ipc/tls.ts';
import type { Settings } from '../../../src/settings/catalogue/catalogue.ts';
import type { OcspAnswer, TlsContextOptions } from '../../../src/settings/hooks.ts';
import { contextOptions, groupByNames, type SameNames } from '../../../src/tls/secure-context.ts';

/** The hook sslContext. */
export type SslContext = (defaults: TlsContextOptions) => TlsContextOptions;

/** What is made of certificates: one context for each set of names. */
export interface Contexts {
  /** Of the first certificate, for clients that ask for no name that is known. */
  readonly fallback: SecureContextOptions;
  /** The context for a name that a client asks for. */
  find(name: string): SecureContext | undefined;
  /** The OCSP response for a certificate (DER), signed by `issuer`; null where there is none. */
  ocsp(certificate: Buffer, issuer: Buffer): OcspAnswer;
}

/** Makes the contexts. Throws what OpenSSL or the hook throws. `common` is the same for all of them. */
export function makeContexts(
  material: TlsMaterial,
  settings: Settings,
  sslContext: SslContext | undefined,
  common: SecureContextOptions,
): Contexts {
  const tls = process.getBuiltinModule('node:tls');
  const groups = groupByNames(material).map((sameNames, index) => {
    const certificates = index === 0 ? sameNames : rsaLast(sameNames);
    const defaults = contextOptions(certificates, material, settings);
    const { ocspResponse, ...options }: TlsContextOptions = sslContext?.(defaults) ?? defaults;
    const names = certificates.flatMap((certificate) => certificate.names);
    return { options: { ...options, ...common }, names, ocspResponse };
  });
  const [first] = groups;
  if (first === undefined) throw new Error('no certificate');
  const byName = new Map<string, SecureContext>();
  for (const { names, options } of groups.slice(1)) {
    const context = tls.createSecureContext(options);
    // Of two that have the same name the first counts.
    for (const name of names) if (!byName.has(name)) byName.set(name, context);
  }
  // Even where a later certificate has its names too.
  for (const name of first.names) byName.delete(name);
  const responses = ocspTable(material);
  const hooks = groups.flatMap(({ ocspResponse }) => ocspResponse ?? []);
  return {
    fallback: first.options,
    find: (name) => findIn(byName, name.toLowerCase()),
    ocsp: (certificate, issuer) =>
      responses.get(certificate.toString('base64')) ?? hooks[0]?.(certificate, issuer) ?? null,
  };
}

/**
 * Of the context for a name that a client asks for Node uses only the certificate that was added last: that of an RSA key,
 * which every client can use.
 */
function rsaLast(certificates: SameNames): SameNames {
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  const isRsa = ({ cert }: TlsCertificate) =>
    new X509Certificate(cert).publicKey.asymmetricKeyType?.startsWith('rsa') === true;
  return certificates.toSorted((one, other) => Number(isRsa(one)) - Number(isRsa(other)));
}

/** RFC 9525, 6.3: the star stands for the first label alone. */
function findIn<Value>(byName: ReadonlyMap<string, Value>, name: string): Value | undefined {
  return byName.get(name) ?? byName.get(name.replace(/^[^.]+/, '*'));
}

/** The responses by their certificates, both in DER, the latter in base64. */
function ocspTable({ certificates }: TlsMaterial): ReadonlyMap<string, Buffer> {
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  return new Map(
    certificates.flatMap(({ cert, ocsp }) =>
      ocsp === null
        ? []
        : [[new X509Certificate(cert).raw.toString('base64'), Buffer.from(ocsp, 'base64')] as const],
    ),
  );
}

/** Serves other certificates to new connections. */
export function useContexts(server: Server, { fallback }: Contexts, ticketKeys: Buffer): void {
  server.setSecureContext({ ...fallback, ticketKeys } as SecureContextOptions);
  server.setTicketKeys(ticketKeys);
}
