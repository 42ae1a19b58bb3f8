import { isIPv6 } from 'node:net';

// RFC 3986, 3.2.2 and 3.2.3. It may not be empty, though the RFC allows that for a target without an authority.
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[([\da-fA-F:.]+)\])(?::(\d{0,5}))?$/;
const LAST_PORT = 65_535;

/**
 * Whether a Host header, or the authority of a target, is a name or an address and perhaps a port. More than a URL of
 * the platform can have: `isHost()` of the room `app` is about that. A comma, which a name may have by RFC 3986, is what
 * two headers that a proxy has joined look like.
 */
export function isAuthority(text: string): boolean {
  const match = HOST.exec(text);
  if (match === null || text.includes(',')) return false;
  const [, address, port = ''] = match;
  return Number(port) <= LAST_PORT && (address === undefined || isIPv6(address));
}

/** Whether two authorities are the same for a scheme, whose default port need not be written. */
export function isSameAuthority(one: string, other: string, scheme: string): boolean {
  return one === other || normal(one, scheme) === normal(other, scheme);
}

function normal(authority: string, scheme: string): string {
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80';
  const lower = authority.toLowerCase();
  if (lower.endsWith(port)) return lower.slice(0, -port.length);
  return lower.endsWith(':') ? lower.slice(0, -1) : lower;
}
