import { chunked, last, type RawCase, refused, request, taken } from './case.ts';

const post = (body: string, ...lines: readonly string[]) =>
  request('POST / HTTP/1.1', ['Host: x', ...lines], body);
/** The end of a body in chunks. */
const END = '0\r\n\r\n';

const NO_LENGTHS = [
  ...[
    'a',
    '-1',
    '+1',
    '1,1',
    '1, 1',
    '1 1',
    '0x1',
    '1.0',
    '1e0',
    '"1"',
    '1;',
    '1a',
    'a1',
    '\xb9',
    '1\t1',
    ',1',
    '1,',
  ],
  ...['18446744073709551616', '99999999999999999999999', '-0', ''],
];

const lengths: readonly RawCase[] = [
  taken('no length', post('')),
  taken('Content-Length: 0', post('', 'Content-Length: 0'), { body: 0 }),
  taken('a body', post('a', 'Content-Length: 1'), { body: 1 }),
  taken('a body of GET', request('GET / HTTP/1.1', ['Host: x', 'Content-Length: 3'], 'abc')),
  taken('a body of DELETE', request('DELETE / HTTP/1.1', ['Host: x', 'Content-Length: 3'], 'abc')),
  taken(
    'a body that looks like a request',
    post('GET /inside HTTP/1.1\r\nHost: x\r\n\r\n', 'Content-Length: 33'),
    { body: 33 },
  ),
  taken('zeros before the length', post('a', 'Content-Length: 001'), { body: 1 }),
  taken('spaces around the length', post('a', 'Content-Length:  1 '), { body: 1 }),
  last('a body in HTTP/1.0', request('POST / HTTP/1.0', ['Host: x', 'Content-Length: 1'], 'a'), { body: 1 }),
  ...NO_LENGTHS.map((length) =>
    refused(`the length ${JSON.stringify(length)}`, post('a', `Content-Length: ${length}`)),
  ),
  refused('a length twice', post('a', 'Content-Length: 1', 'Content-Length: 1')),
  refused('two lengths', post('a', 'Content-Length: 1', 'Content-Length: 2')),
  refused('a length of 0 and another', post('a', 'Content-Length: 0', 'Content-Length: 1')),
  refused('a space before the colon of the length', post('a', 'Content-Length : 1')),
  refused('a length that is folded', post('a', 'Content-Length:', ' 1')),
  taken('the name Content_Length', post('', 'Content_Length: 5')),
  refused('a length above the limit', post('', 'Content-Length: 1001'), 413),
  taken('a length at the limit', post('a'.repeat(1000), 'Content-Length: 1000'), { body: 1000 }),
  refused(
    'a length above the limit with 100-continue',
    post('', 'Content-Length: 1001', 'Expect: 100-continue'),
    413,
  ),
];

const NO_CODINGS = [
  ...[
    'identity',
    'gzip',
    'deflate',
    'compress',
    'br',
    'cow',
    'chunk',
    'xchunked',
    'chunkedx',
    '"chunked"',
    "'chunked'",
  ],
  ...['chunked;q=1', 'chunked;', ';chunked', 'chunked,', ',chunked', 'chunked,chunked', 'chunked, chunked'],
  ...[
    'identity, chunked',
    'gzip, chunked',
    'chunked, identity',
    'chunked, gzip',
    'gzip,chunked',
    'chunked chunked',
  ],
  ...[
    '\vchunked',
    'chunked\v',
    'chunked\f',
    '\0chunked',
    'chunked\0',
    'ch\xfcnked',
    'chunked\x7f',
    'chunked\t',
    '[chunked]',
    '',
  ],
];
const NAMES = [
  'Transfer-Encoding ',
  'Transfer-Encoding\t',
  ' Transfer-Encoding',
  'Transfer\\Encoding',
  'Transfer-Encoding\0',
];

const codings: readonly RawCase[] = [
  ...['chunked', 'Chunked', 'CHUNKED', ' chunked', '\tchunked', 'chunked '].map((coding) =>
    taken(`the coding ${JSON.stringify(coding)}`, post(`1\r\na\r\n${END}`, `Transfer-Encoding:${coding}`), {
      body: 1,
    }),
  ),
  taken(
    'chunks of GET',
    request('GET / HTTP/1.1', ['Host: x', 'Transfer-Encoding: chunked'], `1\r\na\r\n${END}`),
  ),
  ...NO_CODINGS.map((coding) =>
    refused(`the coding ${JSON.stringify(coding)}`, post(END, `Transfer-Encoding: ${coding}`)),
  ),
  ...NAMES.map((name) => refused(`the name ${JSON.stringify(name)}`, post(END, `${name}: chunked`))),
  refused('two codings in two fields', post(END, 'Transfer-Encoding: gzip', 'Transfer-Encoding: chunked')),
  refused(
    'chunked and another in two fields',
    post(END, 'Transfer-Encoding: chunked', 'Transfer-Encoding: x'),
  ),
  refused('chunked twice', post(END, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')),
  refused('chunked and nothing', post(END, 'Transfer-Encoding: chunked', 'Transfer-Encoding:')),
  refused('a coding that is folded', post(END, 'Transfer-Encoding:', ' chunked')),
  refused('a coding behind LF', post(END, 'A: b\nTransfer-Encoding: chunked')),
  refused('a coding behind CR', post(END, 'A: b\rTransfer-Encoding: chunked')),
  refused('a coding in HTTP/1.0', request('POST / HTTP/1.0', ['Host: x', 'Transfer-Encoding: chunked'], END)),
  refused('a length and a coding', post(END, 'Content-Length: 5', 'Transfer-Encoding: chunked')),
  refused('a coding and a length', post(END, 'Transfer-Encoding: chunked', 'Content-Length: 5')),
  refused(
    'a length and a coding that is none',
    post('a', 'Content-Length: 1', 'Transfer-Encoding: identity'),
  ),
  refused('a length of 0 and a coding', post(END, 'Content-Length: 0', 'Transfer-Encoding: chunked')),
];

const NO_SIZES = [
  ...['', ' 1', '1 ', '1\t', '+1', '-1', '0x1', '1h', 'g', '1.0', '"1"', '\xb9', '1;', '1;;', '1; a', '1 ;a'],
  ...['1;a="b', '1;a\0', '1;a\n', '1\n', '1\r', 'fffffffffffffffff', '10000000000000001', '-0'],
];
const SIZES = ['1', '01', '0000000001', '1;a', '1;a=b', '1;a="b c"', '1;a;b', '1;a=b;c="d"', '1;=', '1;a='];

const chunks: readonly RawCase[] = [
  ...SIZES.map((size) => taken(`the chunk ${size}`, chunked(`${size}\r\na\r\n${END}`), { body: 1 })),
  ...NO_SIZES.map((size) => refused(`the chunk ${JSON.stringify(size)}`, chunked(`${size}\r\na\r\n${END}`))),
  taken('chunks', chunked(`1\r\na\r\n2\r\nbc\r\n${END}`), { body: 3 }),
  taken('a chunk of letters', chunked(`A\r\n${'a'.repeat(10)}\r\na\r\n${'a'.repeat(10)}\r\n${END}`), {
    body: 20,
  }),
  taken('no chunk', chunked(END), { body: 0 }),
  taken('a last chunk of zeros', chunked('1\r\na\r\n000\r\n\r\n'), { body: 1 }),
  taken('a last chunk with an extension', chunked('1\r\na\r\n0;a=b\r\n\r\n'), { body: 1 }),
  refused('a chunk longer than it says', chunked(`1\r\nab\r\n${END}`)),
  refused('a chunk shorter than it says', chunked(`3\r\na\r\n${END}`)),
  refused('LF behind a chunk', chunked(`1\r\na\n${END}`)),
  refused('CR behind a chunk', chunked(`1\r\na\r${END}`)),
  refused('nothing behind a chunk', chunked(`1\r\na${END}`)),
  refused('LF behind a size', chunked(`1\na\r\n${END}`)),
  refused('no last chunk', chunked('1\r\na\r\n\r\n')),
  refused('LF behind the last chunk', chunked('1\r\na\r\n0\n\r\n')),
  refused('LF for the end', chunked('1\r\na\r\n0\r\n\n')),
  refused('chunks above the limit', chunked(`3e9\r\n${'a'.repeat(1001)}\r\n${END}`), 413),
  refused(
    'chunks above the limit together',
    chunked(`${`64\r\n${'a'.repeat(100)}\r\n`.repeat(11)}${END}`),
    413,
  ),
  taken('chunks at the limit', chunked(`${`64\r\n${'a'.repeat(100)}\r\n`.repeat(10)}${END}`), { body: 1000 }),
  refused('a long extension', chunked(`1;${'a'.repeat(20_000)}\r\na\r\n${END}`), [400, 413]),
];

const FORBIDDEN = [
  ...[
    'Host',
    'host',
    'Transfer-Encoding',
    'Content-Length',
    'Trailer',
    'Connection',
    'Upgrade',
    'TE',
    'Content-Type',
  ],
  ...[
    'Content-Encoding',
    'Content-Range',
    'Authorization',
    'Proxy-Authorization',
    'Proxy',
    'Cookie',
    'Set-Cookie',
  ],
  ...['Cache-Control', 'Expect', 'Range', 'If-Match', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host'],
  ...['X-Forwarded-Proto', 'X-Real-IP', 'X-Request-Id', 'Origin', 'X-HTTP-Method-Override'],
];
const NO_TRAILERS = ['A', 'A : b', ' A: b', 'A: b\n', 'A: \0', ': b', 'A: b\r\n c', 'A\xe9: b'];

const trailers: readonly RawCase[] = [
  taken('a trailer', chunked('1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n'), { body: 1 }),
  taken('two trailers', chunked('1\r\na\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n', ['Trailer: X-Sum']), {
    body: 1,
  }),
  ...FORBIDDEN.map((name) => refused(`the trailer ${name}`, chunked(`1\r\na\r\n0\r\n${name}: 1\r\n\r\n`))),
  ...NO_TRAILERS.map((line) =>
    refused(`the trailer ${JSON.stringify(line)}`, chunked(`1\r\na\r\n0\r\n${line}\r\n\r\n`)),
  ),
  refused('trailers without end', chunked(`1\r\na\r\n0\r\n${'A: b\r\n'.repeat(20_000)}`), [400, 431]),
];

/** What may be wrong with the length of a body, its chunks and its trailers. */
export const framing: readonly RawCase[] = [...lengths, ...codings, ...chunks, ...trailers];
