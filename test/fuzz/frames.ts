import { Chance } from '../simulation/chance.ts';
import { type DrawScript, type End, inPieces } from './script.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** RFC 9113, 6. */
const TYPES = {
  ...{ data: 0, headers: 1, priority: 2, reset: 3, settings: 4, promise: 5, ping: 6, goAway: 7, window: 8 },
  ...{ continuation: 9, unknown: 0xbb },
} as const;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const MOST_REQUESTS = 12;
const ENDS: Readonly<Record<End, number>> = { ends: 4, goes: 3, resets: 1, waits: 1 };

const METHODS = ['GET', 'GET', 'GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', 'get', ''];
const PATHS = ['/', '/', '/a?b=c', '*', '', '/a#b', '//', 'http://x/', '/\0', '/\r\n', '/\\'];
const FIELDS: readonly (readonly [name: string, value: string])[] = [
  ...([
    ['accept', '*/*'],
    ['cookie', 'a=b'],
    ['content-length', '1'],
    ['content-length', '5'],
    ['host', 'x'],
  ] as const),
  ...([
    ['host', 'y'],
    ['connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['te', 'trailers'],
  ] as const),
  ...([
    ['expect', '100-continue'],
    ['Upper', 'x'],
    [':late', 'x'],
    ['', 'x'],
    ['a b', 'c'],
    ['x', 'a\r\nb: c'],
  ] as const),
  ...([
    ['proxy', 'x'],
    ['__proto__', 'x'],
    ['upgrade', 'websocket'],
    ['content-type', 'a/b'],
  ] as const),
];

/** Connections of HTTP/2, frame by frame; three quarters of the requests have something wrong about them. */
export const drawFrames: DrawScript = (seed, connection) => {
  const chance = new Chance(seed, connection, 2);
  const requests = chance.between(1, MOST_REQUESTS);
  const opening = chance.happens(0.97) ? PREFACE + frame(TYPES.settings, 0, 0, '') : '';
  let text = opening;
  for (let index = 0; index < requests; index++) {
    const id = 2 * index + 1;
    text += chance.happens(1 / 4)
      ? request(chance, id, false)
      : broken(chance, request(chance, id, true), id);
  }
  return { requests, pieces: inPieces(chance, text), end: chance.weighted(ENDS) };
};

/** HEADERS, and DATA where there is a body. */
function request(chance: Chance, id: number, isOdd: boolean): string {
  const hasBody = chance.happens(0.3);
  const fields = [
    [':method', isOdd ? chance.of(METHODS) : hasBody ? 'POST' : 'GET'],
    [':scheme', isOdd && chance.happens(0.1) ? 'ftp' : 'http'],
    [':path', isOdd ? chance.of(PATHS) : '/'],
    [':authority', isOdd && chance.happens(0.1) ? 'a@b' : 'x'],
    ...Array.from({ length: isOdd ? chance.below(4) : 0 }, () => chance.of(FIELDS)),
  ] as const;
  const block = fields.map(([name, value]) => literal(name, value)).join('');
  const head = frame(TYPES.headers, END_HEADERS | (hasBody ? 0 : END_STREAM), id, block);
  return hasBody ? head + frame(TYPES.data, END_STREAM, id, 'a'.repeat(chance.below(100))) : head;
}

/** A field that is not indexed (RFC 7541, 6.2.2), of a name and a value shorter than 127 bytes. */
function literal(name: string, value: string): string {
  return `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`;
}

function frame(
  type: number,
  flags: number,
  stream: number,
  payload: string,
  length = payload.length,
): string {
  const head = [
    length >>> 16,
    length >>> 8,
    length,
    type,
    flags,
    stream >>> 24,
    stream >>> 16,
    stream >>> 8,
    stream,
  ];
  return String.fromCharCode(...head.map((byte) => byte & 0xff)) + payload;
}

/** The request with bytes changed, cut off, or with frames before or behind it that may not be there. */
function broken(chance: Chance, text: string, id: number): string {
  switch (chance.weighted({ bytes: 3, odd: 5, cut: 1, reset: 2, flood: 1, none: 2 })) {
    case 'bytes': {
      const at = chance.below(text.length);
      return text.slice(0, at) + String.fromCharCode(chance.below(256)) + text.slice(at + 1);
    }
    case 'odd':
      return chance.happens(0.5) ? oddFrame(chance, id) + text : text + oddFrame(chance, id);
    case 'cut':
      return text.slice(0, chance.below(text.length));
    case 'reset':
      return text + frame(TYPES.reset, 0, id, payloadOf(chance, 4));
    case 'flood':
      return text + oddFrame(chance, id).repeat(chance.between(2, 50));
    default:
      return text;
  }
}

function oddFrame(chance: Chance, id: number): string {
  const type = chance.of(Object.values(TYPES));
  const stream = chance.of([0, id, id, id + 1, id + 2, 0x7fffffff]);
  const sizes = { [TYPES.settings]: 6, [TYPES.ping]: 8, [TYPES.goAway]: 8, [TYPES.priority]: 5 };
  const usual = sizes[type as keyof typeof sizes] ?? 4;
  const payload = payloadOf(chance, chance.happens(0.7) ? usual : chance.below(40));
  const flags = chance.of([0, 0, ACK, END_HEADERS, 0x08, 0x20, chance.below(256)]);
  return frame(type, flags, stream, payload, chance.happens(0.05) ? chance.below(1 << 24) : payload.length);
}

function payloadOf(chance: Chance, length: number): string {
  return String.fromCharCode(
    ...Array.from({ length }, () => chance.of([0, 0, 1, 2, 4, 0xff, chance.below(256)])),
  );
}
