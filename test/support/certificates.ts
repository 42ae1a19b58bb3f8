import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_MS } from './patience.ts';

export interface CertificateOptions {
  /** The names that it is for, the first one as its common name; none in its subjectAltName where `isPlain`. */
  readonly names?: readonly string[];
  /** How long it is valid from now on; less than 0 has expired. */
  readonly days?: number;
  /** Who signs it; itself where that is absent. */
  readonly by?: Files;
  readonly isAuthority?: boolean;
  /** Where the certificate of who has signed it is, which public authorities tell. */
  readonly issuerAt?: string;
  readonly algorithm?: 'ec' | 'rsa';
}

/** The paths of a certificate and its key. */
export interface Files {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate and its key by openssl(1), as `NAME.pem` and `NAME.key` in the directory. */
export function certify(directory: string, name: string, options: CertificateOptions = {}): Files {
  const { names = [name], days = 90, by, isAuthority = false, issuerAt, algorithm = 'ec' } = options;
  const at = (end: string) => join(directory, `${name}.${end}`);
  const [cert, key] = [at('pem'), at('key')];
  const kind = algorithm === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048'];
  openssl(
    'req',
    '-new',
    '-newkey',
    ...kind,
    '-nodes',
    '-keyout',
    key,
    '-out',
    at('csr'),
    '-subj',
    `/CN=${names[0]}`,
  );
  const lines = [
    `basicConstraints=critical,CA:${isAuthority ? 'TRUE' : 'FALSE'}`,
    ...(isAuthority ? ['keyUsage=keyCertSign,cRLSign'] : []),
    `subjectAltName=${[...names.map((one) => `DNS:${one}`), 'IP:127.0.0.1'].join()}`,
    ...(issuerAt === undefined ? [] : [`authorityInfoAccess=caIssuers;URI:${issuerAt}`]),
  ];
  writeFileSync(at('ext'), `${lines.join('\n')}\n`);
  const signer = by ? ['-CA', by.cert, '-CAkey', by.key, '-CAcreateserial'] : ['-signkey', key];
  openssl(
    'x509',
    '-req',
    '-in',
    at('csr'),
    ...signer,
    '-days',
    `${days}`,
    '-out',
    cert,
    '-extfile',
    at('ext'),
  );
  return { cert, key };
}

/** Makes the list in which an authority revokes certificates. */
export function revoke(directory: string, authority: Files, revoked: readonly Files[]): string {
  const config = join(directory, 'ca.cnf');
  writeFileSync(join(directory, 'index.txt'), '');
  writeFileSync(
    config,
    `[ca]\ndefault_ca=one\n[one]\ndatabase=${directory}/index.txt\ndefault_md=sha256\ndefault_crl_days=30\n`,
  );
  const ca = ['ca', '-config', config, '-cert', authority.cert, '-keyfile', authority.key];
  for (const { cert } of revoked) openssl(...ca, '-revoke', cert);
  const crl = join(directory, 'crl.pem');
  openssl(...ca, '-gencrl', '-out', crl);
  return crl;
}

/** Makes the response of an authority that says that a certificate of its own is good. */
export function answerOcsp(directory: string, { cert }: Files, authority: Files): string {
  const at = (name: string) => join(directory, name);
  const { serialNumber } = new X509Certificate(readFileSync(cert));
  writeFileSync(at('ocsp.txt'), `V\t491231235959Z\t\t${serialNumber}\tunknown\t/CN=one\n`);
  openssl('ocsp', '-issuer', authority.cert, '-cert', cert, '-reqout', at('ocsp.req'), '-no_nonce');
  const signer = ['-rsigner', authority.cert, '-rkey', authority.key, '-CA', authority.cert];
  const files = ['-index', at('ocsp.txt'), '-reqin', at('ocsp.req'), '-respout', at('ocsp.der')];
  openssl('ocsp', ...files, ...signer, '-ndays', '1');
  return at('ocsp.der');
}

/** Puts the certificate of who has signed it behind a certificate. */
export function chain({ cert }: Files, issuer: Files): void {
  appendFileSync(cert, readFileSync(issuer.cert));
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe', timeout: PROGRAM_MS });
}
