import type { IncomingMessage } from 'node:http';

/** Loopback, private, link-local and unique local addresses: where proxies are. */
const TRUSTED =
  /^(?:::ffff:)?(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\.|^::1$|^f[cd][\da-f]{2}:|^fe[89ab][\da-f]:/i;

/** Whether the peer of a request is on this machine or a private network, so that its headers can be believed. */
export function isTrustedPeer({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  const { remoteAddress, destroyed } = socket;
  // A Unix socket has no address, nor has one that is closed.
  return remoteAddress === undefined ? !destroyed : TRUSTED.test(remoteAddress);
}
