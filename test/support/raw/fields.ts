import { last, type RawCase, refused, request, taken } from './case.ts';

const get = (...lines: readonly string[]) => request('GET / HTTP/1.1', lines);
const post = (body: string, ...lines: readonly string[]) =>
  request('POST / HTTP/1.1', ['Host: x', ...lines], body);

const HOSTS = [
  'x',
  'X',
  'x:80',
  'x:',
  'x.y.',
  '127.0.0.1',
  '127.0.0.1:8000',
  '[::1]',
  '[::1]:80',
  'a-b',
  'xn--caf-dma',
];
/** Valid by RFC 3986, and no domain names. Without those that no URL of the platform can have, which a fetch handler needs. */
const ODD_HOSTS = ['a_b.c', '0.0.0.0=5000'];
const NO_HOSTS = [
  ...[
    '',
    'a b',
    'a@b',
    'a:b@c',
    'a/b',
    '/',
    'http://x',
    'x:a',
    'x:-1',
    'x:99999',
    'x:80:80',
    '::1',
    '[::1',
    '::1]',
  ],
  ...[
    '[x]',
    '[1:2]',
    '[::1]x',
    '[]',
    'a,b',
    'x, x',
    'a?b',
    'a#b',
    'a\\b',
    '<x>',
    '"x"',
    'x^',
    '{x}',
    'x|y',
    'caf\xe9',
  ],
  ...['\x80', 'x\ty', ':80'],
];

const hosts: readonly RawCase[] = [
  ...[...HOSTS, ...ODD_HOSTS].map((host) => taken(`Host ${host}`, get(`Host: ${host}`))),
  ...NO_HOSTS.map((host) => refused(`Host ${JSON.stringify(host)}`, get(`Host: ${host}`))),
  taken('Host in other letters', get('hOST: x')),
  taken('Host with spaces around', get('Host: \t x \t')),
  refused('no Host', get()),
  refused('no Host among others', get('A: b', 'Hosts: x', 'X-Host: x')),
  refused('Host twice', get('Host: x', 'Host: x')),
  refused('Host twice in other letters', get('Host: x', 'HOST: y')),
  refused('an empty Host beside one', get('Host: x', 'Host:')),
  refused('Host twice in HTTP/1.0', request('GET / HTTP/1.0', ['Host: x', 'Host: x'])),
  refused('a bad Host in HTTP/1.0', request('GET / HTTP/1.0', ['Host: a@b'])),
];

const NAMES_WITH = [
  'a b',
  'a\tb',
  'a(b',
  'a)b',
  'a<b',
  'a@b',
  'a,b',
  'a;b',
  'a\\b',
  'a"b',
  'a/b',
  'a[b',
  'a?b',
  'a=b',
  'a{b',
];
const NO_NAMES = [...NAMES_WITH, '', 'caf\xe9', 'a\x01', 'a\x7f', 'a\0', 'a ', 'a\t', ' ', '\0'];
const NO_VALUES = ['\0', '\x01', '\x07', '\b', '\v', '\f', '\x1b', '\x7f'];
const VALUES = ['', 'b', ' b ', '\tb\t', 'b\tc', 'b c', 'caf\xe9', '\x80\xff', '"b"', 'b,c', ':', 'b: c'];

const syntax: readonly RawCase[] = [
  ...VALUES.map((value) => taken(`the value ${JSON.stringify(value)}`, get('Host: x', `A:${value}`))),
  ...NO_VALUES.map((value) =>
    refused(`${JSON.stringify(value)} in a value`, get('Host: x', `A: b${value}c`)),
  ),
  ...NO_NAMES.map((name) => refused(`the name ${JSON.stringify(name)}`, get('Host: x', `${name}: b`))),
  refused('no colon', get('Host: x', 'A')),
  refused('no colon in the first', get('A', 'Host: x')),
  refused('a space before the first', get(' Host: x')),
  refused('a field folded by a space', get('Host: x', 'A: b', ' c')),
  refused('a field folded by a tab', get('Host: x', 'A: b', '\tc')),
  refused('a field folded to nothing', get('Host: x', 'A: b', ' ')),
  refused('a Host folded', get('Host:', ' x')),
  refused('LF behind a field', 'GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n'),
  refused('CR behind a field', 'GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n'),
  refused('two CRs behind a field', 'GET / HTTP/1.1\r\nHost: x\r\r\nA: b\r\n\r\n'),
  refused('LF for the empty line', 'GET / HTTP/1.1\r\nHost: x\r\n\n'),
  refused('CR before another byte for the empty line', 'GET / HTTP/1.1\r\nHost: x\r\n\rx'),
  taken('100 fields', get('Host: x', ...Array.from({ length: 99 }, (_, at) => `A${at}: b`))),
  refused('101 fields', get('Host: x', ...Array.from({ length: 100 }, (_, at) => `A${at}: b`)), 431),
  refused('1,000 fields', get('Host: x', ...Array.from({ length: 999 }, () => 'A: b')), 431),
  taken('a long field', get('Host: x', `A: ${'b'.repeat(8000)}`)),
  refused('a field that is too long', get('Host: x', `A: ${'b'.repeat(8190)}`), 431),
  refused('a name that is too long', get('Host: x', `${'A'.repeat(8190)}: b`), 431),
  refused('fields beyond what Node holds', get('Host: x', ...Array(9).fill(`A: ${'b'.repeat(8000)}`)), 431),
];

const meanings: readonly RawCase[] = [
  taken('Proxy', get('Host: x', 'Proxy: http://evil/')),
  taken('a cookie twice', get('Host: x', 'Cookie: a', 'Cookie: b')),
  refused('Content-Type twice', post('', 'Content-Type: a/b', 'Content-Type: a/b')),
  taken('a name with an underscore', get('Host: x', 'X_Forwarded_For: a')),
  taken('the name __proto__', get('Host: x', '__proto__: a', 'constructor: b')),
  last('Connection: close', get('Host: x', 'Connection: close')),
  last('Connection: Close', get('Host: x', 'Connection: Close')),
  last('Connection: close among others', get('Host: x', 'Connection: keep-alive, close')),
  taken('Connection: keep-alive', get('Host: x', 'Connection: keep-alive')),
  taken('Connection: x', get('Host: x', 'Connection: x')),
  taken('Upgrade without Connection', get('Host: x', 'Upgrade: websocket')),
  taken('Connection: upgrade alone', get('Host: x', 'Connection: upgrade')),
  // Node throws away what it has read behind it.
  last('Upgrade to what is not there', get('Host: x', 'Connection: upgrade', 'Upgrade: x')),
  last('Upgrade among others', get('Host: x', 'Connection: keep-alive, Upgrade', 'Upgrade: h2c')),
  last(
    'Upgrade with a body',
    post('GET /behind HTTP/1.1\r\n\r\n', 'Connection: upgrade', 'Upgrade: x', 'Content-Length: 24'),
  ),
  taken('100-continue', post('a', 'Content-Length: 1', 'Expect: 100-continue'), { body: 1 }),
  taken('100-Continue', post('a', 'Content-Length: 1', 'Expect: 100-Continue'), { body: 1 }),
  ...['200-ok', '100', 'x', '100-continue, x', '100-continued'].map((expect) =>
    refused(`Expect: ${expect}`, post('a', 'Content-Length: 1', `Expect: ${expect}`), 417),
  ),
  last('Expect in HTTP/1.0', request('GET / HTTP/1.0', ['Host: x', 'Expect: x'])),
];

/** What may be wrong with the fields of a head, except for framing. */
export const fields: readonly RawCase[] = [...hosts, ...syntax, ...meanings];
