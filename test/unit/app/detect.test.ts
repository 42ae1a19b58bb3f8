import { createServer } from 'node:http';
import fastify from 'fastify';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { detect } from '../../../src/app/detect.ts';
import { serve } from './serve.ts';

const spec = 'web.ts:app';
const quiet = { spec, onError: () => {} };

describe('Koa', () => {
  it('gives the errors it answers itself to the log, but not those that are meant for the client', async () => {
    const app = new Koa();
    app.use((ctx) => {
      if (ctx.path === '/broken') throw new Error('broken');
      ctx.throw(400, 'bad input');
    });
    const errors: unknown[] = [];
    const { url } = await serve(
      await detect(app, { spec, onError: (error, req) => errors.push([String(error), req?.url]) }),
    );
    expect((await fetch(`${url}/bad`)).status).toBe(400);
    expect((await fetch(`${url}/broken`)).status).toBe(500);
    expect(errors).toEqual([['Error: broken', '/broken']]);
  });
});

describe('Fastify', () => {
  it('is got ready before it serves and is closed when the worker leaves', async () => {
    const steps: string[] = [];
    const app = fastify();
    app.addHook('onReady', async () => void steps.push('ready'));
    app.addHook('onClose', async () => void steps.push('closed'));
    const application = await detect(app, quiet);
    expect([application.what, steps]).toEqual(['Fastify application', ['ready']]);
    await application.close?.();
    expect(steps).toEqual(['ready', 'closed']);
  });

  it('that does not get ready is an error of the application', async () => {
    const app = fastify();
    app.register(async () => {
      throw new Error('no plugin');
    });
    await expect(detect(app, quiet)).rejects.toMatchObject({
      exitStatus: 4,
      message: 'web.ts:app: the Fastify application did not become ready: no plugin',
    });
  });
});

describe('NestJS', () => {
  it('is initialised, served by its own server, and closed', async () => {
    const steps: string[] = [];
    const server = createServer((_req, res) => res.end('nest'));
    const app = {
      init: async () => void steps.push('init'),
      close: async () => void steps.push('close'),
      getHttpServer: () => server,
      getHttpAdapter: () => ({ getInstance: () => () => {} }),
    };
    const application = await detect(app, quiet);
    const { url } = await serve(application);
    expect(await (await fetch(url)).text()).toBe('nest');
    await application.close?.();
    expect([application.what, steps]).toEqual(['NestJS application', ['init', 'close']]);
  });
});

describe('an http.Server', () => {
  it('gives the rejection of an asynchronous listener to the caller', async () => {
    const server = createServer(async () => {
      throw new Error('broken');
    });
    const { url, errors } = await serve(await detect(server, quiet));
    expect((await fetch(url)).status).toBe(500);
    expect(errors).toEqual([new Error('broken')]);
  });

  it('calls all of its listeners', async () => {
    const seen: string[] = [];
    const server = createServer((_req, res) => res.end('answered'));
    server.on('request', (req) => seen.push(String(req.url)));
    const { url } = await serve(await detect(server, quiet));
    expect(await (await fetch(`${url}/both`)).text()).toBe('answered');
    expect(seen).toEqual(['/both']);
  });

  it('without a listener is refused', async () => {
    await expect(detect(createServer(), quiet)).rejects.toThrow(
      'web.ts:app: the http.Server has no request listener',
    );
  });
});

describe('a function', () => {
  it('with a use() and a handle() is a middleware stack, whatever parameters it declares', async () => {
    const app = Object.assign(() => {}, { use() {}, handle() {} });
    expect(await detect(app, quiet)).toMatchObject({ what: 'Connect application' });
  });

  it.each([
    [0, () => new Response('')],
    [1, (_request: Request) => new Response('')],
  ])('of %i parameters is a fetch handler', async (_, app) => {
    expect((await detect(app, quiet)).what).toBe('fetch handler');
  });
});

it.each([
  [null, 'null'],
  [3, 'a number (3)'],
  [[1], 'an array of 1'],
  [{}, 'an empty object'],
  [new Map(), 'an instance of Map'],
])('refuses %j', async (value, what) => {
  await expect(detect(value, quiet)).rejects.toThrow(
    `web.ts:app: it is ${what}; expected a function (req, res)`,
  );
});
