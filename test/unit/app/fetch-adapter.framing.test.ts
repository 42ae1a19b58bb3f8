import { STATUS_CODES } from 'node:http';
import { describe, expect, it } from 'vitest';
import { LazyResponse } from '../../../src/app/adapters/lazy-response.ts';
import { contentOf, framingOf, onWire } from './framing-matrix.ts';
import { serveFetch } from './serve-fetch.ts';

// Another file may have put ours in its place already.
const PlatformResponse = Object.getPrototypeOf(LazyResponse) as typeof Response;
const encoder = new TextEncoder();
const TEXT = 'h\u00e9llo \u20ac';

interface Kind {
  readonly make: () => unknown;
  readonly content: string;
  readonly isWhole: boolean;
  readonly type?: string;
}

const whole = (make: () => unknown, content = TEXT, type?: string): Kind => ({
  make,
  content,
  isWhole: true,
  ...(type ? { type } : {}),
});
const PLAIN = 'text/plain;charset=UTF-8';

const KINDS: Readonly<Record<string, Kind>> = {
  null: whole(() => null, ''),
  undefined: whole(() => undefined, ''),
  'empty text': whole(() => '', '', PLAIN),
  text: whole(() => TEXT, TEXT, PLAIN),
  'a Uint8Array': whole(() => encoder.encode(TEXT)),
  'an empty Uint8Array': whole(() => new Uint8Array(0), ''),
  'an ArrayBuffer': whole(() => encoder.encode(TEXT).buffer),
  'a DataView': whole(() => new DataView(encoder.encode(TEXT).buffer)),
  'a Blob': whole(() => new Blob([TEXT], { type: 'text/css' }), TEXT, 'text/css'),
  'an empty Blob': whole(() => new Blob([]), ''),
  URLSearchParams: whole(
    () => new URLSearchParams({ a: 'b c' }),
    'a=b+c',
    'application/x-www-form-urlencoded;charset=UTF-8',
  ),
  'a ReadableStream': {
    make: () => new Blob([TEXT]).stream(),
    content: TEXT,
    isWhole: false,
  },
  'an empty ReadableStream': {
    make: () => new ReadableStream({ start: (controller) => controller.close() }),
    content: '',
    isWhole: false,
  },
  'an async iterable': {
    make: async function* () {
      yield encoder.encode(TEXT);
    },
    content: TEXT,
    isWhole: false,
  },
};

const HEADERS: [string, string][] = [
  ['X-Latin', 'caf\u00e9'],
  ['Set-Cookie', 'a=1; Path=/'],
  ['set-cookie', 'b=2'],
  ['X-Twice', '1'],
  ['x-twice', '2'],
  ['Transfer-Encoding', 'chunked'],
  ['Trailer', 'X-Sum'],
];
// Every byte of them is on the wire as it is here.
const SENT = ['set-cookie: a=1; Path=/', 'set-cookie: b=2', 'x-latin: caf\u00e9', 'x-twice: 1, 2'];

describe('what is on the wire', () => {
  const statusesOf = ({ content, type }: Kind) =>
    content === '' && type === undefined ? [200, 404] : [200, 299, 503];
  const combinations = Object.entries(KINDS).flatMap(([what, kind]) => {
    const isNull = what === 'null' || what === 'undefined';
    const statuses = isNull ? [200, 204, 205, 304, 404] : statusesOf(kind);
    return statuses.map((status) => ({ what, status }));
  });

  it.each(combinations)(
    'of $what with $status is as the rules want it, whatever the method',
    async ({ what, status }) => {
      const kind = KINDS[what] as Kind;
      const served = await serveFetch(
        () => new Response(kind.make() as string, { status, headers: HEADERS, statusText: 'Gr\u00fcn' }),
      );
      for (const [method, version] of [
        ['GET', '1.1'],
        ['HEAD', '1.1'],
        ['POST', '1.1'],
        ['OPTIONS', '1.1'],
        ['GET', '1.0'],
      ] as const) {
        const cell = { method, version, status, content: kind.content, isWhole: kind.isWhole };
        const framing = framingOf(cell);
        const type = kind.type ? [`content-type: ${kind.type}`] : [];
        const got = await onWire(served, method, '/', version);
        expect({ method, version, ...got }).toEqual({
          method,
          version,
          line: `HTTP/1.1 ${status} Gr\u00fcn`,
          headers: [...SENT, ...type, ...(framing ? [framing] : [])].sort(),
          content: contentOf(cell),
        });
      }
      expect(served.errors).toEqual([]);
    },
  );

  it('of a form has its length too', async () => {
    const form = new FormData();
    form.append('a', 'b\u00e9');
    form.append('f\u00e9"', new File([TEXT], 'n\u00e4me.txt', { type: 'text/css' }));
    const served = await serveFetch(() => new Response(form));
    const { headers, content } = await onWire(served, 'GET', '/');
    expect(headers.at(0)).toBe(`content-length: ${content.length}`);
    expect((await onWire(served, 'HEAD', '/')).headers.at(0)).toBe(headers.at(0));
  });

  it.each([
    ['a clone', () => new Response(TEXT).clone()],
    [
      'one whose body was looked at',
      () => {
        const response = new Response(TEXT);
        return response.body ? response : new Response();
      },
    ],
    [
      'one whose headers were looked at',
      () => {
        const response = new Response(TEXT);
        response.headers.get('x');
        return response;
      },
    ],
    [
      'a whole one with its status as a number in text',
      () => new Response(TEXT, { status: '200' as unknown as number }),
    ],
  ])('of %s is that of the Response itself', async (_what, make) => {
    const served = await serveFetch(make);
    expect(await onWire(served, 'GET', '/')).toEqual({
      line: 'HTTP/1.1 200 OK',
      headers: [`content-length: ${Buffer.byteLength(TEXT)}`, `content-type: ${PLAIN}`],
      content: Buffer.from(TEXT).toString('latin1'),
    });
  });

  it('has no header that was deleted', async () => {
    const served = await serveFetch(() => {
      const response = new Response(TEXT, { headers: { a: 'b' } });
      response.headers.delete('content-type');
      response.headers.delete('a');
      return response;
    });
    expect((await onWire(served, 'GET', '/')).headers).toEqual(['content-length: 10']);
  });

  it('of a Response of the platform itself is the same, but for the length, which it does not tell', async () => {
    const init = () => ({ status: 299, headers: HEADERS });
    const ours = await serveFetch(() => new Response(new Blob([TEXT]).stream(), init()));
    const platforms = await serveFetch(() => new PlatformResponse(encoder.encode(TEXT), init()));
    for (const method of ['GET', 'HEAD'])
      expect(await onWire(platforms, method, '/')).toEqual(await onWire(ours, method, '/'));
    const bare = await serveFetch(() => new PlatformResponse(null, { status: 205 }));
    expect((await onWire(bare, 'GET', '/')).headers).toEqual(['content-length: 0']);
  });

  it.each([
    [204, []],
    [304, ['content-length: 3']],
    [205, ['content-length: 0']],
  ])('with %i has a Content-Length of the application only where it may', async (status, headers) => {
    const served = await serveFetch(() => new Response(null, { status, headers: { 'Content-Length': '3' } }));
    expect((await onWire(served, 'GET', '/')).headers).toEqual(headers);
  });

  it.each([
    ['HEAD', null, 'content-length: 7'],
    ['GET', '1234567', 'content-length: 7'],
  ])('to %s has the length that the application gives', async (method, body, line) => {
    const served = await serveFetch(() => new Response(body, { headers: { 'Content-Length': '7' } }));
    expect((await onWire(served, method, '/')).headers).toContain(line);
  });

  it.each([
    ['longer than the text', 'abc', '4', 500],
    ['no number', 'abc', 'x', 500],
    ['shorter than a stream', new Blob(['abc']), '2', 500],
  ])('is an error of the application where its Content-Length is %s', async (_what, body, length, status) => {
    const { raw, errors } = await serveFetch(
      () => new Response(body, { headers: { 'Content-Length': length } }),
    );
    expect(await raw('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} ${STATUS_CODES[status]}`),
    );
    expect(errors).toHaveLength(1);
  });

  it.each([
    ['longer', '2'],
    ['shorter', '4'],
  ])('cuts a stream that is %s than its Content-Length', async (how, length) => {
    const served = await serveFetch(
      () =>
        new Response(ReadableStream.from([encoder.encode('abc')]), { headers: { 'Content-Length': length } }),
    );
    await served.raw('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').catch(() => {});
    expect(String(served.errors[0])).toContain(`${how} than its Content-Length`);
  });
});
