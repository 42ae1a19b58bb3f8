// What llhttp reads as a method is one of its own list: of RTSP and of ICE too, since it cannot be told to take HTTP alone.
// `PRI` is the preface of HTTP/2 and never reaches a handler. CONNECT comes by an event of its own.

/** The methods that are registered for HTTP, except for TRACE and CONNECT. */
const USUAL: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY'],
  // WebDAV and its extensions
  ...[
    'COPY',
    'LOCK',
    'MKCOL',
    'MOVE',
    'PROPFIND',
    'PROPPATCH',
    'SEARCH',
    'UNLOCK',
    'BIND',
    'REBIND',
    'UNBIND',
    'ACL',
  ],
  ...['REPORT', 'MKACTIVITY', 'CHECKOUT', 'MERGE', 'MKCALENDAR', 'LINK', 'UNLINK'],
  // UPnP, and caches
  ...['M-SEARCH', 'NOTIFY', 'SUBSCRIBE', 'UNSUBSCRIBE', 'PURGE'],
]);

/** Whether a request of the method gets to the application; `permitsAny` is --permit-unconventional-http-method. */
export function isMethodAllowed(method: string, permitsAny: boolean): boolean {
  return method === 'GET' || method === 'POST' || permitsAny || USUAL.has(method);
}
