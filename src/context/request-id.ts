import { isTrustedPeer } from '../support/trusted-peers.ts';
import type { RequestContext } from './current.ts';
import { parentOf } from './parent.ts';

/** What an id may be made of: it goes into logs and headers as it is. */
const ID = /^[\w.:+/=@-]{1,128}$/;

/**
 * The id of a request: that of the request which it was forwarded from, or the header `X-Request-Id` of a peer on this
 * machine or a private network, otherwise a new one.
 */
export function idOf({ incoming, extras }: RequestContext): string {
  extras.id ??= parentOf(incoming)?.id ?? givenId(incoming) ?? nextId();
  return extras.id;
}

function givenId(incoming: RequestContext['incoming']): string | null {
  const given = incoming.headers['x-request-id'];
  if (typeof given !== 'string' || !ID.test(given)) return null;
  return isTrustedPeer(incoming) ? given : null;
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
