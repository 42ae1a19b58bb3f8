import type { AddressInfo, BoundSocket, BoundSocketOptions } from 'node:net';
import { formatTcp } from '../../settings/address.ts';
import { codeOf } from '../../support/errors.ts';
import type { ListenCall } from './listen-call.ts';

/** A socket that this process has bound; nothing listens on it yet. */
export interface Bound {
  readonly fd: number;
  readonly url: string;
  /** Null for a path. */
  readonly address: AddressInfo | null;
  /** Closes it; not to be called once a server has the descriptor, which closes it, and its number may be given away then. */
  close(): void;
}

/**
 * Binds what the call asks for, at once, and as node:net would: without a host on every interface, of IPv6 too if this
 * machine has it. The host is no name. Throws the system's error.
 */
export function bindCall(call: Exclude<ListenCall, { readonly kind: 'handle' }>): Bound {
  if (call.kind === 'path') {
    const socket = bind({ path: call.path });
    return { fd: socket.fd(), url: `unix:${call.path}`, address: null, close: () => socket.close() };
  }
  const { port, host, ipv6Only = false } = call;
  const socket = host === null ? bindEverywhere(port, ipv6Only) : bind({ host, port, ipv6Only });
  const address = socket.address() as AddressInfo;
  const url = formatTcp(address.address, address.port);
  return { fd: socket.fd(), url, address, close: () => socket.close() };
}

function bindEverywhere(port: number, ipv6Only: boolean): BoundSocket {
  try {
    return bind({ host: '::', port, ipv6Only });
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES') throw error;
    return bind({ host: '0.0.0.0', port });
  }
}

function bind(options: BoundSocketOptions): BoundSocket {
  const { BoundSocket } = process.getBuiltinModule('node:net');
  return new BoundSocket(options);
}
