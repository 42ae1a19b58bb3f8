import type { IncomingMessage } from 'node:http';
import { rawHeaderOf } from './raw-header.ts';
import { isTrustedPeer } from './trusted-peers.ts';

/** `t=` stands before it in the configurations of Heroku and New Relic. */
const START = /^(?:t=)?(\d{1,20}(?:\.\d{1,9})?)$/;
/** Above these a number cannot be of the unit before: they are in the year 5138. */
const UNITS = [
  [1e11, 1000],
  [1e14, 1],
  [1e17, 1e-3],
  [Infinity, 1e-6],
] as const;
/** What began longer ago is another kind of number, or of a machine without a clock. */
const LONGEST_MS = 86_400_000;

/**
 * How many milliseconds ago a proxy got the request, by its `X-Request-Start` and Date.now(); null where the
 * header is missing, or is no time, or the peer is not trusted. 0 where the clock of the proxy is ahead.
 */
export function queueMsOf(request: IncomingMessage, now: () => number = Date.now): number | null {
  const given = rawHeaderOf(request.rawHeaders, 'x-request-start');
  if (given === null || !isTrustedPeer(request)) return null;
  const startMs = startOf(given);
  // The clock is read only where there is a header: that costs a request as much as the search for it.
  const waitedMs = startMs === null ? Infinity : now() - startMs;
  return waitedMs > LONGEST_MS ? null : Math.max(0, waitedMs);
}

/** The milliseconds since 1970 that a value means, in whichever unit it is; null where it is no time. */
function startOf(value: string): number | null {
  const [, text] = START.exec(value) ?? [];
  if (text === undefined) return null;
  const number = Number(text);
  const [, factor] = UNITS.find(([above]) => number < above) ?? UNITS[0];
  return number * factor;
}
