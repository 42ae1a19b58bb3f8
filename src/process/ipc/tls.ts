/** What a worker needs to end TLS; it is never written anywhere. */
export interface TlsSpec {
  /** On every listener; otherwise on those that say so. */
  readonly isEverywhere: boolean;
  readonly material: TlsMaterial;
  /** 48 bytes in base64, the same in all workers, so that each can resume the sessions of the others. */
  readonly ticketKeys: string;
}

/** Certificates and keys, as they were read from the files of the settings. */
export interface TlsMaterial {
  /** The first is for clients that ask for no name, or another one. */
  readonly certificates: readonly TlsCertificate[];
  /** The authorities of clients (PEM), and what they have revoked. */
  readonly ca: string | null;
  readonly crl: string | null;
}

export interface TlsCertificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** The names that it is for, in lower case, such as `example.org` and `*.example.org`. */
  readonly names: readonly string[];
  /** The OCSP response in base64. */
  readonly ocsp: string | null;
}

/** For new connections from now on; sessions that were begun before go on. */
export type TlsChange =
  | { readonly tsunicorn: 'certificates'; readonly material: TlsMaterial }
  | { readonly tsunicorn: 'ticketKeys'; readonly ticketKeys: string };
