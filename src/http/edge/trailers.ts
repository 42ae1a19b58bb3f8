// RFC 9110, 6.5.1: what frames, routes, authenticates or describes a message cannot come behind its body, where those that
// had to know have already decided without it.
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...['transfer-encoding', 'content-length', 'host', 'trailer', 'connection', 'keep-alive', 'upgrade', 'te'],
  ...['content-type', 'content-encoding', 'content-range', 'content-language', 'content-location'],
  ...[
    'authorization',
    'proxy-authorization',
    'proxy-connection',
    'proxy',
    'cookie',
    'set-cookie',
    'www-authenticate',
  ],
  ...['cache-control', 'expect', 'max-forwards', 'pragma', 'range', 'if-match', 'if-none-match', 'if-range'],
  ...[
    'if-modified-since',
    'if-unmodified-since',
    'age',
    'date',
    'expires',
    'location',
    'retry-after',
    'vary',
  ],
  ...[
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-port',
    'x-forwarded-prefix',
  ],
  ...[
    'x-real-ip',
    'x-request-id',
    'x-request-start',
    'origin',
    'referer',
    'accept-encoding',
    'x-http-method-override',
  ],
]);

/** Whether one of the trailers, names and values in turn, is of a field that may not be one. */
export function hasForbidden(rawTrailers: readonly string[]): boolean {
  return rawTrailers.some((text, at) => at % 2 === 0 && FORBIDDEN.has(text.toLowerCase()));
}
