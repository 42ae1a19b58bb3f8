import type { AddressInfo } from 'node:net';

/** What a server gets that may be served. */
export interface Claim {
  /** What its program is told. */
  readonly address: AddressInfo;
  /** Where it is bound already; null where nothing is bound for it. */
  readonly fd: number | null;
  /** It is served from now on. Throws a UsageError if that cannot be. */
  serve(): void;
  /** It is not served after all. */
  drop(): void;
}

/** What a server gets that is told an address at which nothing is bound for it. */
export function told(address: AddressInfo): Claim {
  return { address, fd: null, serve: () => {}, drop: () => {} };
}
