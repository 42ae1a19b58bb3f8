import { once } from 'node:events';
import { connect } from 'node:net';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { detect } from '../../../src/app/detect.ts';
import { type Served, serve } from './serve.ts';

const spec = 'web.ts:app';
const { Response: PlatformResponse, Request: PlatformRequest } = globalThis;
const encoder = new TextEncoder();
const chunk = (text: string) => encoder.encode(text);

type Fetch = (request: Request) => unknown;

async function serveFetch(app: Fetch | { readonly fetch: unknown }): Promise<Served> {
  return serve(await detect(app, { spec, onError: () => {} }));
}

describe('the request', () => {
  it('has an absolute URL of the Host header, the path and the query', async () => {
    const { raw } = await serveFetch((request) => new Response(request.url));
    const answer = await raw('GET /a%20b?c=d HTTP/1.1\r\nHost: example.com:81\r\nConnection: close\r\n\r\n');
    expect(answer).toContain('\r\n\r\nhttp://example.com:81/a%20b?c=d');
  });

  it('has the URL of an absolute request target', async () => {
    const { raw } = await serveFetch((request) => new Response(request.url));
    const answer = await raw('GET http://other.example/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer).toContain('\r\n\r\nhttp://other.example/x');
  });

  it('takes no host or scheme from forwarding headers of its own accord', async () => {
    const { raw } = await serveFetch((request) => new Response(request.url));
    const forwarded = 'X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https';
    const answer = await raw(`GET / HTTP/1.1\r\nHost: a\r\n${forwarded}\r\nConnection: close\r\n\r\n`);
    expect(answer).toContain('\r\n\r\nhttp://a/');
  });

  it.each(['a b', 'a/b', 'user@a', '[::1', 'a:port'])('answers 400 to the Host %j', async (host) => {
    const { raw, errors } = await serveFetch(() => new Response('reached'));
    const answer = await raw(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(errors).toEqual([]);
  });

  it('answers 400 to a target that is no URL', async () => {
    const { raw } = await serveFetch(() => new Response('reached'));
    expect(await raw('GET http://[/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 /,
    );
  });

  it('answers HTTP/1.0 without a Host header', async () => {
    const { raw } = await serveFetch((request) => new Response(new URL(request.url).pathname));
    expect(await raw('GET /old HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 [\s\S]*\/old$/);
  });

  it('streams its body: a first chunk is read before the second is sent', async () => {
    const first = Promise.withResolvers<string>();
    const { server } = await serveFetch(async (request) => {
      const reader = request.body?.pipeThrough(new TextDecoderStream()).getReader();
      first.resolve((await reader?.read())?.value ?? '');
      return new Response((await reader?.read())?.value ?? 'nothing');
    });
    const { port } = server.address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nConnection: close\r\n\r\none');
    expect(await first.promise).toBe('one');
    socket.write('two');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('\r\n\r\ntwo');
    socket.destroy();
  });

  it('holds a sender back when its body is not read', async () => {
    const reached = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let size = 0;
    const { url } = await serveFetch(async (request) => {
      reached.resolve();
      await release.promise;
      for await (const part of request.body ?? []) size += part.length;
      return new Response('read');
    });
    let pulled = 0;
    const total = 400;
    const body = new ReadableStream({
      pull(controller) {
        pulled++;
        if (pulled > total) controller.close();
        else controller.enqueue(new Uint8Array(65_536));
      },
    });
    const answer = fetch(url, { method: 'POST', body, duplex: 'half' });
    await reached.promise;
    await settled(() => pulled);
    expect(pulled).toBeLessThan(total);
    release.resolve();
    expect(await (await answer).text()).toBe('read');
    expect(size).toBe(total * 65_536);
  });

  it.each(['json', 'text', 'arrayBuffer', 'formData', 'blob'] as const)(
    'gives its body by %s()',
    async (method) => {
      const { url } = await serveFetch(async (request) => {
        const body = await request[method]();
        return new Response(body instanceof FormData ? String(body.get('a')) : `read ${request.bodyUsed}`);
      });
      const body = method === 'formData' ? new URLSearchParams({ a: 'read true' }) : '{"a":1}';
      expect(await (await fetch(url, { method: 'POST', body })).text()).toBe('read true');
    },
  );

  it('can be passed on, cloned and copied', async () => {
    const { url } = await serveFetch(async (request) => {
      if (new URL(request.url).pathname === '/target') return new Response(`target ${await request.text()}`);
      const copy = new Request(request.clone());
      const passedOn = await fetch(new URL('/target', request.url), request);
      return new Response(`${await copy.text()}, ${await passedOn.text()}`);
    });
    expect(await (await fetch(url, { method: 'POST', body: 'body' })).text()).toBe('body, target body');
  });

  it('aborts its signal when the client leaves, which is no error', async () => {
    const reached = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<boolean>();
    const { url, errors } = await serveFetch(({ signal }) => {
      reached.resolve();
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.resolve(signal.aborted);
          reject(signal.reason);
        });
      });
    });
    const client = new AbortController();
    const answer = fetch(url, { signal: client.signal }).catch(() => 'left');
    await reached.promise;
    client.abort();
    expect(await answer).toBe('left');
    expect(await aborted.promise).toBe(true);
    expect(errors).toEqual([]);
  });
});

describe('the response', () => {
  it('arrives as it is streamed, chunk by chunk', async () => {
    const second = Promise.withResolvers<void>();
    const { url } = await serveFetch(() => {
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(chunk('one'));
          await second.promise;
          controller.enqueue(chunk('two'));
          controller.close();
        },
      });
      return new Response(body);
    });
    const reader = (await fetch(url)).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('one');
    second.resolve();
    expect((await reader?.read())?.value).toBe('two');
    expect((await reader?.read())?.done).toBe(true);
  });

  it('waits for a client that does not read', async () => {
    let pulled = 0;
    const { server } = await serveFetch(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              pulled++;
              controller.enqueue(new Uint8Array(65_536));
            },
          }),
        ),
    );
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await settled(() => pulled);
    const held = pulled;
    expect(held).toBeGreaterThan(0);
    socket.resume();
    await expect.poll(() => pulled).toBeGreaterThan(held);
    socket.destroy();
  });

  it('cancels its stream when the client leaves', async () => {
    const cancelled = Promise.withResolvers<string>();
    const { url, errors } = await serveFetch(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(chunk('one')),
            cancel: () => cancelled.resolve('cancelled'),
          }),
        ),
    );
    const client = new AbortController();
    const reader = (await fetch(url, { signal: client.signal })).body?.getReader();
    await reader?.read();
    client.abort();
    expect(await cancelled.promise).toBe('cancelled');
    expect(errors).toEqual([]);
  });

  it('has a length and no body for HEAD, and cancels a stream', async () => {
    const cancelled = Promise.withResolvers<string>();
    const { url } = await serveFetch((request) =>
      request.url.endsWith('/stream')
        ? new Response(new ReadableStream({ cancel: () => cancelled.resolve('cancelled') }))
        : new Response('twelve bytes'),
    );
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['12', '']);
    expect((await fetch(`${url}/stream`, { method: 'HEAD' })).status).toBe(200);
    expect(await cancelled.promise).toBe('cancelled');
  });

  it.each([204, 205, 304])('has no body with %i', async (status) => {
    const { raw } = await serveFetch(() => new Response(null, { status, headers: { etag: '"a"' } }));
    const answer = await raw('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain('etag: "a"');
    expect(answer).not.toMatch(/content-length: [1-9]/i);
  });

  it.each([[''], [null], [undefined]])('is empty where its body is %j', async (body) => {
    const { url } = await serveFetch(() => new Response(body));
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('keeps every Set-Cookie header apart', async () => {
    const { url } = await serveFetch(() => {
      const response = new Response('x', { headers: [['set-cookie', 'a=1']] });
      response.headers.append('set-cookie', 'b=2; Path=/');
      return response;
    });
    expect((await fetch(url)).headers.getSetCookie()).toEqual(['a=1', 'b=2; Path=/']);
  });

  it('is sent whatever its body is made of', async () => {
    const bodies: Record<string, () => Response> = {
      '/text': () => new Response('same'),
      '/bytes': () => new Response(chunk('same')),
      '/buffer': () => new Response(chunk('same').buffer),
      '/blob': () => new Response(new Blob(['same'])),
      '/platform': () => new PlatformResponse('same'),
      '/clone': () => new Response('same').clone(),
      '/json': () => Response.json('same'),
    };
    const { url } = await serveFetch((request) => bodies[new URL(request.url).pathname]?.());
    const texts = await Promise.all(
      Object.keys(bodies).map(async (path) => (await fetch(url + path)).text()),
    );
    expect(texts).toEqual(['same', 'same', 'same', 'same', 'same', 'same', '"same"']);
  });
});

describe('errors', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('gives its error to the caller, who answers 500, when a handler %s', async (_, app) => {
    const { url, errors } = await serveFetch(app);
    expect((await fetch(url)).status).toBe(500);
    expect(errors).toEqual([new Error('broken')]);
  });

  it('cuts the connection and gives the error to the caller when a stream fails half way', async () => {
    const fail = Promise.withResolvers<void>();
    const { url, errors } = await serveFetch(
      () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(chunk('one'));
              await fail.promise;
              controller.error(new Error('half way'));
            },
          }),
        ),
    );
    const answer = await fetch(url);
    fail.resolve();
    await expect(answer.text()).rejects.toThrow();
    await expect.poll(() => errors).toEqual([new Error('half way')]);
  });

  it.each([
    ['undefined', undefined],
    ['a string ("text")', 'text'],
    ['a plain object with keys status', { status: 200 }],
  ])('says how to mend a handler that returns %s', async (what, value) => {
    const { url, errors } = await serveFetch(() => value);
    expect((await fetch(url)).status).toBe(500);
    expect(String(errors[0])).toContain(`web.ts:app: the fetch handler returned ${what}, not a Response`);
    expect(String(errors[0])).toContain('if this is a Node listener, give it two parameters (req, res)');
  });

  it('refuses to send one Response twice', async () => {
    let kept: Response | undefined;
    const { url, errors } = await serveFetch(() => {
      kept ??= new Response('once');
      return kept;
    });
    expect(await (await fetch(url)).text()).toBe('once');
    expect((await fetch(url)).status).toBe(500);
    expect(String(errors[0])).toContain('sent before');
  });

  it.each([
    ['a status out of range', () => new Response('x', { status: 99 }), RangeError],
    ['a body with 204', () => new Response('x', { status: 204 }), TypeError],
    ['JSON of undefined', () => Response.json(undefined), TypeError],
  ])('refuses %s where it is made', async (_, app, kind) => {
    const { url, errors } = await serveFetch(app);
    expect((await fetch(url)).status).toBe(500);
    expect(errors[0]).toBeInstanceOf(kind);
  });
});

describe('the global classes', () => {
  it('keep instanceof in both directions', async () => {
    const seen: Record<string, boolean> = {};
    const { url } = await serveFetch(async (request) => {
      class Own extends Response {}
      seen.request = request instanceof Request && request instanceof PlatformRequest;
      seen.headers = request.headers instanceof Headers;
      seen.lazy = new Response('') instanceof Response && new Response('') instanceof PlatformResponse;
      seen.platform = new PlatformResponse('') instanceof Response;
      seen.fetched = (await fetch('data:,x')) instanceof Response;
      seen.clone = new Response('').clone() instanceof Response;
      seen.json = Response.json({}) instanceof Response;
      seen.own =
        new Own() instanceof Own && new Own() instanceof Response && !(new Response('') instanceof Own);
      return new Own('sent');
    });
    expect(await (await fetch(url)).text()).toBe('sent');
    expect(Object.entries(seen).filter(([, holds]) => !holds)).toEqual([]);
    expect(Response.name).toBe('Response');
  });

  it('read as the platform ones do', async () => {
    await serveFetch(() => new Response(''));
    expect(new Response('x').headers.get('content-type')).toBe('text/plain;charset=UTF-8');
    expect(Response.json({}, { headers: { a: 'b' } }).headers.get('content-type')).toBe('application/json');
    expect(await new Response('x').bytes()).toEqual(chunk('x'));
    expect(Response.redirect('http://a.example/', 303).headers.get('location')).toBe('http://a.example/');
    expect(new Response('x', new Response(null, { status: 201 })).status).toBe(201);
  });
});

it('keeps `this` of an object with fetch, and gives Hono its bindings', async () => {
  const app = new Hono<{ Bindings: { incoming: { method: string } } }>();
  app.get('/', (c) => c.text(`Hono ${c.env.incoming.method}`));
  const { url } = await serveFetch(app);
  expect(await (await fetch(url)).text()).toBe('Hono GET');
});

/** Waits until a count stays the same for a number of turns in which it could rise. */
async function settled(count: () => number): Promise<void> {
  let last = -1;
  let calm = 0;
  while (calm < 20) {
    await new Promise((turn) => setTimeout(turn, 5));
    calm = count() === last && last > 0 ? calm + 1 : 0;
    last = count();
  }
}
