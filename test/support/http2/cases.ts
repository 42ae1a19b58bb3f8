import {
  block,
  CODE,
  type Field,
  FLAG,
  frame,
  GET,
  POST,
  type RawClient,
  type Setting,
  settings,
  TYPE,
  uint32,
} from './raw-client.ts';

/** One thing that RFC 9113 or RFC 7541 asks of a server; `name` begins with the section. */
export interface Case {
  readonly name: string;
  /** Sends what the case is about, on a connection whose settings are exchanged; resolves with whether the server does as it should. */
  readonly holds: (client: RawClient) => Promise<boolean>;
  /** Of the client's own settings. */
  readonly settings?: Buffer;
}

type Frames = readonly Uint8Array[];

const { endStream, endHeaders, padded, priority, ack } = FLAG;
const WHOLE = endStream | endHeaders;
const SHORT = uint32(0);

const headers = (stream: number, flags: number, fields: readonly Field[] = GET) =>
  frame(TYPE.headers, flags, stream, block(...fields));
const get = (stream = 1, fields: readonly Field[] = GET) => headers(stream, WHOLE, fields);
const post = (stream = 1, ...more: readonly Field[]) => headers(stream, endHeaders, [...POST, ...more]);
const data = (stream: number, text: string, flags = 0) => frame(TYPE.data, flags, stream, Buffer.from(text));
const reset = (stream: number) => frame(TYPE.reset, 0, stream, uint32(CODE.cancel));
const rest = (stream: number, flags: number, bytes: Uint8Array = Buffer.alloc(0)) =>
  frame(TYPE.continuation, flags, stream, bytes);
const prioritised = (stream: number, on: number, weight = 15) =>
  frame(TYPE.priority, 0, stream, Buffer.concat([uint32(on), Buffer.from([weight])]));
const update = (stream: number, by: number) => frame(TYPE.window, 0, stream, uint32(by));
const own = (...pairs: readonly Setting[]) => frame(TYPE.settings, 0, 0, settings(...pairs));

/** The connection ends with one of these codes, or just ends. */
function ends(name: string, frames: Frames, ...codes: readonly number[]): Case {
  return refused(name, frames, ['connection'], codes);
}

/** The stream is reset with one of these codes; the connection may end for it as well (RFC 9113, 5.4.2). */
function resets(name: string, frames: Frames, ...codes: readonly number[]): Case {
  return refused(name, frames, ['stream', 'connection'], codes);
}

function refused(name: string, frames: Frames, whose: readonly string[], codes: readonly number[]): Case {
  return {
    name,
    async holds(client) {
      client.send(...frames);
      await client.settled();
      return client
        .faults()
        .some(([one, code]) => whose.includes(one) && (code === null || codes.includes(code)));
    },
  };
}

/** The request on that stream is answered whole. */
function answers(name: string, frames: Frames, stream = 1): Case {
  return {
    name,
    async holds(client) {
      client.send(...frames);
      return client
        .until(() => client.isAnswered(stream) || client.faults().length > 0)
        .then(() => client.isAnswered(stream));
    },
  };
}

/** The connection goes on. */
function goesOn(name: string, frames: Frames): Case {
  return {
    name,
    async holds(client) {
      client.send(...frames);
      await client.settled();
      return client.faults().length === 0;
    },
  };
}

const EXACT = 16_384;
const BIG_FIELD: Field = ['x-big', 'a'.repeat(120)];
const half = block(...GET).subarray(0, 10);
const otherHalf = block(...GET).subarray(10);
/** The first block of a request in two, which CONTINUATION has to go on with. */
const begun = (stream = 1, flags: number = endStream) => frame(TYPE.headers, flags, stream, half);
const ended = (stream = 1) => rest(stream, endHeaders, otherHalf);

const frames: readonly Case[] = [
  answers('4.1: a frame of an unknown type is ignored', [frame(0x16, 0, 0, SHORT), get()]),
  answers('4.1: flags without a meaning are ignored', [frame(TYPE.ping, 0x16, 0, Buffer.alloc(8)), get()]),
  answers('4.1: the reserved bit is ignored', [frame(TYPE.ping, 0, 0x8000_0000, Buffer.alloc(8)), get()]),
  answers('4.2: DATA of 2^14 bytes is taken', [post(), data(1, 'a'.repeat(EXACT), endStream)]),
  resets('4.2: DATA of more is refused', [post(), data(1, 'a'.repeat(EXACT + 1))], CODE.frameSize),
  ends(
    '4.2: HEADERS of more end the connection',
    [get(1, [...GET, ...Array<Field>(140).fill(BIG_FIELD)])],
    CODE.frameSize,
  ),
  ends(
    '4.3: a block that cannot be decoded ends the connection',
    [frame(TYPE.headers, WHOLE, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))],
    CODE.compression,
  ),
  ends('4.3: PRIORITY within a block', [begun(), prioritised(1, 0), ended()], CODE.protocol),
  ends('4.3: HEADERS of another stream within a block', [begun(), get(3), ended()], CODE.protocol),
];

const afterReset = [get(), reset(1)];
const afterEnd = [get()];

const streams: readonly Case[] = [
  answers('5.1: PRIORITY of an idle stream is taken', [prioritised(3, 0), get(5)], 5),
  ends('5.1: DATA of an idle stream', [data(1, 'x', endStream)], CODE.protocol),
  ends('5.1: RST_STREAM of an idle stream', [reset(1)], CODE.protocol),
  ends('5.1: WINDOW_UPDATE of an idle stream', [update(1, 100)], CODE.protocol),
  ends('5.1: CONTINUATION of an idle stream', [rest(1, endHeaders, block(...GET))], CODE.protocol),
  resets('5.1: DATA behind the end of a request', [...afterEnd, data(1, 'x', endStream)], CODE.streamClosed),
  resets('5.1: HEADERS behind the end of a request', [...afterEnd, get()], CODE.streamClosed),
  resets(
    '5.1: CONTINUATION behind the end of a request',
    [...afterEnd, rest(1, endHeaders, block(...GET))],
    CODE.streamClosed,
    CODE.protocol,
  ),
  resets('5.1: DATA behind RST_STREAM', [...afterReset, data(1, 'x', endStream)], CODE.streamClosed),
  resets('5.1: HEADERS behind RST_STREAM', [...afterReset, get()], CODE.streamClosed),
  resets(
    '5.1: CONTINUATION behind RST_STREAM',
    [...afterReset, rest(1, endHeaders, block(...GET))],
    CODE.streamClosed,
    CODE.protocol,
  ),
  answers('5.1: WINDOW_UPDATE and PRIORITY behind the end of a request', [
    ...[get(), update(1, 1), prioritised(1, 0)],
  ]),
  goesOn('5.1: RST_STREAM behind the end of a request', [get(), reset(1)]),
  answered('5.1: DATA of a stream that has closed', (client) => client.send(data(1, 'x', endStream)), [
    CODE.streamClosed,
  ]),
  answered('5.1: HEADERS of a stream that has closed', (client) => client.send(get()), [
    ...[CODE.streamClosed, CODE.protocol],
  ]),
  answered(
    '5.1: CONTINUATION of a stream that has closed',
    (client) => client.send(rest(1, endHeaders, block(...GET))),
    [CODE.streamClosed, CODE.protocol],
  ),
  answers('5.1: PRIORITY of a stream that has closed', [get(), prioritised(1, 0), get(3)], 3),
  ends('5.1.1: a stream with an even number', [get(2)], CODE.protocol),
  ends('5.1.1: a stream with a lower number than the one before', [get(5), get(3)], CODE.protocol),
  {
    name: '5.1.2: more streams than SETTINGS_MAX_CONCURRENT_STREAMS are refused',
    async holds(client) {
      const most = client.got
        .filter(({ type, flags }) => type === TYPE.settings && flags === 0)
        .map(({ payload }) => limitIn(payload))
        .find((limit) => limit !== null);
      // Without a limit there is nothing to exceed.
      if (most === undefined || most === null || most > 1000) return true;
      client.send(...Array.from({ length: most + 1 }, (_, index) => post(1 + 2 * index)));
      await client.settled();
      return client.faults().some(([, code]) => code === CODE.refused || code === CODE.protocol);
    },
  },
  resets(
    '5.3.1: HEADERS of a stream that depends on itself',
    [
      frame(
        ...([TYPE.headers, WHOLE | priority, 1] as const),
        Buffer.concat([uint32(1), Buffer.from([15]), block(...GET)]),
      ),
    ],
    CODE.protocol,
  ),
  resets('5.3.1: PRIORITY of a stream that depends on itself', [prioritised(2, 2)], CODE.protocol),
  answers('5.5: an unknown frame of the connection', [frame(0xff, 0, 0, SHORT), get()]),
  ends('5.5: an unknown frame within a block', [begun(), frame(0xff, 0, 0, SHORT), ended()], CODE.protocol),
];

/** The number of SETTINGS_MAX_CONCURRENT_STREAMS in a SETTINGS frame; null without. */
function limitIn(payload: Buffer): number | null {
  for (let at = 0; at + 6 <= payload.length; at += 6)
    if (payload.readUInt16BE(at) === 3) return payload.readUInt32BE(at + 2);
  return null;
}

/** The same as `resets`, once the request on stream 1 was answered. */
function answered(name: string, act: (client: RawClient) => void, codes: readonly number[]): Case {
  return {
    name,
    async holds(client) {
      client.send(get());
      await client.until(() => client.isAnswered(1) || client.faults().length > 0);
      await client.settled();
      act(client);
      await client.settled();
      return client.faults().some(([, code]) => code === null || codes.includes(code));
    },
  };
}

const padding = (length: number, bytes: Uint8Array, fill: number) =>
  Buffer.concat([Buffer.from([length]), bytes, Buffer.alloc(fill)]);
const MAX_WINDOW = 2 ** 31 - 1;

const definitions: readonly Case[] = [
  ends('6.1: DATA of stream 0', [data(0, 'x')], CODE.protocol),
  resets('6.1: DATA of a stream that is not open', [...afterEnd, data(1, 'x', endStream)], CODE.streamClosed),
  answers('6.1: DATA with padding', [
    post(),
    frame(TYPE.data, endStream | padded, 1, padding(3, Buffer.from('abc'), 3)),
  ]),
  ends(
    '6.1: padding that is longer than DATA',
    [post(), frame(TYPE.data, endStream | padded, 1, padding(6, Buffer.from('abc'), 0))],
    CODE.protocol,
  ),
  answers('6.2: HEADERS with padding', [
    frame(TYPE.headers, WHOLE | padded, 1, padding(5, block(...GET), 5)),
  ]),
  answers('6.2: HEADERS with a priority', [
    frame(TYPE.headers, WHOLE | priority, 1, Buffer.concat([uint32(0), Buffer.from([9]), block(...GET)])),
  ]),
  ends(
    '6.2: HEADERS without its end and then PRIORITY',
    [begun(), prioritised(1, 0), ended()],
    CODE.protocol,
  ),
  ends('6.2: HEADERS without its end and then another', [begun(), get(3), ended()], CODE.protocol),
  ends('6.2: HEADERS of stream 0', [get(0)], CODE.protocol),
  ends(
    '6.2: padding that is longer than HEADERS',
    [frame(TYPE.headers, WHOLE | padded, 1, padding(255, block(...GET), 0))],
    CODE.protocol,
  ),
  ends('6.3: PRIORITY of stream 0', [prioritised(0, 1)], CODE.protocol),
  resets('6.3: PRIORITY of 4 bytes', [get(), frame(TYPE.priority, 0, 1, SHORT)], CODE.frameSize),
  answers('6.3: PRIORITY with each weight', [prioritised(1, 0, 0), prioritised(1, 0, 255), get()]),
  answers('6.3: PRIORITY with an exclusive dependency', [prioritised(1, 0x8000_0003), get()]),
  ends('6.4: RST_STREAM of stream 0', [reset(0)], CODE.protocol),
  ends('6.4: RST_STREAM of an idle stream', [reset(1)], CODE.protocol),
  ends('6.4: RST_STREAM of 3 bytes', [post(), frame(TYPE.reset, 0, 1, Buffer.alloc(3))], CODE.frameSize),
  ends('6.5: SETTINGS with ACK and bytes', [frame(TYPE.settings, ack, 0, Buffer.alloc(1))], CODE.frameSize),
  ends('6.5: SETTINGS of a stream', [frame(TYPE.settings, 0, 1, settings([3, 100]))], CODE.protocol),
  ends('6.5: SETTINGS of 3 bytes', [frame(TYPE.settings, 0, 0, Buffer.alloc(3))], CODE.frameSize),
  ends('6.5.2: SETTINGS_ENABLE_PUSH of 2', [own([2, 2])], CODE.protocol),
  ends('6.5.2: SETTINGS_INITIAL_WINDOW_SIZE above the most', [own([4, MAX_WINDOW + 1])], CODE.flowControl),
  ends('6.5.2: SETTINGS_MAX_FRAME_SIZE below the least', [own([5, EXACT - 1])], CODE.protocol),
  ends('6.5.2: SETTINGS_MAX_FRAME_SIZE above the most', [own([5, 2 ** 24])], CODE.protocol),
  answers('6.5.2: an unknown setting is ignored', [own([0xff, 1]), get()]),
  {
    name: '6.5.3: of two values of a setting the last counts',
    settings: settings([4, 100], [4, 1]),
    async holds(client) {
      client.send(get());
      await client.until(() => bodyOf(client, 1) > 0 || client.faults().length > 0);
      await client.settled();
      return bodyOf(client, 1) === 1;
    },
  },
  {
    name: '6.5.3: SETTINGS are acknowledged',
    async holds(client) {
      const acks = () => client.got.filter(({ type, flags }) => type === TYPE.settings && flags === ack);
      const before = acks().length;
      client.send(own([3, 10]));
      await client.settled();
      return acks().length === before + 1;
    },
  },
  {
    name: '6.7: PING is answered with its bytes',
    async holds(client) {
      const payload = Buffer.from('12345678');
      client.send(frame(TYPE.ping, 0, 0, payload));
      await client.settled();
      return client.got.some(
        (one) => one.type === TYPE.ping && one.flags === ack && one.payload.equals(payload),
      );
    },
  },
  {
    name: '6.7: PING with ACK is not answered',
    async holds(client) {
      const payload = Buffer.from('unasked?');
      client.send(frame(TYPE.ping, ack, 0, payload));
      await client.settled();
      const isAnswered = client.got.some((one) => one.type === TYPE.ping && one.payload.equals(payload));
      return !isAnswered && client.faults().length === 0;
    },
  },
  ends('6.7: PING of a stream', [frame(TYPE.ping, 0, 1, Buffer.alloc(8))], CODE.protocol),
  ends('6.7: PING of 6 bytes', [frame(TYPE.ping, 0, 0, Buffer.alloc(6))], CODE.frameSize),
  ends('6.8: GOAWAY of a stream', [frame(TYPE.goAway, 0, 1, Buffer.alloc(8))], CODE.protocol),
  answers('6.8: what was sent before GOAWAY is answered', [get(), frame(TYPE.goAway, 0, 0, Buffer.alloc(8))]),
  ends('6.9: WINDOW_UPDATE of 0', [update(0, 0)], CODE.protocol),
  resets('6.9: WINDOW_UPDATE of 0 for a stream', [post(), update(1, 0)], CODE.protocol),
  ends('6.9: WINDOW_UPDATE of 3 bytes', [frame(TYPE.window, 0, 0, Buffer.alloc(3))], CODE.frameSize),
  answers('6.9: WINDOW_UPDATE of the connection and of a stream', [
    post(),
    update(0, 1),
    update(1, 1),
    data(1, '', endStream),
  ]),
  {
    name: '6.9.1: no more is sent than the window of a stream has',
    settings: settings([4, 1]),
    async holds(client) {
      client.send(get());
      await client.until(() => bodyOf(client, 1) > 0 || client.faults().length > 0);
      await client.settled();
      return bodyOf(client, 1) === 1;
    },
  },
  ends(
    '6.9.1: a window of the connection above the most',
    [update(0, MAX_WINDOW), update(0, MAX_WINDOW)],
    CODE.flowControl,
  ),
  resets(
    '6.9.1: a window of a stream above the most',
    [post(), update(1, MAX_WINDOW), update(1, MAX_WINDOW)],
    CODE.flowControl,
  ),
  {
    name: '6.9.2: a larger SETTINGS_INITIAL_WINDOW_SIZE counts for streams that wait',
    settings: settings([4, 0]),
    async holds(client) {
      client.send(get());
      await client.until(() => headOf(client, 1) || client.faults().length > 0);
      await client.settled();
      const before = bodyOf(client, 1);
      client.send(own([4, 1]));
      await client.until(() => bodyOf(client, 1) > 0 || client.faults().length > 0);
      await client.settled();
      return before === 0 && bodyOf(client, 1) === 1;
    },
  },
  {
    name: '6.9.2: a window may fall below 0',
    settings: settings([4, 3]),
    async holds(client) {
      client.send(get());
      await client.until(() => bodyOf(client, 1) >= 3 || client.faults().length > 0);
      client.send(own([4, 2]), update(1, 2));
      await client.until(() => bodyOf(client, 1) >= 4 || client.faults().length > 0);
      await client.settled();
      return bodyOf(client, 1) === 4;
    },
  },
  ends('6.9.2: a window above the most by SETTINGS', [own([4, MAX_WINDOW + 1])], CODE.flowControl),
  answers('6.10: several CONTINUATION', [
    ...[begun(), rest(1, 0, otherHalf.subarray(0, 4)), rest(1, 0, otherHalf.subarray(4, 8))],
    rest(1, endHeaders, otherHalf.subarray(8)),
  ]),
  ends(
    '6.10: another frame between CONTINUATION',
    [begun(), rest(1, 0, otherHalf.subarray(0, 4)), data(1, 'x'), rest(1, endHeaders, otherHalf.subarray(4))],
    CODE.protocol,
  ),
  ends('6.10: CONTINUATION of stream 0', [begun(), rest(0, endHeaders, otherHalf)], CODE.protocol),
  ends('6.10: CONTINUATION behind a whole head', [post(), rest(1, endHeaders, otherHalf)], CODE.protocol),
  ends(
    '6.10: CONTINUATION behind the last one',
    [begun(1, 0), ended(), rest(1, endHeaders, block(BIG_FIELD))],
    CODE.protocol,
  ),
  ends(
    '6.10: CONTINUATION behind DATA',
    [post(), data(1, 'x'), rest(1, endHeaders, otherHalf)],
    CODE.protocol,
  ),
  answers('7: a RST_STREAM with an unknown code', [post(), frame(TYPE.reset, 0, 1, uint32(0xff)), get(3)], 3),
];

function bodyOf({ got }: RawClient, of: number): number {
  return got.reduce(
    (sum, { type, stream, payload }) => sum + (type === TYPE.data && stream === of ? payload.length : 0),
    0,
  );
}

function headOf({ got }: RawClient, of: number): boolean {
  return got.some(({ type, stream }) => type === TYPE.headers && stream === of);
}

const without = (name: string) => GET.filter(([one]) => one !== name);
const malformed = (name: string, fields: readonly Field[]) => resets(name, [get(1, fields)], CODE.protocol);
const trailed = (...fields: readonly Field[]) => [post(), data(1, 'x'), headers(1, WHOLE, fields)];

const messages: readonly Case[] = [
  answers('8.1: GET', [get()]),
  answers('8.1: HEAD', [get(1, [[':method', 'HEAD'], ...GET.slice(1)])]),
  answers('8.1: POST', [post(), data(1, 'abc', endStream)]),
  answers('8.1: POST with trailers', trailed(['x-sum', '1'])),
  resets(
    '8.1: a second HEADERS that does not end the stream',
    [post(), headers(1, endHeaders, [['x-a', '1']])],
    CODE.protocol,
  ),
  malformed('8.2.1: a name with an upper-case letter', [...GET, ['X-Upper', '1']]),
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'].map((name) =>
    malformed(`8.2.2: the field ${name} of a connection`, [
      ...GET,
      [name, name === 'transfer-encoding' ? 'chunked' : 'x'],
    ]),
  ),
  malformed('8.2.2: TE of something else than trailers', [...GET, ['te', 'trailers, deflate']]),
  answers('8.2.2: TE of trailers', [get(1, [...GET, ['te', 'trailers']])]),
  malformed('8.3: an unknown pseudo-field', [...GET, [':test', '1']]),
  malformed('8.3: a pseudo-field of answers', [...GET, [':status', '200']]),
  resets('8.3: a pseudo-field in trailers', trailed([':method', 'GET']), CODE.protocol),
  malformed('8.3: a pseudo-field behind others', [...GET.slice(0, 3), ['x-a', '1'], ...GET.slice(3)]),
  malformed('8.3.1: an empty path', [...GET.slice(0, 2), [':path', ''], ...GET.slice(3)]),
  ...[':method', ':scheme', ':path'].flatMap((name) => [
    malformed(`8.3.1: no ${name}`, without(name)),
    malformed(`8.3.1: ${name} twice`, [...GET.filter(([one]) => one === name), ...GET]),
  ]),
  resets(
    '8.1.1: another length than content-length, in one part',
    [post(1, ['content-length', '1']), data(1, 'test', endStream)],
    CODE.protocol,
  ),
  resets(
    '8.1.1: another length than content-length, in several parts',
    [post(1, ['content-length', '1']), data(1, 'te'), data(1, 'st', endStream)],
    CODE.protocol,
  ),
  ends(
    '8.4: PUSH_PROMISE of a client',
    [frame(TYPE.push, endHeaders, 1, Buffer.concat([uint32(2), block(...GET)]))],
    CODE.protocol,
  ),
];

/** A head by fields of the static table (RFC 7541, appendix A): GET, http and /; and with an authority. */
const INDEXED = Buffer.from([0x82, 0x86, 0x84]);
const HEAD = Buffer.concat([INDEXED, Buffer.from([0x01, 1, 0x78])]);
type Part = Uint8Array | readonly number[];
const blockOf = (...parts: readonly Part[]) =>
  frame(TYPE.headers, WHOLE, 1, Buffer.concat(parts.map((part) => Buffer.from(part))));
const text = (of: string) => Buffer.concat([Buffer.from([of.length]), Buffer.from(of)]);
// RFC 7541, C.4.1: www.example.com.
const HUFFMAN = Buffer.from('8cf1e3c2e5f23a6ba0ab90f4ff', 'hex');
const undecodable = (name: string, ...parts: readonly Part[]) =>
  ends(name, [blockOf(...parts)], CODE.compression);

const compression: readonly Case[] = [
  answers('hpack 2.3.1: fields of the static table', [blockOf(INDEXED, [0x41], text('x'))]),
  answers('hpack 6.2.1: a literal that is indexed, with a new name', [
    blockOf(HEAD, [0x40], text('x-a'), text('b')),
  ]),
  answers('hpack 6.2.1: a literal that is indexed, by Huffman', [blockOf(INDEXED, [0x41], HUFFMAN)]),
  answers(
    'hpack 2.3.2: a field of the dynamic table',
    [
      blockOf(HEAD, [0x40], text('x-a'), text('b')),
      frame(TYPE.headers, WHOLE, 3, Buffer.concat([HEAD, Buffer.from([0xbe])])),
    ],
    3,
  ),
  answers('hpack 6.2.2: a literal that is not indexed', [blockOf(INDEXED, [0x01], text('x'))]),
  answers('hpack 6.2.2: a literal that is not indexed, by Huffman', [blockOf(INDEXED, [0x01], HUFFMAN)]),
  answers('hpack 6.2.3: a literal that is never indexed', [blockOf(INDEXED, [0x11], text('x'))]),
  answers('hpack 6.2.3: a literal that is never indexed, with a new name', [
    blockOf(HEAD, [0x10], text('x-a'), text('b')),
  ]),
  answers('hpack 6.3: a new size of the table', [blockOf([0x20], HEAD)]),
  answers('hpack 6.3: two new sizes of the table', [blockOf([0x20, 0x30], HEAD)]),
  undecodable('hpack 2.3.3: an index beyond both tables', INDEXED, [0xff, 0x80, 0x01]),
  undecodable('hpack 2.3.3: a name with an index beyond both tables', INDEXED, [0x7f, 0x80, 0x01], text('x')),
  undecodable('hpack 4.2: a new size of the table at the end of a block', INDEXED, [0x20]),
  undecodable(
    'hpack 5.2: more than seven bits behind a text by Huffman',
    INDEXED,
    [0x41, 0x8d],
    HUFFMAN.subarray(1),
    [0xff],
  ),
  undecodable(
    'hpack 5.2: zeros behind a text by Huffman',
    INDEXED,
    [0x41, 0x8c],
    HUFFMAN.subarray(1, -1),
    [0x80],
  ),
  undecodable(
    'hpack 5.2: the symbol for the end in a text by Huffman',
    INDEXED,
    [0x41, 0x84, 0xff, 0xff, 0xff, 0xff],
  ),
  undecodable('hpack 6.1: the index 0', INDEXED, [0x80]),
  undecodable('hpack 6.3: a size of the table above SETTINGS_HEADER_TABLE_SIZE', [0x3f, 0xe2, 0x1f], INDEXED),
];

/** What h2spec looks at as well, on connections that have begun. */
export const CASES: readonly Case[] = [...frames, ...streams, ...definitions, ...messages, ...compression];
