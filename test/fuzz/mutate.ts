import type { Chance } from '../simulation/chance.ts';

const BYTES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '/',
  '?',
  '#',
  '\\',
  '"',
  '0',
  '-',
  '\x7f',
  '\x80',
  '\xff',
  '\v',
];
const NUMBERS = [
  '0',
  '1',
  '-1',
  '00',
  '9',
  '10',
  '255',
  '65536',
  '2147483648',
  '4294967296',
  '18446744073709551616',
  'ffffffffffffffff',
  '0x10',
  '1e3',
];
const LINES = [
  ...['Host: x', 'Host: y', 'Host:', 'Content-Length: 5', 'Content-Length: 0', 'Content-Length: 99999999999'],
  ...['Transfer-Encoding: chunked', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding:\tchunked'],
  ...['Connection: close', 'Connection: keep-alive', 'Connection: upgrade', 'Connection: Transfer-Encoding'],
  ...[
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Expect: 100-continue',
    'Expect: x',
    'Trailer: Host',
    'TE: trailers',
  ],
  ...[
    'Proxy: x',
    '__proto__: x',
    'Content-Type: a/b',
    ' folded',
    ': x',
    'X',
    'Sec-WebSocket-Key: x',
    'Keep-Alive: timeout=1',
  ],
];
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS', 'CONNECT', 'TRACE', 'PRI', 'SOURCE', 'M-SEARCH', 'get'];
const TARGETS = ['/', '*', '//', 'http://x/', 'http://y@x/', '/..', '/%00', '/%', 'x:80', '/a#b', '/\\'];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'RTSP/1.0', 'ICE/1.0', 'HTTP/1.1 '];

type Mutation = (chance: Chance, text: string, others: readonly string[]) => string;

/** A place in the text, most often in its head. */
function place(chance: Chance, { length }: string): number {
  return chance.below(chance.happens(0.7) ? Math.min(length, 200) + 1 : length + 1);
}

function spliced(text: string, from: number, removed: number, added: string): string {
  return text.slice(0, from) + added + text.slice(from + removed);
}

/** Replaces one of the matches. */
function replaced(chance: Chance, text: string, pattern: RegExp, by: string): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { index, 0: whole } = chance.of(found);
  return spliced(text, index, whole.length, by);
}

const MUTATIONS = {
  change: (chance, text) => spliced(text, place(chance, text), 1, String.fromCharCode(chance.below(256))),
  insert: (chance, text) => spliced(text, place(chance, text), 0, chance.of(BYTES)),
  remove: (chance, text) => spliced(text, place(chance, text), chance.between(1, 8), ''),
  repeat(chance, text) {
    const from = place(chance, text);
    const part = text.slice(from, from + chance.between(1, 64));
    return spliced(text, from, 0, part.repeat(chance.between(1, chance.happens(0.05) ? 500 : 4)));
  },
  truncate: (chance, text) => text.slice(0, place(chance, text)),
  cross(chance, text, others) {
    const other = chance.of(others);
    return text.slice(0, place(chance, text)) + other.slice(place(chance, other));
  },
  number: (chance, text) => replaced(chance, text, /[0-9]+/g, chance.of(NUMBERS)),
  lineEnd: (chance, text) =>
    replaced(chance, text, /\r\n/g, chance.of(['\n', '\r', '\r\r\n', '\n\r', '\r\n ', ''])),
  line: (chance, text) => replaced(chance, text, /\r\n/g, `\r\n${chance.of(LINES)}\r\n`),
  method: (chance, text) => replaced(chance, text, /^[A-Z-]+/g, chance.of(METHODS)),
  target: (chance, text) => replaced(chance, text, / [^ \r\n]* /g, ` ${chance.of(TARGETS)} `),
  version: (chance, text) => replaced(chance, text, /HTTP\/1\.[01]/g, chance.of(VERSIONS)),
  letters: (chance, text) =>
    replaced(
      chance,
      text,
      /[A-Za-z-]+(?=:)/g,
      chance.of(['host', 'HOST', 'transfer-ENCODING', 'Content_Length', 'connection']),
    ),
  swap(chance, text) {
    const lines = text.split('\r\n');
    const [one, other] = [chance.below(lines.length), chance.below(lines.length)];
    return lines
      .map((line, at) => (at === one ? lines[other] : at === other ? lines[one] : line))
      .join('\r\n');
  },
} satisfies Readonly<Record<string, Mutation>>;

const WEIGHTS: Readonly<Record<keyof typeof MUTATIONS, number>> = {
  ...{ change: 4, insert: 4, remove: 3, repeat: 2, truncate: 1, cross: 2, number: 3, lineEnd: 3, line: 4 },
  ...{ method: 1, target: 1, version: 1, letters: 1, swap: 1 },
};

/** A request, as latin1 text, with one to four things changed about it. */
export function mutated(chance: Chance, request: string, others: readonly string[]): string {
  let text = request;
  for (let left = chance.between(1, 4); left > 0; left--) {
    const mutate: Mutation = MUTATIONS[chance.weighted(WEIGHTS)];
    text = mutate(chance, text, others);
  }
  return text;
}
