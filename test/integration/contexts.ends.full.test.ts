import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { ask } from '../support/http-client.ts';
import { modulesOf } from '../support/loaded-modules.ts';
import { type Served, shareServers } from '../support/shared.ts';
import { root, serve } from '../support/tsunicorn.ts';

const fixtures = join(root, 'test/fixtures/contexts');
const classes = ['async', 'sync', 'thread'] as const;

/** The options of a class; only `thread` has threads. */
const of = (name: string, threads: number) =>
  name === 'thread' ? ['-k', name, '--threads', `${threads}`] : ['-k', name];

const servers = shareServers(
  classes.map((name) => [...of(name, 5), '-t', '0', 'node.ts:app']),
  { cwd: fixtures },
);
const limited = shareServers(
  classes.map((name) => [...of(name, 1), '--request-timeout', '2', '-t', '0', 'node.ts:app']),
  { cwd: fixtures },
);

type Shared = () => Served;

describe.each(
  classes.map((name, index) => [name, servers[index] as Shared, limited[index] as Shared] as const),
)('class %s', (name, server, hurried) => {
  const at = (path: string) => ({ url: server().at, path });
  const torn = async (path: string, from: number) =>
    (await server().waitForLog(new RegExp(`teardown of ${path}: (.*)`), from))[1];

  it.each(['/hangs', '/silent'])('runs teardown() where the client of %s leaves', async (path) => {
    const from = server().stderr.length;
    const request = http.get(`${server().at}${path}`, { agent: false });
    request.on('error', () => {});
    if (path === '/hangs') await once(request, 'response');
    else await server().waitForLog(/begins \/silent/, from);
    request.destroy();
    expect(await torn(path, from)).toMatch(/aborted|its client left/);
  });

  it('runs teardown() where the request takes too long', async () => {
    const from = hurried().stderr.length;
    expect((await ask({ url: hurried().at, path: '/silent' })).status).toBe(504);
    await hurried().waitForLog(/teardown of \/silent: TimeoutError: the request took longer than /, from);
  });

  it('lets the listeners of request and response run in the context', async () => {
    const from = server().stderr.length;
    const { body } = await ask({ ...at('/events'), method: 'POST', body: 'hello' });
    expect(body).toBe('POST 5');
    await server().waitForLog(/\[[\da-z]+-[\da-z]+\] closed \/events/, from);
  });

  it('logs what afterRequest() and teardown() throw, and sends the answer', async () => {
    const from = server().stderr.length;
    expect(await ask(at('/after-throws'))).toMatchObject({ status: 200, body: 'sent all the same' });
    await server().waitForLog(/while handling GET \/after-throws: afterRequest failed on purpose/, from);
    await server().waitForLog(/while handling GET \/after-throws: teardown failed on purpose/, from);
  });

  it('refuses afterRequest() behind the head', async () => {
    expect((await ask(at('/late'))).body).toMatch(/afterRequest\(\) came too late/);
  });

  it('keeps the head that writeHead() gets, and changes it', async () => {
    const { status, headers, body } = await ask(at('/after'));
    expect({ status, body, one: headers['x-one'], cookies: headers['set-cookie'] }).toEqual({
      ...{ status: 202, body: 'after', one: '1', cookies: ['a', 'b'] },
    });
  });

  it('hands the headers of a request to the one that it forwards, and not those of its body', async () => {
    const headers = {
      authorization: 'Bearer x',
      cookie: 'a=b',
      'content-type': 'text/x',
      range: 'bytes=1-',
    };
    const { body } = await ask({ ...at('/forward?/echo'), method: 'POST', headers, body: 'outer' });
    const { body: inner, status } = JSON.parse(body);
    expect(status).toBe(200);
    const seen = JSON.parse(inner);
    expect(seen).toMatchObject({ body: 'sent along', at: '/echo' });
    expect(seen.headers).toMatchObject({
      ...{ authorization: 'Bearer x', cookie: 'a=b', 'content-length': '10' },
      'content-type': expect.stringMatching(/^text\/plain/),
    });
    expect(seen.headers).not.toHaveProperty('range');
  });

  it('answers 404 and errors of a forwarded request as that does', async () => {
    const statuses = ['/none', '/throws'].map(
      async (path) => JSON.parse((await ask(at(`/forward?${path}`))).body).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 500]);
  });

  it('ends requests that forward in a circle', async () => {
    const from = server().stderr.length;
    await ask(at('/forward?/forward?/forward'));
    expect((await ask(at('/circle'))).status).toBe(500);
    await server().waitForLog(/10 requests were forwarded, each by the one before; look for a circle/, from);
  });

  it('waits at a stop for what runs behind the last request', async () => {
    const own = await serve([...of(name, 1), 'node.ts:app'], { cwd: fixtures });
    expect((await ask({ url: own.at, path: '/slow-end' })).body).toBe('slow');
    own.signal('SIGTERM');
    await own.waitForLog(/the slow end is over/);
    expect((await own.end()).status).toBe(0);
  });
});

describe.each(['async', 'sync'])('upgrades in class %s', (name) => {
  it('have a context that lasts until the socket closes', async () => {
    const running = await serve(['-k', name, 'node.ts:server'], { cwd: fixtures });
    const { hostname, port } = new URL(running.at);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    const head = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: test\r\nX-Request-Id: given-5';
    socket.write(`GET /chat HTTP/1.1\r\n${head}\r\n\r\n`);
    let text = '';
    socket.on('data', (part) => {
      text += part;
      if (/\r\n\r\n\/chat\n$/.test(text)) socket.write('1');
    });
    await once(socket, 'close');
    expect(text).toMatch(/\/chat\ngiven-5 1\n$/);
    await running.waitForLog(/\[given-5\] teardown of \/chat: null/);
  });
});

describe('contexts', () => {
  it('know the mount, and forward through all of them', async () => {
    const { at } = await serve(['--mount', '/api=node.ts:app', 'fetch.ts:app'], { cwd: fixtures });
    const seen = async (path: string) => JSON.parse((await ask({ url: at, path })).body);
    expect(await seen('/api/seen?q')).toMatchObject({
      ...{ url: '/seen?q', originalUrl: '/api/seen?q', baseUrl: '/api', at: { path: '/api', isSame: true } },
    });
    expect(await seen('/seen')).toMatchObject({ at: { path: '/' } });
    const { body } = await seen('/api/forward?/seen');
    expect(JSON.parse(body)).toMatchObject({ method: 'POST', baseUrl: '', at: { path: '/' } });
  });

  it('are there in a program', async () => {
    const { at } = await serve(['program.mjs'], { cwd: fixtures });
    const { url, g } = JSON.parse((await ask({ url: at, path: '/seen' })).body);
    expect({ url, g }).toEqual({ url: '/seen', g: { user: 'ada' } });
  });

  it.each(['express', 'koa', 'fastify', 'hono'])('are there in an application of %s', async (name) => {
    const { at } = await serve([`frameworks.ts:${name}`], { cwd: fixtures });
    const headers = { 'x-request-id': 'given-6', 'content-type': 'application/json' };
    const { body, headers: answered } = await ask({
      url: at,
      path: '/echo',
      method: 'POST',
      headers,
      body: '{"a":1}',
    });
    expect(JSON.parse(body)).toEqual({ id: 'given-6', got: { a: 1 } });
    expect(answered['x-after']).toBe('given-6');
  });

  it('are not there where the module is imported in a handler, which is told so', async () => {
    const running = await serve(['late.mjs'], { cwd: fixtures });
    expect((await ask({ url: running.at })).status).toBe(500);
    await running.waitForLog(
      /request\.id was used outside a context: import 'tsunicorn\/context' in the application's own module/,
    );
  });

  it.each(['async', 'thread'])('are not loaded in class %s where nothing imports them', async (name) => {
    const running = await serve([...of(name, 1), 'plain.mjs'], {
      cwd: fixtures,
      env: { NODE_OPTIONS: `--import ${join(fixtures, 'spy.mjs')}` },
    });
    const loaded = modulesOf(JSON.parse((await ask({ url: running.at })).body));
    expect(loaded.some((name) => name.startsWith('src/app/'))).toBe(true);
    expect(
      loaded.filter((name) => name.startsWith('src/context/') || name.includes('/app/mount/router')),
    ).toEqual([]);
  });

  it('show the id in records of JSON', async () => {
    const running = await serve(['--log-format', 'json', 'node.ts:app'], { cwd: fixtures });
    await ask({ url: running.at, path: '/log', headers: { 'x-request-id': 'given-7' } });
    const [line = '{}'] = await running.waitForLog(/^.*a line of the application.*$/m);
    expect(JSON.parse(line)).toMatchObject({
      ...{ level: 'warning', msg: 'a line of the application', requestId: 'given-7', detail: 1 },
      worker: { slot: 0 },
    });
  });
});

describe('examples/context.ts', () => {
  it('answers, logs with the id, and releases what it took', async () => {
    const running = await serve(['examples/context.ts'], { cwd: root });
    const headers = { 'x-request-id': 'given-8' };
    const answer = await ask({ url: running.at, path: '/again', headers });
    expect(answer).toMatchObject({
      status: 200,
      body: 'Hello at /\n',
      headers: { 'x-request-id': 'given-8' },
    });
    await running.waitForLog(/\[given-8\] greets/);
    await running.waitForLog(/\[given-8\] released/);
  });

  it('does not load what it does not need in --check-config', async () => {
    const { status } = await run(['--check-config', 'examples/context.ts'], { cwd: root });
    expect(status).toBe(0);
  });
});
