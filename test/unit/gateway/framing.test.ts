import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Header, wsgi } from '../../../src/index.ts';
import { contentOf, framingOf, onWire } from '../app/framing-matrix.ts';
import { serveGateway } from './gateway.ts';

const TEXT = 'h\u00e9llo \u20ac';
const bytes = () => Buffer.from(TEXT);

const KINDS: Readonly<Record<string, { make: () => unknown; content: string; isWhole: boolean }>> = {
  'no chunk': { make: () => [], content: '', isWhole: true },
  'an empty string': { make: () => [''], content: '', isWhole: true },
  'empty bytes': { make: () => [new Uint8Array(0)], content: '', isWhole: true },
  'a string': { make: () => [TEXT], content: TEXT, isWhole: true },
  bytes: { make: () => [bytes()], content: TEXT, isWhole: true },
  'a string and bytes': { make: () => [TEXT, '', bytes()], content: TEXT + TEXT, isWhole: true },
  'bytes and a string': { make: () => [bytes(), TEXT], content: TEXT + TEXT, isWhole: true },
  'a promise of an array': { make: async () => [TEXT], content: TEXT, isWhole: true },
  'an iterator of nothing': { make: () => new Set<string>().values(), content: '', isWhole: true },
  'an iterator of strings': { make: () => new Set(['', TEXT]).values(), content: TEXT, isWhole: false },
  'an iterator of bytes': { make: () => new Set([bytes()]).values(), content: TEXT, isWhole: false },
  'an async iterator of strings': {
    make: async function* () {
      yield TEXT;
      yield TEXT;
    },
    content: TEXT + TEXT,
    isWhole: false,
  },
  'a stream of node:stream': { make: () => Readable.from([bytes()]), content: TEXT, isWhole: false },
  'a stream of the web': { make: () => new Blob([TEXT]).stream(), content: TEXT, isWhole: false },
};

const HEADERS: readonly Header[] = [
  ['X-Latin', 'caf\u00e9'],
  ['Set-Cookie', 'a=1; Path=/'],
  ['set-cookie', 'b=2'],
  ['X-MiXed', '1'],
  ['x-mixed', '2'],
];

describe('what is on the wire', () => {
  it.each(Object.entries(KINDS))(
    'of %s is as the rules want it, whatever the method and the status',
    async (_what, { make, content, isWhole }) => {
      const served = await serveGateway(
        wsgi((environ, startResponse) => {
          startResponse(`${environ.PATH_INFO.slice(1)} Gr\u00fcn`, HEADERS);
          return make() as readonly string[];
        }),
      );
      for (const status of [200, 204, 205, 304, 404, 503])
        for (const [method, version] of [
          ['GET', '1.1'],
          ['HEAD', '1.1'],
          ['POST', '1.1'],
          ['GET', '1.0'],
        ] as const) {
          const cell = { method, version, status, content, isWhole };
          const got = await onWire(served, method, `/${status}`, version);
          const framing = framingOf(cell);
          expect({ method, version, ...got }).toEqual({
            method,
            version,
            line: `HTTP/1.1 ${status} Gr\u00fcn`,
            headers: [...HEADERS.map((header) => header.join(': ')), ...(framing ? [framing] : [])].sort(),
            content: contentOf(cell),
          });
        }
      expect(served.errors).toEqual([]);
    },
  );

  it.each([
    [204, []],
    [205, ['content-length: 0']],
    [304, ['content-length: 3']],
  ])('with %i has a Content-Length of the application only where it may', async (status, headers) => {
    const app = wsgi((_environ, startResponse) => {
      startResponse(`${status}`, [['Content-Length', '3']]);
      return [];
    });
    expect((await onWire(await serveGateway(app), 'GET', '/')).headers).toEqual(headers);
  });

  it('is a plain 500 where a whole body has another length than its header says', async () => {
    const app = wsgi((_environ, startResponse) => {
      startResponse('200 OK', [['Content-Length', '3']]);
      return ['four'];
    });
    const served = await serveGateway(app);
    expect((await onWire(served, 'GET', '/')).line).toBe('HTTP/1.1 500 Internal Server Error');
    expect(served.errors.map(String)).toEqual([
      'RangeError: the body has 4 bytes, and its Content-Length says 3',
    ]);
  });

  it('has one Content-Length', async () => {
    const app = wsgi((_environ, startResponse) => {
      startResponse('200 OK', [
        ['Content-Length', '3'],
        ['content-length', '3'],
      ]);
      return ['abc'];
    });
    const served = await serveGateway(app);
    expect((await onWire(served, 'GET', '/')).line).toMatch(/ 500 /);
    expect(String(served.errors[0])).toContain('Content-Length is given twice');
  });
});
