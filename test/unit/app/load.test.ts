import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { loadApplication } from '../../../src/app/load.ts';
import { BootError } from '../../../src/support/errors.ts';
import { serve } from './serve.ts';

const cwd = `${import.meta.dirname}/../../fixtures`;
const repository = `${import.meta.dirname}/../../..`;
const load = (spec: string) => loadApplication(spec, { cwd, onError: () => {} });

async function answer(spec: string, path = '/path'): Promise<string> {
  const { url } = await serve(await load(spec));
  return (await fetch(url + path)).text();
}

async function failure(spec: string): Promise<BootError> {
  const error = await load(spec).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BootError)) throw new Error(`expected a BootError of ${spec}`, { cause: error });
  expect(error.exitStatus).toBe(4);
  expect(error.message).not.toContain('\n');
  return error;
}

describe('a module is found', () => {
  it.each([
    ['by its path', 'apps/node.ts:app', 'node GET /path'],
    ['by an absolute path', `${cwd}/apps/node.ts:app`, 'node GET /path'],
    ['without its extension', './apps/fetch', /^fetch GET http:\/\/127.0.0.1:\d+\/path$/],
    ['by a dotted path', 'apps.object-fetch:app', 'object /path'],
    ['as a directory with an index', 'apps/directory:app', 'directory'],
    ['as a directory with a main', 'apps/package', 'package'],
  ])('%s', async (_, spec, text) => {
    expect(await answer(spec)).toMatch(text);
  });

  it('as a package that is installed where the application is', async () => {
    expect(await load('express:json()')).toMatchObject({ what: 'Node listener' });
    expect((await failure('no-such-package:app')).message).toContain('the package no-such-package');
  });

  it('or else the error says what was tried and what is near', async () => {
    const { message } = await failure('apps/nodes.ts:app');
    expect(message).toContain("apps/nodes.ts:app: there is no module 'apps/nodes.ts' in ");
    expect(message).toContain(
      'tried apps/nodes.ts, apps/nodes.ts{.ts,.mts,.js,.mjs,.cjs} and apps/nodes.ts/index.*',
    );
    expect(message).toContain('did you mean apps/node.ts?');
    expect((await failure('far.away:app')).message).toMatch(
      /far\/away.* the package far\.away\); check the path/,
    );
  });
});

describe('an export is found', () => {
  it.each([
    ['by default', 'apps/node.ts', 'node GET /path'],
    ['with its receiver by a dotted name', 'apps/node.ts:nested.handler', 'nested'],
    ['in CommonJS, where the lexer misses it', 'apps/node.cjs:other', 'cjs other'],
    ['as all of module.exports', 'apps/function.cjs', 'cjs function'],
    ['as the default of a compiled module', 'apps/compiled.cjs', 'cjs default'],
    ['as a promise', 'apps/factory.ts:promised', '["promised"]'],
    ['by a factory', 'apps/factory.ts:create()', '[]'],
    [
      'by a factory with arguments',
      `apps/factory.ts:create("prod", {debug: true})`,
      '["prod",{"debug":true}]',
    ],
    ['by an asynchronous factory', 'apps/factory.ts:createLater(1)', '[1]'],
  ])('%s', async (_, spec, text) => {
    expect(await answer(spec)).toBe(text);
  });

  it.each([
    [
      'apps/node.ts:ap',
      "apps/node.ts has no export 'ap'; it has app, nested, default; write apps/node.ts:app",
    ],
    ['apps/node.ts:nested.handle', "nested in apps/node.ts has no export 'handle'; it has word, handler"],
    ['apps/directory', 'has no default export; it has app; write apps/directory:app'],
  ])('or else the error of %s lists what there is', async (spec, text) => {
    expect((await failure(spec)).message).toContain(text);
  });
});

describe('an unknown shape is described', () => {
  it.each([
    [
      'broken/plain-object.ts:app',
      'it is a plain object with keys routes, name; expected a function (req, res)',
    ],
    ['broken/plain-object.ts:nothing', 'it is undefined; expected a function'],
    ['broken/plain-object.ts:Shop', 'it is a class Shop, not an instance of it'],
    ['apps/node.ts:nested.word', 'it is a string ("nested")'],
    [
      'apps/node.ts:nested()',
      'a plain object with keys word, handler is not a factory; remove the parentheses',
    ],
    ['broken/plain-object.ts:Shop()', 'a class Shop is not a factory'],
  ])('%s', async (spec, text) => {
    expect((await failure(spec)).message).toContain(text);
  });
});

describe('the kinds', () => {
  it.each([
    ['examples/hello.ts:app', 'Node listener'],
    ['examples/fetch.ts:app', 'fetch handler'],
    ['examples/express.ts:app', 'Express application'],
    ['examples/koa.ts:app', 'Koa application'],
    ['examples/hono.ts:app', 'Hono application'],
    ['test/fixtures/apps/http-server.ts', 'http.Server'],
    ['test/fixtures/apps/object-fetch.ts', 'object with fetch()'],
  ])('%s is a %s', async (spec, what) => {
    const application = await loadApplication(spec, { cwd: repository, onError: () => {} });
    expect(application.what).toBe(what);
    await application.close?.();
  });

  it.each(['express', 'koa', 'fastify', 'hono', 'fetch'])('the example for %s answers', async (name) => {
    const application = await loadApplication(`examples/${name}.ts:app`, {
      cwd: repository,
      onError: () => {},
    });
    const { url } = await serve(application);
    expect(await (await fetch(url)).text()).toMatch(/^Hello from /);
    expect(await (await fetch(`${url}/hello/you`)).text()).toBe('Hello you\n');
    const headers = { 'content-type': 'application/json' };
    const echo = await fetch(`${url}/echo`, { method: 'POST', headers, body: '{"a":1}' });
    expect(await echo.json()).toEqual({ a: 1 });
  });

  it('a server answers upgrades with its own listener', async () => {
    const { server } = await serve(await load('apps/http-server.ts:server'));
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
    const chunks = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 101 [\s\S]*hello$/);
  });
});
