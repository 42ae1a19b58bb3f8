import type { KeyObject, X509Certificate } from 'node:crypto';
import { messageOf } from '../support/errors.ts';
import { type NamedFile, refusal } from './read-file.ts';

/** What is known of a certificate that is served. */
export interface CertificateFacts {
  readonly file: string;
  readonly names: readonly string[];
  /** In Unix time, in milliseconds. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** What is not right with it, and does not keep it from being served; null where nothing is. */
  readonly remark: string | null;
}

const DAY_MS = 86_400_000;
/** An operator wants to know of an end that is nearer than this, or than a quarter of the lifetime, for those of a few days. */
const SOON_MS = 14 * DAY_MS;

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Checks a certificate and its key. Throws a UsageError. */
export function checkCertificate(
  [certFile, pem]: readonly [NamedFile, string],
  [keyFile, keyPem]: readonly [NamedFile, string],
  nowMs: number,
): CertificateFacts {
  const chain = parseChain(certFile, pem);
  const [leaf] = chain;
  if (leaf === undefined) throw refusal(certFile, 'it has no certificate (PEM); is it the key?');
  const key = parseKey(keyFile, keyPem);
  if (!leaf.checkPrivateKey(key)) throw refusal(keyFile, mismatch(certFile, chain, key));
  const [fromMs, untilMs] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (untilMs <= nowMs)
    throw refusal(certFile, `the certificate has expired on ${dateOf(untilMs)}; renew it`);
  if (fromMs > nowMs)
    throw refusal(
      certFile,
      `the certificate is valid only from ${dateOf(fromMs)} on; check the clock of this machine (${dateOf(nowMs)})`,
    );
  return { file: certFile.path, names: namesOf(leaf), fromMs, untilMs, remark: brokenAt(chain) };
}

/** How long a certificate has left, in words, and whether that is worth a warning. */
export function timeLeft({ fromMs, untilMs }: CertificateFacts, nowMs: number) {
  const leftMs = untilMs - nowMs;
  const isSoon = leftMs < Math.min(SOON_MS, (untilMs - fromMs) / 4);
  return { isSoon, daysLeft: Math.floor(leftMs / DAY_MS), until: dateOf(untilMs) };
}

function parseChain(file: NamedFile, pem: string): readonly X509Certificate[] {
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  try {
    return [...pem.matchAll(BLOCK)].map(([block]) => new X509Certificate(block));
  } catch (error) {
    throw refusal(file, `a certificate in it cannot be read (${messageOf(error)}); write it again`);
  }
}

function parseKey(file: NamedFile, pem: string): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw refusal(file, 'it has no private key (PEM); name the file of the key with --keyfile');
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem))
    throw refusal(
      file,
      'the key has a passphrase, which nobody could type at a restart; write it without one (`openssl pkey -in … -out …`)',
    );
  try {
    return process.getBuiltinModule('node:crypto').createPrivateKey(pem);
  } catch (error) {
    throw refusal(file, `the private key cannot be read (${messageOf(error)}); write it again`);
  }
}

function mismatch(certFile: NamedFile, chain: readonly X509Certificate[], key: KeyObject): string {
  const other = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (other > 0)
    return `the key is that of the certificate number ${other + 1} in ${certFile.path}; put that one first`;
  return `the key does not match the certificate of ${certFile.path}; name the two that belong together, in the same order`;
}

/** Why clients may not be able to check a chain; null where they can, as far as it can be seen here. */
function brokenAt(chain: readonly X509Certificate[]): string | null {
  const at = chain.findIndex((certificate, index) => {
    const issuer = chain[index + 1];
    return issuer !== undefined && !certificate.checkIssued(issuer);
  });
  if (at >= 0)
    return `the certificate number ${at + 2} in it has not signed the one before; put the chain in order, without others`;
  const last = chain.at(-1);
  const isAlone = last !== undefined && chain.length === 1 && !last.checkIssued(last);
  // An authority of the public tells where its certificate is; a private one mostly signs without another in between.
  if (!isAlone || !/CA Issuers/.test(last.infoAccess ?? '')) return null;
  return `the certificate of its issuer is missing (${commonName(last.issuer) ?? 'unnamed'}), so that some clients will not trust it; use the file with the full chain`;
}

/** Of its subjectAltName; RFC 9525 has clients ignore the common name, which is taken where nothing else is there. */
function namesOf({ subjectAltName, subject }: X509Certificate): readonly string[] {
  const names = [...(subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,]+)/g)].map(([, name = '']) => name);
  const common = names.length === 0 && subjectAltName === undefined ? commonName(subject) : null;
  return [...new Set([...names, ...(common === null ? [] : [common])].map((name) => name.toLowerCase()))];
}

function commonName(subject: string): string | null {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? null;
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().replace(/T(\d\d:\d\d).*/, ' $1 UTC');
}
