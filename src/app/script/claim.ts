import type { AddressInfo } from 'node:net';
import type { HandedListener } from '../../process/ipc/boot-spec.ts';

/** What a server gets that may be served. */
export interface Claim {
  /** What its program is told. */
  readonly address: AddressInfo;
  /** From now on the kernel queues its clients. */
  queue(): void;
  /** It is served from now on. Throws a UsageError if that cannot be. */
  serve(): void;
  /** It is not served after all, and gives up its socket. Returns what listen() takes to go on with that; null where it has none. */
  handOn(): unknown;
  /** It is not served after all. */
  drop(): void;
}

/** Lets the kernel queue the clients of sockets from which nobody accepts yet. */
export interface KernelQueue {
  begin(listener: Pick<HandedListener, 'fd' | 'backlog'>): void;
  /** Gives up the descriptor; returns what node:net's listen() takes to go on with it. */
  handOn(fd: number): unknown;
  close(fd: number): void;
}

/** What a server gets that is told an address at which nothing is bound for it. */
export function told(address: AddressInfo, queue = () => {}): Claim {
  return { address, queue, serve: () => {}, handOn: () => null, drop: () => {} };
}
