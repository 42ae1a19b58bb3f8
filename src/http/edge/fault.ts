/** Why a request is refused: the status of its answer, a code for logs and metrics, and what is wrong with it. */
export interface Fault {
  readonly status: number;
  /** Such as `EDGE_HOST`; it never has anything of the request in it. */
  readonly code: string;
  readonly text: string;
}

function fault(code: string, text: string, status = 400): Fault {
  return { status, code: `EDGE_${code}`, text };
}

/** All that the server refuses itself although llhttp, the parser of Node, takes it. */
export const FAULTS = {
  version: fault('VERSION', 'the version is neither HTTP/1.0 nor HTTP/1.1'),
  method: fault('METHOD', 'the method is not one that this server takes', 501),
  tunnel: fault('TUNNEL', 'this server opens no tunnels (CONNECT)', 501),
  traceBody: fault('TRACE_BODY', 'a TRACE request has no body (RFC 9110, 9.3.8)'),
  target: fault('TARGET', 'the request target is not valid (RFC 9112, 3.2)'),
  authority: fault('AUTHORITY', 'the host of the request target is not that of the Host header'),
  noHost: fault('NO_HOST', 'the Host header is missing (RFC 9112, 3.2)'),
  hosts: fault('HOSTS', 'there is more than one Host header (RFC 9112, 3.2)'),
  host: fault('HOST', 'the Host header is not valid'),
  types: fault('TYPES', 'there is more than one Content-Type header (RFC 9110, 8.3)'),
  forwarded: fault('FORWARDED', 'a header of a trusted proxy (Forwarded, X-Forwarded-…) is not valid'),
  contradiction: fault(
    'CONTRADICTION',
    'headers of trusted proxies contradict each other (--forwarder-headers, --secure-scheme-headers)',
  ),
  proxyHeader: fault('PROXY_HEADER', 'the header of the PROXY protocol is not valid'),
  noProxyHeader: fault(
    'NO_PROXY_HEADER',
    'the connection does not begin with a header of the PROXY protocol (--proxy-protocol)',
  ),
  slowStart: fault('SLOW_START', 'what comes before the request took too long (--header-timeout)', 408),
  packet: fault('PACKET', 'the uwsgi packet is not valid (--protocol)'),
  notAllowed: fault('NOT_ALLOWED', 'the peer may not speak uwsgi (--uwsgi-allow-from)', 403),
  underscore: fault('UNDERSCORE', 'the name of a header has an underscore (--header-map)'),
  coding: fault('CODING', 'Transfer-Encoding is not "chunked" alone (RFC 9112, 6.1)'),
  codingOf10: fault('CODING_OF_1_0', 'HTTP/1.0 has no Transfer-Encoding (RFC 9112, 6.1)'),
  expectation: fault('EXPECTATION', 'Expect is not 100-continue (RFC 9110, 10.1.1)', 417),
  line: fault('LINE', 'the request line is longer than --limit-request-line allows', 414),
  fields: fault('FIELDS', 'there are more header fields than --limit-request-fields allows', 431),
  fieldSize: fault('FIELD_SIZE', 'a header field is longer than --limit-request-field-size allows', 431),
  body: fault('BODY', 'the body is larger than --limit-request-body allows', 413),
  slowBody: fault('SLOW_BODY', 'its body came too slowly (--body-timeout)', 408),
  unread: fault('UNREAD', 'nothing of what was sent was read (--write-timeout)', 408),
  evicted: fault('EVICTED', 'its header was not complete, and others wait at --worker-connections', 408),
  trailer: fault('TRAILER', 'a trailer is of a field that may not be one (RFC 9110, 6.5.1)'),
  extensions: fault('EXTENSIONS', 'the extensions of the chunks are too long'),
} as const;
