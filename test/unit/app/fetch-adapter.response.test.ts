import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { detect } from '../../../src/app/detect.ts';
import { get, startEngine } from '../../support/http-engine.ts';
import { serveFetch, settled } from './serve-fetch.ts';

const { Response: PlatformResponse } = globalThis;
const encoder = new TextEncoder();
const chunk = (text: string) => encoder.encode(text);
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

  it("may be of a framework's own srvx, which gives its headers as pairs", async () => {
    const parts = { status: 200, statusText: '', headers: [['x-served', 'yes']], body: 'pairs' };
    const response = { status: 200, headers: {}, arrayBuffer() {}, _toNodeResponse: () => parts };
    const application = await detect(() => response, { spec: 'web.ts:app', onError: () => {} });
    // Which sets a header of its own before.
    const engine = await startEngine({ application, keepAliveMs: 0 });
    const wire = await engine.send(get());
    expect(await wire.until(/pairs/)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*x-served: yes\r\n/);
    expect(engine.errors).toEqual([]);
  });
});
