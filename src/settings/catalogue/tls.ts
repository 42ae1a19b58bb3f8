import { listOf, nullable } from '../compound-kinds.ts';
import { choice, path, scalar, seconds, text } from '../kinds.ts';
import { type Kind, setting } from '../setting.ts';

// Defined here, because inside setting() their words would widen to string.
const certReqs = choice(['none', 'optional', 'required'], {
  // As Python's ssl module, and so Gunicorn, has them.
  ...{ '0': 'none', '1': 'optional', '2': 'required' },
  ...{ cert_none: 'none', cert_optional: 'optional', cert_required: 'required' },
});
const tlsMin = choice(['1.2', '1.3'], { 'tlsv1.2': '1.2', 'tlsv1.3': '1.3' }, 'version');
const protocol = choice(['http/1.1', 'h2'], { h1: 'http/1.1' }, 'protocol');

const NEEDS_TLS = { anyOf: ['certfile'] } as const;
const NEEDS_CLIENTS = { anyOf: ['certReqs'] } as const;

/** TLS in the workers; see docs/tls.md. */
export const tls = {
  certfile: setting({
    doc: 'The file of a certificate (PEM), the certificates of its chain behind it. With it clients speak TLS: at the addresses of `bind` that begin with `tls:`, or at all of them if none does. Repeat it for several names: each client gets the certificate for the name that it asks for (SNI), others get the first one. The files are read again by a reload, and when they change: see [tls.md](tls.md#renewal).',
    flags: '--certfile',
    kind: listOf(path(), 0),
    default: [],
  }),
  keyfile: setting({
    doc: 'The file of the private key of a certificate (PEM, without a passphrase), once for each `certfile` and in the same order. Without it the keys are in the files of the certificates. The arbiter reads it, before the workers run as `user`.',
    flags: '--keyfile',
    kind: listOf(path(), 0),
    default: [],
    needs: NEEDS_TLS,
  }),
  ocspFile: setting({
    doc: 'The file of an OCSP response (DER), once for each `certfile` and in the same order. It is sent to clients that ask for it (stapling), and read again as the certificate is.',
    flags: '--ocsp-file',
    kind: listOf(path(), 0),
    default: [],
    needs: NEEDS_TLS,
  }),
  caCerts: setting({
    doc: 'The file of the authorities (PEM) whose certificates are accepted from clients.',
    flags: '--ca-certs',
    kind: nullable(path()),
    default: null,
    needs: NEEDS_CLIENTS,
  }),
  certReqs: setting({
    doc: 'Whether clients show a certificate: `none`; `optional`, if they have one that `caCerts` has signed; `required`. A connection with another certificate is cut in both cases. 0, 1 and 2 are the same, as in Gunicorn.',
    flags: '--cert-reqs',
    kind: whole(certReqs),
    default: 'none',
    needs: NEEDS_TLS,
  }),
  crl: setting({
    doc: 'The file of a list of revoked certificates (PEM) of clients. It is read again as the certificate is.',
    flags: '--crl',
    kind: nullable(path()),
    default: null,
    needs: NEEDS_CLIENTS,
  }),
  ciphers: setting({
    doc: 'The cipher suites, as OpenSSL names them, separated by colons. Suites of TLS 1.3 stay as they are, unless some are named.',
    flags: '--ciphers',
    kind: nullable(text('ciphers')),
    default: null,
    defaultText: 'those of Mozilla’s intermediate list that use ECDHE',
    needs: NEEDS_TLS,
  }),
  tlsMin: setting({
    doc: 'The oldest version of TLS that clients may use, `1.2` or `1.3`.',
    flags: '--tls-min',
    kind: whole(tlsMin),
    default: '1.2',
    needs: NEEDS_TLS,
  }),
  httpProtocols: setting({
    doc: 'What is offered to clients of TLS by ALPN, the preferred one first: `http/1.1`, which Gunicorn calls `h1`, and `h2`, as in `h2,http/1.1`: see [http2.md](http2.md).',
    flags: '--http-protocols',
    kind: separated(protocol),
    default: ['http/1.1'],
    needs: NEEDS_TLS,
  }),
  handshakeTimeout: setting({
    doc: 'How long a client may take from its connection to the end of its TLS handshake before it is cut. 0 means no limit.',
    flags: '--handshake-timeout',
    kind: seconds(),
    default: 10,
    needs: NEEDS_TLS,
  }),
  hsts: setting({
    doc: 'The header `Strict-Transport-Security` of each answer over TLS that has none: for how many seconds browsers shall use nothing but TLS for this name, perhaps with more of the header behind it, as in `31536000; includeSubDomains`. Browsers cannot be told to forget it: begin with 300.',
    flags: '--hsts',
    kind: nullable(hstsHeader()),
    default: null,
    needs: NEEDS_TLS,
  }),
};

/** As a number too. */
function whole<Value extends string, Input>(kind: Kind<Value, Input>): Kind<Value, Input | number> {
  return {
    ...kind,
    fromValue: (value) =>
      kind.fromValue(
        typeof value === 'number' ? `${value}` : typeof value === 'string' ? value.toLowerCase() : value,
      ),
  };
}

/** A list in which a flag may have several, with commas. */
function separated<Value, Input>(kind: Kind<Value, Input>): Kind<readonly Value[], Input | readonly Input[]> {
  const list = listOf(kind, 1);
  return { ...list, fromTexts: (texts) => list.fromText(texts.join(',')) };
}

/** RFC 6797, 6.1, with or without the name of its first directive. */
function hstsHeader(): Kind<string, string | number> {
  const read = (value: unknown) => {
    const [, seconds, rest = ''] =
      /^(?:max-age=)?(\d{1,10})((?:; ?(?:includeSubDomains|preload)){0,2})$/i.exec(`${value}`) ?? [];
    return seconds === undefined ? undefined : `max-age=${seconds}${rest}`;
  };
  return scalar({
    placeholder: 'seconds',
    expected: 'a number of seconds, perhaps followed by "; includeSubDomains" and "; preload"',
    readText: read,
    readValue: read,
  });
}
