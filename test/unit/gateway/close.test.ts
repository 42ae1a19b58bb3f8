import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Body, type GatewayApplication, wsgi } from '../../../src/index.ts';
import { openClient, rawGet, serveGateway, text } from './gateway.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** An application whose body is what `make` returns, with a close() that counts and wakes. */
function counted(make: () => Omit<Body, 'close'>) {
  const closed = Promise.withResolvers<void>();
  const counts = { closed: 0 };
  const app: GatewayApplication = wsgi((_environ, startResponse) => {
    startResponse('200 OK', text);
    const close = () => {
      counts.closed++;
      closed.resolve();
    };
    return Object.assign(make(), { close }) as Body;
  });
  return { app, counts, closed: closed.promise };
}

describe('close() of the body is called once', () => {
  it.each<[string, () => Omit<Body, 'close'>]>([
    ['an array', () => ['a', 'b']],
    ['a generator', () => ['a', 'b'].values()],
    ['an async generator', () => forever(2)],
    ['an array with a chunk that is none', () => [7 as unknown as string]],
    ['a generator that throws', () => failing()],
    ['what is no iterable', () => ({}) as Body],
  ])('after %s', async (_what, make) => {
    const { app, counts, closed } = counted(make);
    await rawGet(await serveGateway(app));
    await closed;
    expect(counts.closed).toBe(1);
  });

  it('when the client goes away while a chunk is awaited, which the generator learns from the signal too', async () => {
    let aborted = false;
    const finished = Promise.withResolvers<void>();
    const { app, counts, closed } = counted(() => ({
      async *[Symbol.asyncIterator]() {
        yield 'first';
        await new Promise(() => {});
      },
    }));
    const served = await serveGateway(
      wsgi(async (environ, startResponse) => {
        environ['wsgi.input'].signal.addEventListener('abort', () => {
          aborted = true;
          finished.resolve();
        });
        return app(environ, startResponse);
      }),
    );
    const client = openClient(served, REQUEST);
    await once(client, 'data');
    client.destroy();
    await Promise.all([closed, finished.promise]);
    expect([counts.closed, aborted, served.errors]).toEqual([1, true, []]);
  });

  it('when the client goes away while it is slow, and the generator runs its finally', async () => {
    const left = Promise.withResolvers<string>();
    const served = await serveGateway(
      wsgi(function* (_environ, startResponse) {
        try {
          startResponse('200 OK', text);
          for (;;) yield 'x'.repeat(65_536);
        } finally {
          left.resolve('left');
        }
      }),
    );
    const client = openClient(served, REQUEST);
    await once(client, 'readable');
    client.destroy();
    expect(await left.promise).toBe('left');
    expect(served.errors).toEqual([]);
  });

  it.each<[string, () => Omit<Body, 'close'>]>([
    ['a generator', () => forever(9)],
    ['an array', () => ['a', 'b']],
  ])('where the client had gone before the application returned %s', async (_what, make) => {
    const asked = Promise.withResolvers<void>();
    const { app, counts, closed } = counted(make);
    const served = await serveGateway(
      wsgi(async (environ, startResponse) => {
        asked.resolve();
        const { signal } = environ['wsgi.input'];
        if (!signal.aborted) await once(signal, 'abort');
        return app(environ, startResponse);
      }),
    );
    const client = openClient(served, REQUEST);
    await asked.promise;
    client.destroy();
    await closed;
    expect([counts.closed, served.errors]).toEqual([1, []]);
  });

  it.each<[string, () => Omit<Body, 'close'>]>([
    ['a generator', () => forever(9)],
    ['an array', () => ['a', 'b']],
  ])('where the server has answered before the application returned %s', async (_what, make) => {
    const gate = Promise.withResolvers<void>();
    const { app, counts, closed } = counted(make);
    const served = await serveGateway(
      wsgi(async (environ, startResponse) => {
        await gate.promise;
        return app(environ, startResponse);
      }),
    );
    served.server.prependListener('request', (_req, res) => void res.writeHead(504).end());
    expect(await rawGet(served)).toMatch(/^HTTP\/1\.1 504 /);
    gate.resolve();
    await closed;
    expect([counts.closed, served.errors]).toEqual([1, []]);
  });

  it('and what it throws is reported, after an answer that is whole', async () => {
    const app = wsgi((_environ, startResponse) => {
      startResponse('200 OK', text);
      return Object.assign(['whole'], { close: () => Promise.reject(new Error('not closed')) });
    });
    const served = await serveGateway(app);
    expect(await rawGet(served)).toMatch(/whole$/);
    expect([served.errors, served.late]).toEqual([[], [new Error('not closed')]]);
  });
});

describe('the client', () => {
  it('is waited for where it is slow: a chunk is made when what was made before has been taken', async () => {
    let held = 0;
    let response: ServerResponse | null = null;
    const served = await serveGateway(
      wsgi(async function* (_environ, startResponse) {
        startResponse('200 OK', text);
        for (let made = 0; made < 200; made++) {
          held = Math.max(held, response?.writableLength ?? 0);
          yield Buffer.alloc(65_536);
        }
      }),
    );
    served.server.prependListener('request', (_req, res) => {
      response = res;
    });
    const body = await (await fetch(served.url)).bytes();
    expect(body.length).toBe(200 * 65_536);
    expect(held).toBeLessThan(2 * 65_536);
  });

  it('is sent each chunk of a generator before the next is made', async () => {
    const gate = Promise.withResolvers<void>();
    const served = await serveGateway(
      wsgi(async function* (_environ, startResponse) {
        startResponse('200 OK', text);
        yield 'first';
        await gate.promise;
        yield 'second';
      }),
    );
    const reader = (await fetch(served.url)).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first');
    gate.resolve();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('second');
    expect((await reader?.read())?.done).toBe(true);
  });
});

async function* forever(count: number) {
  for (let number = 0; number < count; number++) yield `${number}`;
}

function* failing(): Generator<string> {
  yield 'half';
  throw new Error('on purpose');
}
