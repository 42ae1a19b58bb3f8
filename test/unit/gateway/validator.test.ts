import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { app as example } from '../../../examples/gateway.ts';
import { isWsgi } from '../../../src/gateway/wsgi.ts';
import { type Body, type GatewayApplication, validator } from '../../../src/index.ts';
import { rawGet, serveGateway, text } from './gateway.ts';
import { environment, violation } from './violation.ts';

const good: GatewayApplication = (_environ, startResponse) => {
  startResponse('200 OK', text);
  return ['a', 'b'];
};

describe('the validator', () => {
  it('leaves an application in order as it is, and is itself marked as one', async () => {
    expect(isWsgi(validator(good))).toBe(true);
    const answer = await rawGet(await serveGateway(validator(good)));
    expect(answer).toMatch(
      /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain\r\nContent-Length: 2\r\n(.*\r\n)+\r\nab$/,
    );
  });

  it.each(['GET /', 'HEAD /', 'GET /count', 'GET /nowhere', 'POST /echo', 'DELETE /'])(
    'finds the example and the server in order at %s',
    async (line) => {
      const [method = '', path = ''] = line.split(' ');
      const { url, errors, late, lines } = await serveGateway(validator(example));
      const init = method === 'POST' ? { method, body: '{"a":[1]}' } : { method };
      const answer = await fetch(url + path, init);
      const body = await answer.text();
      if (method === 'POST') expect(body).toBe('{"a":[1]}');
      expect([errors, late, lines]).toEqual([[], [], []]);
    },
  );

  it('checks inside and outside of middleware', async () => {
    const shout = (app: GatewayApplication) =>
      validator(async (environ, startResponse) => {
        const body = await app(environ, startResponse);
        return upper(body);
      });
    const { url, errors } = await serveGateway(shout(validator(good)));
    expect(await (await fetch(url)).text()).toBe('AB');
    expect(errors).toEqual([]);
  });
});

async function* upper(body: Body) {
  try {
    for await (const chunk of body) yield String(chunk).toUpperCase();
  } finally {
    body.close?.();
  }
}

describe('the validator says that the server', () => {
  it.each([
    ['left PATH_INFO out of the environ', { PATH_INFO: undefined }],
    ['gave HTTP_CONTENT_TYPE in the environ; its name is CONTENT_TYPE', { HTTP_CONTENT_TYPE: 'a' }],
    ['gave a number (80) as SERVER_PORT, not text', { SERVER_PORT: 80 }],
    ["gave SERVER_PORT 'http', not a number", { SERVER_PORT: 'http' }],
    ["gave REQUEST_METHOD 'G T', not a method", { REQUEST_METHOD: 'G T' }],
    ["gave SCRIPT_NAME '/'", { SCRIPT_NAME: '/' }],
    ["gave SCRIPT_NAME 'shop'", { SCRIPT_NAME: 'shop' }],
    ["gave PATH_INFO 'a'; it begins with a slash", { PATH_INFO: 'a' }],
    ['gave no path', { PATH_INFO: '' }],
    ['gave no SERVER_NAME', { SERVER_NAME: '' }],
    ["gave CONTENT_LENGTH '-1', not a number", { CONTENT_LENGTH: '-1' }],
    ['gave an array of 2 as wsgi.version, not [1, 0]', { 'wsgi.version': [2, 0] }],
    ['gave a string ("ftp") as wsgi.url_scheme', { 'wsgi.url_scheme': 'ftp' }],
    ['gave undefined as wsgi.multithread, not true or false', { 'wsgi.multithread': undefined }],
    ['gave a wsgi.input without bytes()', { 'wsgi.input': new Blob([]).stream() }],
    ['gave a wsgi.errors without flush()', { 'wsgi.errors': { write() {} } }],
  ])('%s', (fault, changed) => {
    const environ = environment(changed);
    if ('PATH_INFO' in changed && changed.PATH_INFO === undefined)
      Reflect.deleteProperty(environ, 'PATH_INFO');
    const named = expect.objectContaining({ name: 'GatewayViolation' });
    expect(() => validator(good)(environ, () => {})).toThrow(named);
    expect(() => validator(good)(environ, () => {})).toThrow(`the server ${fault}`);
  });

  it('called the application with something else than an environ and a function', () => {
    const call = (...args: readonly unknown[]) => Reflect.apply(validator(good), undefined, args);
    expect(() => call(environment())).toThrow('the server called the application with 1 arguments, not 2');
    expect(() => call(environment(), null)).toThrow('the server gave null as startResponse');
    expect(() => call([], () => {})).toThrow('the server gave an array of 0 as environ');
  });

  it.each<[string, (body: Body) => unknown]>([
    [
      'called close() a second time',
      (body) => {
        body.close?.();
        body.close?.();
      },
    ],
    [
      'iterated over the body a second time',
      async (body) => {
        for await (const _ of body);
        for await (const _ of body);
      },
    ],
    [
      'asked for a chunk of the body after it had called close()',
      (body) => {
        const iterator = asyncIterator(body);
        body.close?.();
        return iterator.next();
      },
    ],
    [
      'asked for a chunk of the body before it had the last one',
      (body) => {
        const iterator = asyncIterator(body);
        return Promise.all([iterator.next(), iterator.next()]);
      },
    ],
  ])('%s', async (fault, read) => {
    const app: GatewayApplication = async function* (_environ, startResponse) {
      startResponse('200 OK', text);
      yield 'a';
    };
    expect(await violation(app, read)).toBe(`GatewayViolation: the server ${fault}`);
  });

  it('gave something else than bytes as wsgi.input', async () => {
    const app: GatewayApplication = async (environ, startResponse) => {
      startResponse('200 OK', text);
      return [await environ['wsgi.input'].text()];
    };
    expect(await violation(app)).toBe(
      'GatewayViolation: the server gave an instance of Buffer as the text of wsgi.input',
    );
  });
});

describe('a body that the server never closes', () => {
  it('is written to wsgi.errors when it has been collected', async () => {
    const program = join(import.meta.dirname, 'forgetful-server.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program], {
      timeout: 15_000,
    });
    expect(stdout).toBe('GatewayViolation: the server never called close() of a body\n');
  }, 20_000);
});

function asyncIterator(body: Body): AsyncIterator<unknown> {
  if (!(Symbol.asyncIterator in body)) throw new Error('the body is not an async iterable');
  return body[Symbol.asyncIterator]();
}
