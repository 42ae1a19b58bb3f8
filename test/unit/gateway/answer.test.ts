import { createReadStream } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type GatewayApplication, wsgi } from '../../../src/index.ts';
import { rawGet, serveGateway, text } from './gateway.ts';

const ok = (body: unknown): GatewayApplication =>
  wsgi((_environ, startResponse) => {
    startResponse('200 OK', text);
    return body as readonly string[];
  });

async function* inParts(...parts: readonly (string | Uint8Array)[]) {
  for (const part of parts) yield part;
}

describe('the answer', () => {
  it.each([
    ['an array of one string', ['hello'], 5],
    ['an array of text and bytes', ['h\u00e9', new Uint8Array([33]), '', Buffer.from('!')], 5],
    ['an empty array', [], 0],
    ['an array of nothing', ['', ''], 0],
  ])('to %s has its length', async (_what, body, length) => {
    const answer = await rawGet(await serveGateway(ok(body)));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain\r\n/);
    expect(answer).toContain(`\r\nContent-Length: ${length}\r\n`);
    expect(Buffer.byteLength(answer.split('\r\n\r\n')[1] ?? '')).toBe(length);
  });

  it.each([
    ['a generator', () => new Set(['one ', '', 'two']).values()],
    ['a set', () => new Set(['one ', 'two'])],
    ['an async generator', () => inParts('one ', '', Buffer.from('two'))],
    ['a promise of an array', async () => ['one ', 'two']],
    ['a web stream', () => new Response('one two').body],
  ])('may be made from %s', async (_what, make) => {
    const { url } = await serveGateway(ok(make()));
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'one two']);
  });

  it('may be a file of node:fs, which is closed', async () => {
    const file = createReadStream(import.meta.filename);
    const { url, late } = await serveGateway(ok(file));
    expect(await (await fetch(url)).text()).toContain('which is closed');
    expect([file.destroyed, late]).toEqual([true, []]);
  });

  it('keeps the application’s reason, length and repeated headers', async () => {
    const app = wsgi((_environ, startResponse) => {
      startResponse('404 Nobody Home', [
        ['content-length', '2'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ]);
      return inParts('a', 'b');
    });
    const answer = await rawGet(await serveGateway(app));
    expect(answer).toMatch(
      /^HTTP\/1\.1 404 Nobody Home\r\ncontent-length: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n/,
    );
    expect(answer).toMatch(/\r\n\r\nab$/);
  });

  it('to HEAD has the headers alone, and its body is left after the first chunk', async () => {
    let made = 0;
    const endless = wsgi(function* (_environ, startResponse) {
      startResponse('200 OK', text);
      for (;;) yield `${made++}`;
    });
    const answer = await rawGet(await serveGateway(endless), '/', 'HEAD');
    expect(answer).toMatch(/\r\n\r\n$/);
    expect(made).toBe(1);
    expect(await rawGet(await serveGateway(ok(['hello'])), '/', 'HEAD')).toMatch(
      /Content-Length: 5\r\n(.*\r\n)+\r\n$/,
    );
  });

  it('of status 204 has neither body nor length', async () => {
    const app = wsgi((_environ, startResponse) => {
      startResponse('204 No Content', []);
      return ['dropped'];
    });
    const answer = await rawGet(await serveGateway(app));
    expect(answer).not.toMatch(/content-length|dropped/i);
    expect(answer).toMatch(/\r\n\r\n$/);
  });
});

describe('startResponse()', () => {
  it('is answered only with the first chunk that is not empty: until then an error replaces it', async () => {
    const app = wsgi(function* (_environ, startResponse) {
      startResponse('200 OK', [...text, ['X-First', 'yes']]);
      yield '';
      startResponse('503 Service Unavailable', text, new Error('no database'));
      yield 'sorry';
    });
    const served = await serveGateway(app);
    const answer = await fetch(served.url);
    expect([answer.status, answer.headers.get('x-first'), await answer.text()]).toEqual([503, null, 'sorry']);
    expect(served.errors).toEqual([]);
  });

  it('throws the error it is given where headers were sent, and the connection is cut', async () => {
    const broken = new Error('broken half way');
    const app = wsgi(function* (_environ, startResponse) {
      startResponse('200 OK', text);
      yield 'half';
      startResponse('500 Internal Server Error', text, broken);
    });
    const served = await serveGateway(app);
    const answer = await rawGet(served);
    expect(answer).toMatch(/half/);
    expect(answer).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(served.errors).toEqual([broken]);
  });

  it.each<[string, GatewayApplication, string]>([
    [
      'a second call without an error',
      (_environ, start) => {
        start('200 OK', text);
        start('200 OK', text);
        return [];
      },
      'startResponse() was called a second time',
    ],
    ['no call', () => ['body'], 'before it called startResponse(status, headers)'],
    ['no call and no chunk', () => inParts(), 'before it called startResponse(status, headers)'],
    ['a number as status', started(200, text), "takes a status such as '200 OK', not a number (200)"],
    ['an interim status', started('100 Continue', text), "a status such as '200 OK'"],
    [
      'a status of two lines',
      started('200 OK\r\nX: y', text),
      'Invalid character in header content ["status"]',
    ],
    [
      'an object of headers',
      started('200 OK', { a: 'b' }),
      'takes an array of headers [name, value], not a plain',
    ],
    [
      'a header of one word',
      started('200 OK', ['Content-Type']),
      'a header is [name, value], two strings, not a string',
    ],
    ['a number in a header', started('200 OK', [['Age', 3]]), '[a string ("Age"), a number (3)]'],
    [
      'a header of two lines',
      started('200 OK', [['X', 'a\r\nb: c']]),
      'Invalid character in header content ["X"]',
    ],
    [
      'a header of the connection',
      started('200 OK', [['Connection', 'close']]),
      'the header Connection is set by the server',
    ],
    ['a length that is none', started('200 OK', [['Content-Length', 'x']]), "a number of bytes, not 'x'"],
    ['a string as body', ok('hello'), 'the application returned a string ("hello"); return an iterable'],
    ['bytes as body', ok(Buffer.from('x')), 'the application returned an instance of Buffer'],
    ['nothing as body', ok(undefined), 'the application returned undefined'],
    ['a chunk that is none', ok([1]), 'a chunk of the body is a number (1)'],
  ])('%s is an error of the application', async (_what, app, message) => {
    const served = await serveGateway(app);
    expect((await fetch(served.url)).status).toBe(500);
    expect(served.errors).toHaveLength(1);
    expect(String(served.errors[0])).toContain(message);
  });

  it.each([
    ['longer', 'abc', 'the body is longer than its Content-Length'],
    ['shorter', 'a', 'the body is 1 bytes shorter than its Content-Length'],
  ])('cuts the connection where the body is %s than was promised', async (_what, body, message) => {
    const app = wsgi((_environ, startResponse) => {
      startResponse('200 OK', [['Content-Length', '2']]);
      return inParts(body);
    });
    const served = await serveGateway(app);
    await rawGet(served).catch(() => {}); // The cut may reach the client as a reset.
    expect(served.errors.map(String)).toEqual([`RangeError: ${message}`]);
  });
});

function started(status: unknown, headers: unknown): GatewayApplication {
  return (_environ, startResponse) => {
    Reflect.apply(startResponse, undefined, [status, headers]);
    return [];
  };
}
