import { describe, expect, it } from 'vitest';
import { LazyResponse } from '../../../src/app/adapters/lazy-response.ts';

type Class = typeof Response;
type Case = (R: Class) => unknown;

const Platform = Object.getPrototypeOf(LazyResponse) as Class;
const Ours = LazyResponse as unknown as Class;
const bytes = (text: string) => new TextEncoder().encode(text);

/** What a case comes to: its result, or the class of the error and when it was thrown. */
async function outcome(make: Case, R: Class): Promise<unknown> {
  let pending: unknown;
  try {
    pending = make(R);
  } catch (error) {
    return { throws: (error as Error).constructor.name };
  }
  try {
    return { result: await pending };
  } catch (error) {
    return { rejects: (error as Error).constructor.name };
  }
}

const all = (response: Response) => ({
  headers: [...response.headers],
  status: response.status,
  statusText: response.statusText,
  ok: response.ok,
  type: response.type,
  url: response.url,
  redirected: response.redirected,
  bodyUsed: response.bodyUsed,
  hasBody: response.body instanceof ReadableStream,
});

const read = async (response: Response) => ({ ...all(response), text: await response.text() });

const BODIES: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  'empty text': () => '',
  text: () => 'h\u00e9llo \u20ac',
  'a lone surrogate': () => 'a\ud800b',
  bytes: () => bytes('bytes'),
  'a part of a buffer': () => Buffer.from('a buffer').subarray(2, 5),
  'an ArrayBuffer': () => bytes('buffer').buffer,
  'a DataView': () => new DataView(bytes('view').buffer, 1, 2),
  'bytes of a SharedArrayBuffer': () => new Uint8Array(new SharedArrayBuffer(2)),
  'bytes of a resizable buffer': () => new Uint8Array(new ArrayBuffer(2, { maxByteLength: 4 })),
  'a Blob': () => new Blob(['blob'], { type: 'text/css' }),
  'a Blob without a type': () => new Blob(['blob']),
  parameters: () => new URLSearchParams({ a: 'b c' }),
  'a stream': () => new Blob(['stream']).stream(),
  'a stream of text': () => ReadableStream.from(['text']),
  'a locked stream': () => {
    const stream = new Blob(['x']).stream();
    stream.getReader();
    return stream;
  },
  'an async iterable': async function* () {
    yield bytes('made');
  },
  'a number': () => 5,
  'an object': () => ({}),
  'an array': () => ['a', 'b'],
  'a symbol': () => Symbol('x'),
};

const STATUSES = [
  ...[undefined, 200, 201, 299, 300, 404, 599, 600, 199, 100, 101, 0, -1, 999, 65_736, 200.9],
  ...[Number.NaN, Infinity, '201', 'x', null, true, {}, 204, 205, 304],
];
const TEXTS = [undefined, '', 'OK', 'Gr\u00fc\u00dfe', 'a\tb', 'a\r\nb', '\u20ac', 'a\0', null, 5, {}];
const HEADERS: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  text: () => 'a: b',
  'a plain object': () => ({ 'X-B': '2', 'x-a': '1', 'Content-Type': 'text/html' }),
  'names that differ by case': () => ({ A: '1', a: '2' }),
  'values with space around them': () => ({ a: ' 1\t', b: '' }),
  'numbers and the like': () => ({ a: 1, b: true, c: null, d: undefined }),
  'a Latin-1 value': () => ({ a: 'caf\u00e9' }),
  'a value beyond Latin-1': () => ({ a: '\u20ac' }),
  'a value of two lines': () => ({ a: 'b\r\nc: d' }),
  'a value that ends in a line feed': () => ({ a: 'b\n' }),
  'a value with a NUL': () => ({ a: 'b\0c' }),
  'a value with a control character': () => ({ a: 'b\x01c' }),
  'a name with a space': () => ({ 'a b': 'c' }),
  'no name': () => ({ '': 'c' }),
  'a name beyond ASCII': () => ({ '\u00e4': 'c' }),
  pairs: () => [
    ['set-cookie', 'a=1'],
    ['X', '1'],
    ['x', '2'],
    ['Set-Cookie', 'b=2'],
  ],
  'pairs that are none': () => [['a']],
  Headers: () => {
    const headers = new Headers({ b: '1' });
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    return headers;
  },
  'a Map': () => new Map([['a', 'b']]),
  'an object without prototype': () => Object.assign(Object.create(null), { a: 'b' }),
  'what is inherited': () => Object.create({ a: 'b' }),
  __proto__: () => JSON.parse('{"__proto__":"a"}'),
};

const CASES: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    Object.entries(BODIES).flatMap(([what, make]): [string, Case][] => [
      [`body: ${what}`, (R) => read(new R(make() as string))],
      [
        `body: ${what}, with a type`,
        (R) => read(new R(make() as string, { headers: { 'Content-Type': 'a/b' } })),
      ],
      [`body: ${what}, with 204`, (R) => read(new R(make() as string, { status: 204 }))],
      [`body: ${what}, as blob`, async (R) => (await new R(make() as string).blob()).type],
    ]),
  ),
  ...Object.fromEntries(
    STATUSES.map((status): [string, Case] => [
      `status: ${String(status)}`,
      (R) => all(new R(null, { status } as ResponseInit)),
    ]),
  ),
  ...Object.fromEntries(
    TEXTS.map((statusText): [string, Case] => [
      `statusText: ${JSON.stringify(statusText)}`,
      (R) => all(new R('x', { statusText } as ResponseInit)),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(HEADERS).flatMap(([what, make]): [string, Case][] => [
      [`headers: ${what}`, (R) => all(new R('x', { headers: make() } as ResponseInit))],
      [`headers: ${what}, of JSON`, (R) => read(R.json({ a: 1 }, { headers: make() } as ResponseInit))],
    ]),
  ),
  'init: null': (R) => all(new R('x', null as unknown as ResponseInit)),
  'init: text': (R) => all(new R('x', 'text' as unknown as ResponseInit)),
  'init: a function': (R) =>
    all(
      new R(
        'x',
        Object.assign(() => {}, { status: 201 }),
      ),
    ),
  'init: another Response': (R) => all(new R('x', new R('y', { status: 201, headers: { a: 'b' } }))),
  'init: read once, in order': (R) => {
    const seen: string[] = [];
    const init = new Proxy({} as ResponseInit, {
      get: (_target, name) => {
        seen.push(String(name));
      },
    });
    new R('x', init);
    return seen;
  },
  'init: changed later': (R) => {
    const headers: Record<string, string> = { a: 'b' };
    const init = { headers, status: 201 };
    const response = new R('x', init);
    headers.a = 'c';
    init.status = 500;
    return all(response);
  },
  'body: changed later': (R) => {
    const body = bytes('before');
    const response = new R(body);
    body.fill(33);
    return response.text();
  },
  'headers: changed after construction': (R) => {
    const response = new R('x', { headers: { a: '1', b: '2' } });
    response.headers.set('a', '3');
    response.headers.append('c', '4');
    response.headers.delete('b');
    return read(response);
  },
  'headers: the type deleted before the body is read': async (R) => {
    const response = new R('x');
    response.headers.delete('content-type');
    return { ...all(response), type: (await response.blob()).type, left: [...response.headers] };
  },
  'headers: the type changed after the body was asked for': async (R) => {
    const response = new R('x');
    const { body } = response;
    response.headers.set('content-type', 'a/b');
    return { same: body === response.body, type: (await response.blob()).type };
  },
  'headers: the type deleted, then cloned': (R) => {
    const response = new R('x');
    response.headers.delete('content-type');
    return read(response.clone());
  },
  'headers: the same object each time': (R) => {
    const response = new R('x');
    const { headers } = response;
    void response.body;
    return [headers === response.headers, headers instanceof Headers];
  },
  'headers: an invalid name later': (R) => new R('x').headers.set('a b', 'c'),
  'read-only: headers': (R) => Reflect.set(new R('x'), 'headers', 1),
  'read-only: status': (R) => Reflect.set(new R('x'), 'status', 1),
  'used twice': async (R) => {
    const response = new R('x');
    await response.text();
    return [
      response.bodyUsed,
      await outcome(() => response.text(), R),
      await outcome(() => response.clone(), R),
    ];
  },
  'used twice, of null': async (R) => {
    const response = new R(null);
    await response.text();
    return [response.bodyUsed, await response.text(), response.clone().body];
  },
  'locked, then read and cloned': async (R) => {
    const response = new R('x');
    response.body?.getReader();
    return [
      response.bodyUsed,
      await outcome(() => response.text(), R),
      await outcome(() => response.clone(), R),
    ];
  },
  cancelled: async (R) => {
    const response = new R('x');
    await response.body?.cancel();
    return [response.bodyUsed, await outcome(() => response.text(), R)];
  },
  'cloned: both are read': async (R) => {
    const response = new R('x', { status: 201, headers: { a: 'b' } });
    const clone = response.clone();
    clone.headers.set('a', 'c');
    return [await read(response), await read(clone), clone instanceof R];
  },
  'cloned twice, of a stream': async (R) => {
    const response = new R(new Blob(['x']).stream());
    const clones = [response.clone(), response.clone()];
    return [await response.text(), ...(await Promise.all(clones.map((clone) => clone.text())))];
  },
  'read: every method': async (R) => [
    await new R('{"a":1}').json(),
    [...(await new R('x').bytes())],
    (await new R('x').arrayBuffer()).byteLength,
    (await new R('x').blob()).size,
    [...(await new R(new URLSearchParams({ a: 'b' })).formData())],
    [
      ...(await new R('a=b', {
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      }).formData()),
    ],
  ],
  'read: JSON that is none': (R) => new R('x').json(),
  'read: a form that is none': (R) => new R('x').formData(),
  'json: status and text': (R) => read(R.json([1], { status: 201, statusText: 'Made' })),
  'json: of undefined': (R) => R.json(undefined),
  'json: of a BigInt': (R) => R.json(1n),
  'json: with 204': (R) => R.json(1, { status: 204 }),
  'json: with a status out of range': (R) => R.json(1, { status: 99 }),
  'json: with null': (R) => read(R.json(1, null as unknown as ResponseInit)),
  'json: with text': (R) => R.json(1, 'x' as unknown as ResponseInit),
  'json: with a type, cloned': (R) => read(R.json(1, { headers: { 'Content-Type': 'a/b' } }).clone()),
  redirect: (R) => read(R.redirect('http://a.example/b')),
  'redirect: a status': (R) => read(R.redirect('http://a.example/b', 308)),
  'redirect: no redirect': (R) => R.redirect('http://a.example/b', 200 as 301),
  'redirect: no URL': (R) => R.redirect('http://['),
  error: (R) => read(R.error()),
  'error: its headers': (R) => R.error().headers.set('a', 'b'),
  'called without new': (R) => Reflect.apply(R, undefined, ['x']),
  'a getter on something else': (R) => Reflect.get(R.prototype, 'status', {}),
  'a method on something else': (R) => Reflect.apply(R.prototype.text, {}, []),
  names: (R) => [R.name, R.length, R.json.length, R.redirect.length, String(new R('x'))],
  'properties: own': (R) =>
    Reflect.ownKeys(new R('x', { status: 201 })).filter((key) => typeof key === 'string'),
  'properties: enumerable': (R) => Object.keys(R.prototype).sort(),
  'properties: for in': (R) => {
    const names: string[] = [];
    for (const name in new R('x')) names.push(name);
    return names.sort();
  },
  'properties: static': (R) =>
    Object.getOwnPropertyNames(
      Object.assign(() => {}, { error: R.error, json: R.json, redirect: R.redirect }),
    ),
  instanceof: (R) => {
    class Own extends R {}
    const own = new Own('x');
    return [
      new R('x') instanceof R,
      new R('x') instanceof Platform,
      new Platform('x') instanceof R,
      R.json(1) instanceof R,
      R.error() instanceof R,
      R.redirect('http://a.example/') instanceof R,
      own instanceof Own,
      own instanceof R,
      new R('x') instanceof Own,
      new R('x').clone() instanceof R,
      Object.create(null) instanceof R,
    ];
  },
  'a subclass': async (R) => {
    class Own extends R {
      get more() {
        return 299;
      }
    }
    const own = new Own('x', { headers: { a: 'b' } });
    return [own.more, await own.text(), own.constructor === Own];
  },
  'the platform takes it': async (R) => {
    const response = new R('x', { status: 201, headers: { a: 'b' } });
    return read(new Platform(response.body, response));
  },
  inspected: async (R) => {
    const { inspect } = await import('node:util');
    return inspect(new R('x', { status: 201 })).replace(/body:[\s\S]*?\}|\s+/g, ' ');
  },
};

describe('Response', () => {
  it.each(Object.entries(CASES))('is the platform’s in: %s', async (_title, make) => {
    expect(await outcome(make, Ours)).toEqual(await outcome(make, Platform));
  });

  it('has every member of the platform’s as its own', () => {
    const own = Object.getOwnPropertyNames(LazyResponse.prototype);
    expect(Object.getOwnPropertyNames(Platform.prototype).filter((name) => !own.includes(name))).toEqual([]);
  });
});
