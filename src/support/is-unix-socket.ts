import type { Socket } from 'node:net';

/** What tells the connections of a Unix socket. */
export type Peer = Partial<Pick<Socket, 'remoteAddress' | 'localAddress' | 'destroyed'>>;

/**
 * Whether an open connection came by a Unix socket, which has no address at either end. The client of a TCP connection has
 * none either once it has reset that, while what it sent before is still read; the local end then keeps its own.
 */
export function isUnixSocket({ remoteAddress, localAddress, destroyed }: Peer): boolean {
  return remoteAddress === undefined && localAddress === undefined && destroyed !== true;
}
