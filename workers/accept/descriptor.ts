import type { Socket } from 'node:net';

/**
 * The number of a socket's descriptor. It is a private field, but Node has no other way to read without waiting for the
 * event loop, or to tell how many descriptors are in use. Null if the socket has none, or a later Node hides it.
 */
export function descriptorOf(socket: Socket): number | null {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: unknown } | null };
  const fd = handle?.fd;
  return typeof fd === 'number' && fd > 2 ? fd : null;
}
