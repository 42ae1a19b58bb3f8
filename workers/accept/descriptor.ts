import type { Socket } from 'node:net';

/**
 * The number of a socket's descriptor, a private field: Node has no other way to read without waiting for the event loop,
 * or to tell how many descriptors are in use. Null where a Node to come does not tell it, or the socket has none.
 */
export function descriptorOf(socket: Socket): number | null {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: unknown } | null };
  const fd = handle?.fd;
  return typeof fd === 'number' && fd > 2 ? fd : null;
}
