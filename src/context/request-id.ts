import type { RequestContext } from './current.ts';
import { parentOf } from './parent.ts';

/** What an id may be made of: it goes into logs and headers as it is. */
const ID = /^[\w.:+/=@-]{1,128}$/;

/** Loopback, private, link-local and unique local addresses: where proxies are. */
const TRUSTED =
  /^(?:::ffff:)?(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\.|^::1$|^f[cd][\da-f]{2}:|^fe[89ab][\da-f]:/i;

/**
 * The id of a request: that of the request which it was forwarded from, or the header `X-Request-Id` of a peer on this
 * machine or a private network, otherwise a new one.
 */
export function idOf({ incoming, extras }: RequestContext): string {
  extras.id ??= parentOf(incoming)?.id ?? givenId(incoming) ?? nextId();
  return extras.id;
}

function givenId({ headers, socket: { remoteAddress } }: RequestContext['incoming']): string | null {
  const given = headers['x-request-id'];
  if (typeof given !== 'string' || !ID.test(given)) return null;
  // A Unix socket has no address.
  return remoteAddress === undefined || TRUSTED.test(remoteAddress) ? given : null;
}

const nextId = counter();

// Not crypto.randomUUID(): an id need not be unguessable, and node:crypto takes 3 MB in each process.
function counter(): () => string {
  const start = [Math.random(), Math.random()].map((part) =>
    Math.floor(part * 36 ** 6)
      .toString(36)
      .padStart(6, '0'),
  );
  const prefix = start.join('');
  let count = 0;
  return () => `${prefix}-${(count++).toString(36)}`;
}
