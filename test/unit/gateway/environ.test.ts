import { rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { adaptWsgi } from '../../../src/app/adapters/wsgi.ts';
import { bareContext, type GatewayContext } from '../../../src/gateway/context.ts';
import { environOf } from '../../../src/gateway/environ.ts';
import { type Environ, validator, wsgi } from '../../../src/index.ts';
import { serveGateway, text } from './gateway.ts';

/** The environ that an application gets for those bytes; the validator has checked it. */
async function environFor(bytes: string, context: Partial<GatewayContext> = {}): Promise<Environ> {
  const got: Environ[] = [];
  const app = validator((environ, startResponse) => {
    got.push(environ);
    startResponse('200 OK', text);
    return [];
  });
  const served = await serveGateway(app, context);
  await served.raw(bytes);
  const [environ] = got;
  if (environ === undefined) throw new Error(`no environ: ${served.errors}`);
  return environ;
}

const get = (target: string, ...headers: readonly string[]) =>
  `${[`GET ${target} HTTP/1.1`, 'Host: shop.test', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;

describe('the environ', () => {
  it('tells the request and the server', async () => {
    const environ = await environFor(
      get('/a/b?x=1&y=%20', 'X-Two: 1', 'X-Two: 2', 'Cookie: a=1', 'Cookie: b=2'),
    );
    expect(environ).toMatchObject({
      REQUEST_METHOD: 'GET',
      SCRIPT_NAME: '',
      PATH_INFO: '/a/b',
      QUERY_STRING: 'x=1&y=%20',
      RAW_URI: '/a/b?x=1&y=%20',
      SERVER_NAME: '127.0.0.1',
      SERVER_PROTOCOL: 'HTTP/1.1',
      REMOTE_ADDR: '127.0.0.1',
      HTTP_HOST: 'shop.test',
      HTTP_X_TWO: '1, 2',
      HTTP_COOKIE: 'a=1; b=2',
      'wsgi.version': [1, 0],
      'wsgi.url_scheme': 'http',
      'wsgi.input_terminated': true,
      'wsgi.run_once': false,
    });
    expect(Number(environ.SERVER_PORT)).toBeGreaterThan(0);
    expect(Number(environ.REMOTE_PORT)).toBeGreaterThan(0);
    expect('CONTENT_LENGTH' in environ || 'CONTENT_TYPE' in environ).toBe(false);
  });

  it('has the type and length of a body under their own names', async () => {
    const environ = await environFor(`${get('/', 'Content-Type: text/x', 'Content-Length: 2')}ab`);
    expect(environ).toMatchObject({ CONTENT_TYPE: 'text/x', CONTENT_LENGTH: '2' });
    expect(Object.keys(environ).filter((key) => key.startsWith('HTTP_CONTENT'))).toEqual([]);
  });

  it('leaves out a header whose underscore would make it pass for another', async () => {
    const environ = await environFor(get('/', 'X_Real_IP: 6.6.6.6'));
    expect('HTTP_X_REAL_IP' in environ).toBe(false);
  });

  it.each([
    ['/caf%C3%A9', '/café'],
    ['/a%2Fb', '/a/b'],
    ['/%ff%41', '/\ufffdA'],
    ['/100%', '/100%'],
    ['/?', '/'],
    ['http://other.test', '/'],
    ['http://other.test/a?b', '/a'],
  ])('decodes the path of %s to %s', async (target, path) => {
    expect((await environFor(get(target))).PATH_INFO).toBe(path);
  });

  it('takes the host of an absolute target over the header', async () => {
    expect((await environFor(get('http://other.test:81/a'))).HTTP_HOST).toBe('other.test:81');
  });

  it('has a star as path of OPTIONS *', async () => {
    const bytes = get('*').replace('GET', 'OPTIONS');
    expect((await environFor(bytes, { rootPath: '/shop' })).PATH_INFO).toBe('*');
  });

  it.each([
    ['/shop/cart', '/cart'],
    ['/shop', ''],
    ['/shop/', '/'],
    ['/shopping', '/shopping'],
    ['/cart', '/cart'],
  ])('of %s under the root path /shop has the path %j', async (target, path) => {
    const { SCRIPT_NAME, PATH_INFO } = await environFor(get(target), { rootPath: '/shop' });
    expect([SCRIPT_NAME, PATH_INFO]).toEqual(['/shop', path]);
  });

  it('tells what runs beside a call', async () => {
    const environ = await environFor(get('/'), { multithread: false, multiprocess: true });
    expect([environ['wsgi.multithread'], environ['wsgi.multiprocess']]).toEqual([false, true]);
  });

  it.each([
    ['shop.test:8080', 'shop.test', '8080'],
    ['[::1]:8080', '[::1]', '8080'],
    ['shop.test', 'shop.test', '80'],
    ['', 'localhost', '80'],
  ])('on a Unix socket takes the server’s name from the Host header %j', async (host, name, port) => {
    const path = join(tmpdir(), `tsunicorn-${process.pid}.sock`);
    onTestFinished(() => rmSync(path, { force: true }));
    const got: Environ[] = [];
    const app = wsgi((environ, startResponse) => {
      got.push(environ);
      startResponse('200 OK', text);
      return [];
    });
    const { handler } = adaptWsgi(app, { context: bareContext, onError: () => {} });
    const server = http.createServer((req, res) => void handler(req, res)).listen(path);
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve, reject) =>
      http
        .get({ socketPath: path, agent: false, headers: { host } }, (res) => res.resume().on('end', resolve))
        .on('error', reject),
    );
    expect(got[0]).toMatchObject({ SERVER_NAME: name, SERVER_PORT: port, REMOTE_ADDR: '', REMOTE_PORT: '' });
  });
});

describe('wsgi.errors', () => {
  it('gives the log whole lines, and the last one when the answer has ended', async () => {
    const served = await serveGateway(
      wsgi((environ, startResponse) => {
        const errors = environ['wsgi.errors'];
        errors.write('one ');
        errors.write('line\nand\n\nlast');
        startResponse('200 OK', text);
        return [];
      }),
    );
    await served.raw(get('/'));
    expect(served.lines).toEqual(['one line', 'and', 'last']);
  });
});

it.each([
  [true, 'https'],
  [false, 'http'],
  [undefined, 'http'],
])('takes a socket whose `encrypted` is %j for %s, as those of class thread say it', (encrypted, scheme) => {
  const socket = Object.assign(new net.Socket(), { encrypted });
  const environ = environOf(new http.IncomingMessage(socket), bareContext, {} as Environ['wsgi.errors']);
  expect(environ['wsgi.url_scheme']).toBe(scheme);
});
