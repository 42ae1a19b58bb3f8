import { once } from 'node:events';
import { connect } from 'node:net';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { serveFetch, settled } from './serve-fetch.ts';

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

it('keeps `this` of an object with fetch, and gives Hono its bindings', async () => {
  const app = new Hono<{ Bindings: { incoming: { method: string } } }>();
  app.get('/', (c) => c.text(`Hono ${c.env.incoming.method}`));
  const { url } = await serveFetch(app);
  expect(await (await fetch(url)).text()).toBe('Hono GET');
});
