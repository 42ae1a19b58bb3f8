import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadApplication } from '../../../src/app/load.ts';
import { get, startEngine } from '../../support/http-engine.ts';

const cwd = join(import.meta.dirname, '../../fixtures/shapes');

async function serve(name: string) {
  const application = await loadApplication(`mistaken.mjs:${name}`, { cwd, onError: () => {} });
  const engine = await startEngine({ application });
  const ask = async (path = '/path') => {
    const wire = await engine.send(get(path).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    return wire.until(/\r\n\r\n[\s\S]*(?:\n|0\r\n\r\n|\w)$/);
  };
  const logged = () => engine.errors.map(({ error }) => String(error));
  return { ask, logged };
}

describe('a fetch handler that was taken for a Node listener', () => {
  it.each([
    ['fetchOfTwo', 'it returned a Response'],
    ['fetchOfTwoSync', 'it returned a Response'],
    ['fetchThatReads', "it failed with 'request.headers.get is not a function'"],
    ['fetchThatParses', "it failed with 'Invalid URL'"],
  ])('answers 500 and says what to write (%s)', async (name, evidence) => {
    const { ask, logged } = await serve(name);
    expect(await ask()).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
    expect(logged()).toEqual([
      `TypeError: mistaken.mjs:${name}: it was called as a Node listener (req, res), since it has 2 parameters, but ${evidence}; a fetch handler is exported as (request) => app(request), or as fetch(app): import { fetch } from 'tsunicorn'`,
    ]);
  });

  it('answers every request, and does not repeat itself', async () => {
    const { ask, logged } = await serve('fetchOfTwo');
    for (let round = 0; round < 5; round++)
      expect(await ask()).toMatch(/^HTTP\/1\.1 500 [\s\S]*Internal Server Error\n$/);
    expect(logged()).toHaveLength(1);
  });

  it('is told so where node() marks it', async () => {
    const { ask, logged } = await serve('markedWrongly');
    expect(await ask()).toMatch(/^HTTP\/1\.1 500 /);
    expect(logged()[0]).toContain('since it is marked by node(), but it returned a Response');
  });
});

describe('a Node listener that was taken for a fetch handler', () => {
  it.each([
    [
      'nodeOfAny',
      "it was called as a fetch handler (request), but it failed with 'res.writeHead is not a function'",
    ],
    [
      'nodeOfAnySync',
      "it was called as a fetch handler (request), but it failed with 'args[1].setHeader is not a function'",
    ],
    ['nodeLater', 'the fetch handler returned undefined, not a Response'],
  ])('answers 500 and says what to write (%s)', async (name, evidence) => {
    const { ask, logged } = await serve(name);
    expect(await ask()).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
    expect(logged()[0]).toContain(`mistaken.mjs:${name}: ${evidence}`);
    expect(logged()[0]).toContain(
      "exported as node(app): import { node } from 'tsunicorn'".replace(
        'exported',
        name === 'nodeLater' ? 'export it' : 'exported',
      ),
    );
  });
});

describe('what is marked', () => {
  it.each([
    ['markedFetch', '/path object'],
    ['markedNode', 'marked /path'],
  ])('is called as its marker says (%s)', async (name, body) => {
    const { ask, logged } = await serve(name);
    expect(await ask()).toMatch(new RegExp(`^HTTP/1\\.1 200 OK[\\s\\S]*${body}`));
    expect(logged()).toEqual([]);
  });
});

describe('a Node listener', () => {
  const engineOf = (handler: (req: never, res: never) => unknown) =>
    import('../../../src/app/adapters/node.ts').then(({ adaptListener }) =>
      startEngine({ application: adaptListener(handler, 'web.ts:app', 'it has 2 parameters') }),
    );

  it('may return a Response where it answers otherwise, at once or later', async () => {
    const { send, errors } = await engineOf((_req, res: import('node:http').ServerResponse) => {
      res.setHeader('x-served', 'yes');
      setImmediate(() => res.end('answered'));
      return Promise.resolve(new Response('of another server'));
    });
    expect(await (await send(get())).until(/answered/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(errors).toEqual([]);
  });

  it('keeps its own errors as they are', async () => {
    const { send, errors } = await engineOf(() => {
      throw new TypeError('rows.map is not a function');
    });
    await (await send(get())).until(/500/);
    expect(String(errors[0]?.error)).toBe('TypeError: rows.map is not a function');
  });
});
