import type { SecureContextOptions } from 'node:tls';
import type { TlsCertificate, TlsMaterial } from '../process/ipc/tls.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';

/** Node's own suites of TLS 1.3. */
const SUITES_13 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';
/** Mozilla's intermediate list without DHE, which would need parameters of its own. Node's list has suites without forward secrecy. */
const SUITES_12 = [
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
].join(':');

/** Certificates of several kinds of keys for the same names. */
export type SameNames = readonly TlsCertificate[];

/** The certificates, those for the same names together: the client decides which kind of key it can use. */
export function groupByNames({ certificates }: TlsMaterial): readonly SameNames[] {
  const groups = new Map<string, TlsCertificate[]>();
  for (const certificate of certificates) {
    const names = certificate.names.toSorted().join();
    groups.set(names, [...(groups.get(names) ?? []), certificate]);
  }
  return [...groups.values()];
}

/** What Node makes a context of for these certificates, before the hook sslContext has changed it. */
export function contextOptions(
  certificates: SameNames,
  { ca, crl }: Pick<TlsMaterial, 'ca' | 'crl'>,
  { ciphers, tlsMin }: Pick<Settings, 'ciphers' | 'tlsMin'>,
): SecureContextOptions {
  return {
    cert: certificates.map(({ cert }) => cert),
    key: certificates.map(({ key }) => key),
    ...(ca === null ? {} : { ca }),
    ...(crl === null ? {} : { crl }),
    ciphers: suites(ciphers),
    minVersion: `TLSv${tlsMin}`,
  };
}

/** Without a suite of TLS 1.3 Node would switch TLS 1.3 off. */
function suites(given: string | null): string {
  if (given === null) return `${SUITES_13}:${SUITES_12}`;
  return /(^|:)TLS_/.test(given) ? given : `${SUITES_13}:${given}`;
}
