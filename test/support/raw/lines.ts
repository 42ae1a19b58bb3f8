import { last, type RawCase, refused, request, taken } from './case.ts';

const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY', 'COPY', 'LOCK', 'MKCOL', 'MOVE'],
  ...['PROPFIND', 'PROPPATCH', 'SEARCH', 'UNLOCK', 'BIND', 'REBIND', 'UNBIND', 'ACL', 'REPORT', 'MKACTIVITY'],
  ...['CHECKOUT', 'MERGE', 'MKCALENDAR', 'LINK', 'UNLINK', 'M-SEARCH', 'NOTIFY', 'SUBSCRIBE', 'UNSUBSCRIBE'],
  'PURGE',
];
/** Which llhttp parses with `HTTP/1.1`; the others of these protocols it does not. */
const FOREIGN_METHODS = ['SOURCE'];
const RTSP_METHODS = ['DESCRIBE', 'ANNOUNCE', 'SETUP', 'PLAY', 'PAUSE', 'TEARDOWN', 'RECORD', 'FLUSH'];
const NO_METHODS = ['get', 'Get', 'FOO', 'GETX', 'GE', 'G@T', 'G\tT', '', '"GET"', '\0', '-BLARGH'];

const methods: readonly RawCase[] = [
  ...METHODS.map((method) => taken(method, request(`${method} / HTTP/1.1`))),
  ...FOREIGN_METHODS.map((method) => refused(method, request(`${method} / HTTP/1.1`), [400, 501])),
  ...RTSP_METHODS.map((method) => refused(`${method} of RTSP`, request(`${method} / RTSP/1.0`), 501)),
  ...RTSP_METHODS.map((method) => refused(`${method} as HTTP`, request(`${method} / HTTP/1.1`), [400, 501])),
  ...NO_METHODS.map((method) => refused(`the method ${method}`, request(`${method} / HTTP/1.1`))),
  refused('TRACE', request('TRACE / HTTP/1.1'), 501),
  refused('TRACE with a body', request('TRACE / HTTP/1.1', ['Host: x', 'Content-Length: 1'], 'a')),
  refused('CONNECT', request('CONNECT x:443 HTTP/1.1', ['Host: x:443']), 501),
  refused('CONNECT of a path', request('CONNECT / HTTP/1.1'), [400, 501]),
  refused('SOURCE of ICE', request('SOURCE / ICE/1.0'), 501),
];

const NO_VERSIONS = [
  ...[
    '0.9',
    '1.2',
    '1.9',
    '2.0',
    '2',
    '3',
    '1',
    '1.',
    '.1',
    '11',
    '1.10',
    '1.01',
    '01.1',
    '1,1',
    '1.1.1',
    '-1.1',
  ],
  ...['1.1x', 'x', '1.x', ' 1.1', ''],
].map((version) => `HTTP/${version}`);
const NO_PROTOCOLS = [
  'http/1.1',
  'Http/1.1',
  'HTTP1.1',
  'HTTP 1.1',
  'HTTP /1.1',
  'HTTPS/1.1',
  'HTP/1.1',
  'SIP/2.0',
];

const versions: readonly RawCase[] = [
  last('HTTP/1.0', request('GET / HTTP/1.0')),
  last('HTTP/1.0 without Host', request('GET / HTTP/1.0', [])),
  taken('HTTP/1.0 that is kept', request('GET / HTTP/1.0', ['Host: x', 'Connection: keep-alive'])),
  ...[...NO_VERSIONS, ...NO_PROTOCOLS].map((version) =>
    refused(`the version ${version}`, request(`GET / ${version}`)),
  ),
  refused('no version', request('GET /')),
  refused('no target', request('GET HTTP/1.1')),
  refused('a target that is missing', request('GET  HTTP/1.1')),
  refused('GET of ICE', request('GET / ICE/1.0')),
];

const spaces: readonly RawCase[] = [
  taken('an empty line before', `\r\n${request('GET / HTTP/1.1')}`),
  taken('three empty lines before', `\r\n\r\n\r\n${request('GET / HTTP/1.1')}`),
  refused('a space before', ` ${request('GET / HTTP/1.1')}`),
  refused('a tab before', `\t${request('GET / HTTP/1.1')}`),
  refused('a tab for a space', request('GET\t/ HTTP/1.1')),
  refused('a tab before the version', request('GET /\tHTTP/1.1')),
  refused('a word more', request('GET / x HTTP/1.1')),
  refused('a word behind', request('GET / HTTP/1.1 x')),
  refused('a form feed for a space', request('GET\f/ HTTP/1.1')),
  refused('a vertical tab for a space', request('GET /\vHTTP/1.1')),
  refused('a no-break space for a space', request('GET /\xa0HTTP/1.1')),
  refused('LF behind the version', 'GET / HTTP/1.1\nHost: x\r\n\r\n'),
  refused('CR behind the version', 'GET / HTTP/1.1\rHost: x\r\n\r\n'),
  refused('two CRs behind the version', 'GET / HTTP/1.1\r\r\nHost: x\r\n\r\n'),
  refused('NUL behind the version', 'GET / HTTP/1.1\0\r\nHost: x\r\n\r\n'),
];

const TARGETS = [
  '/',
  '/a/b',
  '/a?b=c',
  '/a?b=c://d\\',
  '//x/y',
  '/a%20b',
  '/a;b=c',
  '/a?b?c',
  '/~a',
  '/a|b',
  '/"a"',
];
const ABSOLUTE = [
  'http://x',
  'http://x/',
  'http://X:80/a',
  'HTTP://x/a',
  'http://x?a',
  'http://x:/',
  'https://x/a',
];
const NO_TARGETS = [
  ...['*', '*x', '/*#', '/a#b', '#', '/a\\b', '\\', 'a', 'a/b', '?a', '.', '../a', ':80', 'x:80', '@', '%2f'],
  ...[
    'ftp://x/',
    'ws://x/',
    'file:///a',
    'javascript:a',
    'mailto:a@x',
    'http:/x',
    'http:x',
    'http://',
    'http:///a',
  ],
  ...[
    'http://a@x/',
    'http://a:b@x/',
    'http://y/',
    'http://x:81/',
    'http://x:99999/',
    'http://x:a/',
    'http://x#a',
  ],
  ...['http://x\\a', 'http://[::1/', 'http://[x]/', 'http://x,y/', 'http://x /', '/a b'],
  ...['/\x01', '/\x7f', '/\0', '/a\tb', '/caf\xe9', '/\x80', '/\r', '/a\fb'],
];

const targets: readonly RawCase[] = [
  ...TARGETS.map((target) => taken(`the target ${target}`, request(`GET ${target} HTTP/1.1`))),
  ...ABSOLUTE.map((target) => taken(`the target ${target}`, request(`GET ${target} HTTP/1.1`))),
  ...NO_TARGETS.map((target) =>
    refused(`the target ${JSON.stringify(target)}`, request(`GET ${target} HTTP/1.1`)),
  ),
  taken('OPTIONS *', request('OPTIONS * HTTP/1.1')),
  refused('OPTIONS *x', request('OPTIONS *x HTTP/1.1')),
  taken('a long target', request(`GET /${'a'.repeat(4000)} HTTP/1.1`)),
  refused('a target that is too long', request(`GET /${'a'.repeat(4094)} HTTP/1.1`), 414),
  refused('a target beyond what Node holds', request(`GET /${'a'.repeat(70_000)} HTTP/1.1`), 414),
];

/** What may be wrong with a request line. */
export const lines: readonly RawCase[] = [...methods, ...versions, ...spaces, ...targets];
