import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { sharedDirectory } from '../support/shared.ts';
import { app, serve } from '../support/tsunicorn.ts';

describe('an application is found', () => {
  const says = (text: string) => `(req, res) => { res.end('${text}'); }`;
  const manifest = (more: object) => JSON.stringify({ version: '1.0.0', ...more });
  const cwd = sharedDirectory({
    'esm.mjs': `export const app = ${says('esm')};\nexport default ${says('esm default')};`,
    'my/pkg/web.ts': `export default ${says('dotted')};`,
    'node_modules/shop/package.json': manifest({ name: 'shop', type: 'module', exports: './lib/main.js' }),
    'node_modules/shop/lib/main.js': `export const app = ${says('package')};`,
    'node_modules/@co/shop/package.json': manifest({ name: '@co/shop', main: 'shop.js' }),
    'node_modules/@co/shop/shop.js': `exports.app = ${says('scoped package')};`,
  });

  it.each([
    ['an export of a module', 'esm.mjs:app', 'esm'],
    ['the default export where none is named', 'esm.mjs', 'esm default'],
    ['a module without its extension', './esm:app', 'esm'],
    ['a dotted path', 'my.pkg.web', 'dotted'],
    ['a package', 'shop:app', 'package'],
    ['a package in a scope', '@co/shop:app', 'scoped package'],
  ])('as %s', async (_how, spec, body) => {
    const running = await serve([spec], { cwd });
    expect(await ask({ url: running.at })).toMatchObject({ status: 200, body });
  });
});

describe('every example', () => {
  it('hello.ts is served', async () => {
    const running = await serve([app('hello.ts:app', 'examples')]);
    expect(await ask({ url: running.at })).toMatchObject({ status: 200, body: 'Hello from tsunicorn\n' });
  });

  it.each(['fetch', 'express', 'koa', 'fastify', 'hono'])('%s.ts is served', async (name) => {
    const running = await serve([app(`${name}.ts:app`, 'examples')]);
    const url = running.at;
    expect(await ask({ url })).toMatchObject({
      status: 200,
      body: expect.stringMatching(/^Hello from \w+\n$/),
    });
    expect(await ask({ url, path: '/hello/Ada' })).toMatchObject({ status: 200, body: 'Hello Ada\n' });
    const headers = { 'content-type': 'application/json' };
    const echoed = await ask({ url, path: '/echo', method: 'POST', headers, body: '{"title":"Æsop"}' });
    expect(echoed.status).toBe(200);
    expect(JSON.parse(echoed.body)).toEqual({ title: 'Æsop' });
    expect(await ask({ url, path: '/nowhere' })).toMatchObject({ status: 404 });
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/\[(WARNING|ERROR|CRITICAL)\]/);
  });
});

describe('every fixture', () => {
  it.each([
    ['node.ts:app', 'node GET /'],
    ['node.ts:nested.handler', 'nested'],
    ['node.cjs:other', 'cjs other'],
    ['function.cjs', 'cjs function'],
    ['compiled.cjs', 'cjs default'],
    ['directory:app', 'directory'],
    ['package', expect.stringMatching(/\w/)],
    ['fetch.ts:app', expect.stringMatching(/^fetch GET http:\/\/[^/]+\/$/)],
    ['object-fetch.ts', 'object /'],
    ['http-server.ts:server', 'server /'],
    ['factory.ts:create("prod", {debug: true})', '["prod",{"debug":true}]'],
    ['factory.ts:createLater(1)', '[1]'],
    ['factory.ts:promised', '["promised"]'],
  ])('%s is served', async (spec, body) => {
    const running = await serve([app(spec)]);
    expect(await ask({ url: running.at })).toMatchObject({ status: 200, body });
  });
});
