import { describe, expect, it } from 'vitest';
import { serveFetch } from './serve-fetch.ts';

const { Response: PlatformResponse, Request: PlatformRequest } = globalThis;
const encoder = new TextEncoder();
const chunk = (text: string) => encoder.encode(text);

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
    expect(String(errors[0])).toContain('if this is a Node listener, export it as node(app)');
  });

  it('refuses to send one Response twice', async () => {
    let kept: Response | undefined;
    const { url, errors } = await serveFetch(() => {
      kept ??= new Response('once');
      return kept;
    });
    expect(await (await fetch(url)).text()).toBe('once');
    expect((await fetch(url)).status).toBe(500);
    expect(String(errors[0])).toContain('already sent');
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
