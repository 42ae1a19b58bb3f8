import type { TlsMaterial } from '../process/ipc/tls.ts';
import type { LoadedData } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { messageOf, UsageError } from '../support/errors.ts';
import { type CertificateFacts, checkCertificate } from './certificate.ts';
import { type NamedFile, readBytes, refusal } from './read-file.ts';
import { contextOptions, groupByNames } from './secure-context.ts';

/** What the files of the settings hold, and what is known of it. */
export interface ReadMaterial {
  readonly material: TlsMaterial;
  readonly facts: readonly CertificateFacts[];
}

type Loaded = Pick<LoadedData, 'settings' | 'origins'>;

/** The settings that name files, with how an error line calls them. */
const KEYS = {
  certfile: 'certfile',
  keyfile: 'keyfile',
  ocspFile: 'ocsp-file',
  caCerts: 'ca-certs',
  crl: 'crl',
} as const;

/** Reads the files that the settings name, and checks what is in them. Throws a UsageError of one line. */
export function readMaterial(loaded: Loaded, nowMs = Date.now()): ReadMaterial {
  checkCounts(loaded);
  const { certfile, keyfile, ocspFile } = filesOf(loaded);
  const read = certfile.map((file, index) => {
    const cert = readBytes(file).toString();
    const keyFile = keyfile[index] ?? file;
    const key = keyFile === file ? cert : readBytes(keyFile).toString();
    const facts = checkCertificate([file, cert], [keyFile, key], nowMs);
    const ocsp = ocspFile[index];
    return {
      facts,
      certificate: { cert, key, names: facts.names, ocsp: ocsp ? readOcsp(ocsp) : null },
    };
  });
  const material = { certificates: read.map(({ certificate }) => certificate), ...readAuthorities(loaded) };
  tryContexts(material, loaded);
  return { material, facts: read.map(({ facts }) => facts) };
}

/** Every file that the settings name. */
export function tlsFiles(loaded: Loaded): readonly string[] {
  return Object.values(filesOf(loaded))
    .flat()
    .map(({ path }) => path);
}

function filesOf({ settings, origins }: Loaded) {
  const named = (name: keyof typeof KEYS): readonly NamedFile[] => {
    const source = nameSetting(origins[name], KEYS[name]);
    return [settings[name] ?? []].flat().map((path) => ({ source, path }));
  };
  return {
    certfile: named('certfile'),
    keyfile: named('keyfile'),
    ocspFile: named('ocspFile'),
    caCerts: named('caCerts'),
    crl: named('crl'),
  };
}

function checkCounts({ settings, origins }: Loaded): void {
  const { certfile } = settings;
  for (const name of ['keyfile', 'ocspFile'] as const) {
    const { length } = settings[name];
    if (length > 0 && length !== certfile.length)
      throw new UsageError(
        `${nameSetting(origins[name], KEYS[name])}: there are ${length} of these and ${certfile.length} of --certfile; name one for each certificate, in the same order`,
      );
  }
  if (settings.certReqs !== 'none' && settings.caCerts === null)
    throw new UsageError(
      `${nameSetting(origins.certReqs, 'cert-reqs')}: nothing says whose certificates are accepted; name the file of those authorities with --ca-certs`,
    );
}

function readAuthorities(loaded: Loaded): Pick<TlsMaterial, 'ca' | 'crl'> {
  if (loaded.settings.certReqs === 'none') return { ca: null, crl: null };
  const {
    caCerts: [caFile],
    crl: [crlFile],
  } = filesOf(loaded);
  return {
    ca: caFile ? readPem(caFile, /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/, 'certificate') : null,
    crl: crlFile ? readPem(crlFile, /-----BEGIN X509 CRL-----/, 'list of revoked certificates') : null,
  };
}

function readPem(file: NamedFile, block: RegExp, what: string): string {
  const text = readBytes(file).toString();
  if (!block.test(text)) throw refusal(file, `it has no ${what} (PEM); is it another file?`);
  return text;
}

function readOcsp(file: NamedFile): string {
  const bytes = readBytes(file);
  // RFC 6960, 4.2.1: a sequence in DER.
  if (bytes[0] !== 0x30)
    throw refusal(file, 'it is no OCSP response (DER); `openssl ocsp … -respout FILE` writes one');
  return bytes.toString('base64');
}

/** OpenSSL has the last word, before any worker gets it. */
function tryContexts(material: TlsMaterial, { settings, origins }: Loaded): void {
  const tls = process.getBuiltinModule('node:tls');
  for (const group of groupByNames(material)) {
    try {
      tls.createSecureContext(contextOptions(group, material, settings));
    } catch (error) {
      const message = messageOf(error).replace(/^error:[0-9A-F]+:/i, '');
      const source = /cipher/i.test(message)
        ? nameSetting(origins.ciphers, 'ciphers')
        : `${nameSetting(origins.certfile, 'certfile')} ${settings.certfile.join(', ')}`;
      throw new UsageError(`${source}: OpenSSL does not accept it (${message}); correct it`);
    }
  }
}
