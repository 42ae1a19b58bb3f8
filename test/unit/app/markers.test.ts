import { createServer, type ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { detect } from '../../../src/app/detect.ts';
import { fetch, node, wsgi } from '../../../src/index.ts';
import { markOf } from '../../../src/support/marks.ts';

const quiet = { spec: 'web.ts:app', onError: () => {} };

describe('a marker', () => {
  it('returns the very application that it marks', () => {
    const app = (..._args: never[]) => {};
    expect(node(app)).toBe(app);
    expect(node(node(app))).toBe(app);
    const site = { fetch: () => new Response() };
    expect(fetch(site)).toBe(site);
  });

  it('decides where the parameters of a function say otherwise', async () => {
    const two = (_request: Request, _env: unknown) => new Response();
    const any = (..._args: never[]) => {};
    expect((await detect(fetch(two), quiet)).what).toBe('fetch handler');
    expect((await detect(node(any), quiet)).what).toBe('Node listener');
  });

  it('tells the types of the parameters, and takes functions of other ones', async () => {
    const listener = node((req, res) => void res.end(req.url));
    const handler = fetch((request, env) => new Response(`${request.url} ${env.incoming.url}`));
    const worker = fetch(
      (request: Request, env: { readonly KV: string }) => new Response(request.url + env.KV),
    );
    const framework = node((_req: { readonly params: object }, res: ServerResponse, next: () => void) =>
      next === undefined ? res.end() : next(),
    );
    expect([listener, handler, worker, framework].map(markOf)).toEqual(['node', 'fetch', 'fetch', 'node']);
  });

  it('marks a copy of what cannot be changed', async () => {
    const frozen = Object.freeze((..._args: never[]) => 'answered');
    const copy = node(frozen);
    expect([markOf(frozen), markOf(copy), copy()]).toEqual([null, 'node', 'answered']);
    const site = Object.freeze({ word: 'ours', fetch: (): unknown => site.word });
    expect([markOf(fetch(site)), fetch(site).fetch()]).toEqual(['fetch', 'ours']);
  });

  it('is not found on a proxy that makes up its properties', () => {
    expect(markOf(new Proxy({}, { get: () => 'node' }))).toBeNull();
  });

  it('refuses what another has marked', () => {
    const app = node((..._args: unknown[]) => []);
    expect(() => wsgi(app)).toThrow('wsgi() was given what node() has marked');
  });

  it.each([
    ['a URL', 'https://example.com', /not a string \(.*globalThis\.fetch/],
    ['an object without fetch', { get() {} }, /not a plain object with keys get$/],
  ])('fetch() refuses %s', (_, value, message) => {
    expect(() => fetch(value as never)).toThrow(message);
  });

  it('node() refuses what is exported as it is', () => {
    expect(() => node(createServer() as never)).toThrow(
      /node\(\) takes a function \(req, res\), not an instance of Server; .*exported as it is/,
    );
  });
});
