import { describe, expect, it } from 'vitest';
import { type Body, type GatewayApplication, validator, wsgi } from '../../../src/index.ts';
import { text } from './gateway.ts';
import { violation } from './violation.ts';

describe('the validator says that the application', () => {
  const start = (...args: readonly unknown[]): GatewayApplication =>
    wsgi((_environ, startResponse) => {
      Reflect.apply(startResponse, undefined, args);
      return ['x'];
    });
  const returning = (body: unknown): GatewayApplication =>
    wsgi((_environ, startResponse) => {
      startResponse('200 OK', text);
      return body as Body;
    });
  const json = ['Content-Type', 'application/json'];

  it.each<[string, GatewayApplication]>([
    ['called startResponse() with 1 arguments, not 2 or 3', start('200 OK')],
    ["gave a number (200) as status, not text such as '200 OK'", start(200, text)],
    ["gave the status '200'; it is three digits from 200 to 599, one space and words", start('200', text)],
    ["gave the status '101 Switching Protocols'", start('101 Switching Protocols', text)],
    ['gave a plain object with keys a as headers', start('200 OK', { a: 'b' })],
    ['gave a string ("a: b") as a header, not [name, value]', start('200 OK', ['a: b'])],
    ['gave a number (3) as the value of the header Age, not text', start('200 OK', [json, ['Age', 3]])],
    ["gave a header the name 'X_'", start('200 OK', [json, ['X_', '']])],
    ["gave a header the name 'X:'", start('200 OK', [json, ['X:', '']])],
    ['gave the header Status; the status is the first argument', start('200 OK', [json, ['Status', '200']])],
    [
      'gave the header Connection, which only the server may set',
      start('200 OK', [json, ['Connection', 'close']]),
    ],
    ['gave the header X the value "a\\r\\nb"', start('200 OK', [json, ['X', 'a\r\nb']])],
    ['gave no Content-Type', start('200 OK', [])],
    ['gave a Content-Type with status 204, which has no content', start('204 No Content', [json])],
    ['gave a string ("bad") as the third argument of startResponse()', start('500 Oh', text, 'bad')],
    ['returned a string ("body"), not an iterable of strings or Uint8Arrays', returning('body')],
    ['returned undefined, not an iterable', returning(undefined)],
    ['gave a number (1) as a chunk of the body, not a string or a Uint8Array', returning([1])],
    ['gave null as a chunk of the body', returning(new Set([null]))],
    ['gave a chunk of the body before it called startResponse()', () => ['early']],
    ['gave a chunk of the body before it called startResponse()', () => ['early'].values()],
    ['ended the body without calling startResponse()', () => [].values()],
    ['ended the body without calling startResponse()', () => []],
  ])('%s', async (fault, app) => {
    expect(await violation(app)).toContain(`GatewayViolation: the application ${fault}`);
  });

  it('called startResponse() a second time without the error that it answers', async () => {
    const twice = (...error: readonly Error[]): GatewayApplication =>
      wsgi((_environ, startResponse) => {
        startResponse('200 OK', text);
        startResponse('500 Internal Server Error', text, ...error);
        return [];
      });
    expect(await violation(twice())).toContain('a second time without the error that it answers');
    expect(await violation(twice(new Error('broken')))).toBe('none');
  });

  it('called startResponse() after the end of its body', async () => {
    let late = () => {};
    const app: GatewayApplication = (_environ, startResponse) => {
      startResponse('200 OK', text);
      late = () => startResponse('500 Late', text, new Error('late'));
      return ['x'];
    };
    expect(await violation(app)).toBe('none');
    expect(late).toThrow('the application called startResponse() after the end of its body');
  });

  it('wrote something else than text to wsgi.errors, or read wsgi.input with a bad limit', async () => {
    const writes: GatewayApplication = (environ) => {
      Reflect.apply(environ['wsgi.errors'].write, environ['wsgi.errors'], [new Error('x')]);
      return [];
    };
    expect(await violation(writes)).toContain('wrote an instance of Error to wsgi.errors, not text');
    const reads: GatewayApplication = async (environ) => {
      await environ['wsgi.input'].text({ limit: -1 });
      return [];
    };
    expect(await violation(reads)).toContain('read wsgi.input with the limit a number (-1)');
  });

  it('is not a function', () => {
    expect(() => Reflect.apply(validator, undefined, [{}])).toThrow('the application is an empty object');
    expect(() => Reflect.apply(wsgi, undefined, [{}])).toThrow(
      'wsgi() takes a function (environ, startResponse)',
    );
  });
});
