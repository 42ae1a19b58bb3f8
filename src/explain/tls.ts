import type { Explained } from './explained.ts';

/** Certificates, keys, and what TLS is made of. */
export const tls: readonly Explained[] = [
  {
    code: 'TSU0751',
    title: 'The key does not belong to the certificate',
    pattern: /the key does not match the certificate|the key is that of the certificate number/,
    means:
      'The private key of `--keyfile` is not that of the first certificate in the file of `--certfile` that stands at the same place.',
    cure: 'Name the two that were made together, in the same order. `openssl x509 -in CERT -noout -pubkey` and `openssl pkey -in KEY -pubout` print the same key for them. See [TLS](../tls.md#certificates).',
  },
  {
    code: 'TSU0752',
    title: 'The certificate is not valid now',
    pattern: /the certificate has expired on|the certificate is valid only from/,
    means: 'Clients would refuse it, so it is not served.',
    cure: 'Renew it. `openssl x509 -in CERT -noout -dates` prints its times, `date` that of the machine.',
  },
  {
    code: 'TSU0753',
    title: 'A file of TLS cannot be read',
    pattern:
      /may not read it, as whom the arbiter runs|there is no such file; correct the path|it is not a file; name the file|larger than 8 MB; is it|it cannot be read \(/,
    means:
      'A file that `--certfile`, `--keyfile`, `--ocsp-file`, `--ca-certs` or `--crl` names is missing, or the user of the arbiter has no right to read it. The workers do not read them.',
    cure: 'Correct the path or the rights of the file and its directories (`namei -l FILE` lists them), or start as root with `--user`.',
  },
  {
    code: 'TSU0754',
    title: 'A file of TLS holds something else',
    pattern:
      /it has no (?:certificate|private key|list of revoked certificates) \(PEM\)|a certificate in it cannot be read|the key has a passphrase|the private key cannot be read|it is no OCSP response/,
    means: 'The file does not hold what its setting asks for, or a key that needs a passphrase.',
    cure: 'Name the right file. PEM begins with `-----BEGIN`; `openssl x509 -inform der -in FILE` turns DER into PEM, `openssl pkey -in KEY -out NEW` takes a passphrase away.',
  },
  {
    code: 'TSU0755',
    title: 'The settings of TLS do not fit together',
    pattern:
      /name one for each certificate, in the same order|nothing says whose certificates are accepted|there is no certificate; name one with --certfile|the arbiter itself speaks plain HTTP|it ends TLS itself/,
    means: 'One setting of TLS asks for another, or TLS would be ended twice.',
    cure: 'The message says which. See [TLS](../tls.md).',
  },
  {
    code: 'TSU0756',
    title: 'OpenSSL does not take it',
    pattern: /OpenSSL does not accept it|no TLS context can be made/,
    means:
      'The certificate, its key, the cipher suites or what the hook `sslContext` returns cannot be used: a key is too short, a name of a suite is unknown, or the hook has thrown.',
    cure: '`openssl ciphers -v LIST` says which suites a list has; RSA keys have 2048 bits at least. See [the hook](../tls.md#the-hook-sslcontext).',
  },
  {
    code: 'TSU0757',
    title: 'uwsgi is not spoken over TLS',
    pattern: /uwsgi is not spoken over TLS|speaks TLS, (in )?which .*uwsgi/,
    means:
      '`--protocol uwsgi` is what a proxy beside the service speaks (nginx’s `uwsgi_pass`), and it has no form over TLS.',
    cure: 'Let the proxy end TLS and leave `--certfile` away, or let it speak HTTP to the service. See [proxies](../proxies.md).',
  },
];
