import type { Socket } from 'node:net';

/** The property by which what stands for the socket of a request, such as that of a stream, has that of its connection. */
export const CARRIER = Symbol('carrier');

/** The socket of the connection by which a request came. */
export function carrierOf(socket: Socket & { readonly [CARRIER]?: Socket }): Socket {
  return socket[CARRIER] ?? socket;
}
