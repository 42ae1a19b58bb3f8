import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as later } from 'node:timers/promises';
import fastify from 'fastify';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { detect } from '../../../src/app/detect.ts';
import { type Environ, type StartResponse, wsgi } from '../../../src/index.ts';
import { type Engine, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

const PIECE = new Uint8Array(256 * 1024);

/** An answer that does not end. */
async function* endless() {
  for (;;) {
    yield PIECE;
    await later(1);
  }
}

// What applications do with a body, an answer, a signal: whatever fails with its client is merely passed on.
type Route<T> = (given: T) => unknown;

const OF_NODE: Readonly<Record<string, Route<readonly [IncomingMessage, ServerResponse]>>> = {
  '/whole': async ([req, res]) => res.end(await text(req)),
  '/iterated': async ([req, res]) => {
    let bytes = 0;
    for await (const chunk of req) bytes += chunk.length;
    res.end(`${bytes}`);
  },
  '/wrapped': async ([req]) => {
    try {
      await text(req);
    } catch (cause) {
      throw new Error('the upload failed', { cause });
    }
  },
  '/echo': ([req, res]) => pipeline(req, res),
  '/endless': ([, res]) => pipeline(Readable.from(endless()), res),
  '/signal': async ([req]) => {
    await once(req.signal, 'abort');
    throw req.signal.reason;
  },
  '/wait': ([req]) => later(60_000, null, { signal: req.signal }),
  '/url': ([req, res]) => res.end(new URL(req.url ?? '', `http://${req.headers.host}`).href),
  '/decoded': ([req, res]) => res.end(decodeURIComponent(req.url ?? '')),
};

const OF_FETCH: Readonly<Record<string, Route<Request>>> = {
  '/whole': async (request) => new Response(await request.text()),
  '/iterated': async (request) => {
    let bytes = 0;
    for await (const chunk of request.body ?? []) bytes += chunk.length;
    return new Response(`${bytes}`);
  },
  '/wrapped': async (request) => {
    try {
      return new Response(await request.arrayBuffer());
    } catch (cause) {
      throw new Error('the upload failed', { cause });
    }
  },
  '/echo': (request) => new Response(request.body),
  '/endless': () => new Response(ReadableStream.from(endless())),
  '/signal': async ({ signal }) => {
    await once(signal, 'abort');
    throw signal.reason;
  },
  '/wait': ({ signal }) => later(60_000, null, { signal }),
  '/url': (request) => new Response(new URL(request.url).href),
  '/decoded': (request) => new Response(decodeURIComponent(request.url)),
};

type Call = readonly [Environ, StartResponse];
const start = (startResponse: StartResponse) => startResponse('200 OK', [['Content-Type', 'text/plain']]);

const OF_GATEWAY: Readonly<Record<string, Route<Call>>> = {
  '/whole': async ([environ, startResponse]) => {
    const body = await environ['wsgi.input'].bytes({ limit: 1e9 });
    start(startResponse);
    return [body];
  },
  '/iterated': async ([environ, startResponse]) => {
    let bytes = 0;
    for await (const chunk of environ['wsgi.input']) bytes += chunk.length;
    start(startResponse);
    return [`${bytes}`];
  },
  '/wrapped': async ([environ]) => {
    try {
      return await environ['wsgi.input'].text({ limit: 1e9 });
    } catch (cause) {
      throw new Error('the upload failed', { cause });
    }
  },
  '/echo': ([environ, startResponse]) => {
    start(startResponse);
    return environ['wsgi.input'];
  },
  '/endless': ([, startResponse]) => {
    start(startResponse);
    return endless();
  },
  '/signal': async ([environ]) => {
    const { signal } = environ['wsgi.input'];
    await once(signal, 'abort');
    throw signal.reason;
  },
  '/wait': ([environ]) => later(60_000, null, { signal: environ['wsgi.input'].signal }),
  '/url': ([environ, startResponse]) => {
    start(startResponse);
    return [new URL(environ.RAW_URI, `http://${environ.HTTP_HOST}`).href];
  },
  '/decoded': ([environ, startResponse]) => {
    start(startResponse);
    return [decodeURIComponent(environ.RAW_URI)];
  },
};

const pathOf = (url = '') => url.replace(/^https?:\/\/[^/]*/, '').split(/[?%]/)[0] ?? '';
const nodeListener = (req: IncomingMessage, res: ServerResponse) =>
  OF_NODE[pathOf(req.url)]?.([req, res]) ?? res.end('hello');

const SHAPES = {
  'a Node listener': () => nodeListener,
  'a fetch handler': () => (request: Request) =>
    OF_FETCH[pathOf(request.url)]?.(request) ?? new Response('hello'),
  'a gateway application': () =>
    wsgi((environ, startResponse) => {
      const route = OF_GATEWAY[pathOf(environ.RAW_URI)];
      if (route) return route([environ, startResponse]) as readonly string[];
      start(startResponse);
      return ['hello'];
    }),
  'a Koa application': () => {
    const app = new Koa();
    app.use((context) => {
      if (context.path === '/endless') {
        context.body = Readable.from(endless());
        return undefined;
      }
      const answer: unknown = OF_NODE[pathOf(context.url)]?.([context.req, context.res]);
      if (answer !== undefined) context.respond = false;
      else context.body = 'hello';
      return answer;
    });
    return app;
  },
  'a Fastify application': () => {
    const app = fastify();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    app.all('*', async ({ raw: req }, reply) => {
      reply.hijack();
      await nodeListener(req, reply.raw);
    });
    return app;
  },
} as const;

const head = (line: string, ...lines: readonly string[]) =>
  `${[`${line} HTTP/1.1`, 'Host: x', ...lines].join('\r\n')}\r\n\r\n`;
const SOME = `${head('POST PATH', 'Content-Length: 300000')}some`;
const CHUNKS = `${head('POST PATH', 'Transfer-Encoding: chunked')}4\r\nsome\r\n`;

/** How a client that has sent these bytes goes. */
const GOES = {
  'resets its connection': (engine: Wired) => engine.socket.resetAndDestroy(),
  'closes its connection': (engine: Wired) => engine.socket.destroy(),
  'ends its side': (engine: Wired) => engine.socket.end(),
  'sends a chunk that is none': (engine: Wired) => engine.socket.write('nonsense\r\n'),
} as const;

type Wired = Awaited<ReturnType<Engine['send']>>;

/** Serves an application; tells which requests began, and what the first came to, as the access log has it. */
async function serveShape(make: () => unknown) {
  const late: unknown[] = [];
  const application = await detect(make(), { spec: 'app.ts:app', onError: (error) => late.push(error) });
  const first = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  const began = { urls: [] as (string | undefined)[], next: first.promise };
  const engine = await startEngine({
    application,
    observers: [
      (request, response) => {
        began.urls.push(request.url);
        first.resolve();
        response.once('close', () => closed.resolve(response.headersSent ? response.statusCode : 499));
      },
    ],
  });
  return { engine, late, began, closed: closed.promise };
}

describe.each(Object.entries(SHAPES))('%s', (_shape, make) => {
  const bodies = ['/whole', '/iterated', '/wrapped', '/echo'];
  const hows = Object.keys(GOES) as (keyof typeof GOES)[];

  async function leave(path: string, how: keyof typeof GOES): Promise<unknown> {
    const { engine, late, began, closed } = await serveShape(make);
    const body = how === 'sends a chunk that is none' ? CHUNKS : SOME;
    const wire = await engine.send(bodies.includes(path) ? body.replace('PATH', path) : head(`GET ${path}`));
    await began.next;
    if (path === '/endless') await once(wire.socket, 'data');
    GOES[how](wire);
    const status = await closed;
    await turns(20);
    const after = await (await engine.send(head('GET /', 'Connection: close'))).ended;
    const isServed = /hello|Not Found/.test(after);
    // What had begun to be answered keeps its status.
    const isOfClient = status === 400 || status === 499 || path === '/endless' || path === '/echo';
    return { how, errors: engine.errors, late, isServed, status: isOfClient || status };
  }

  it.each(bodies)('is not blamed for a client that leaves in its upload to %s', async (path) => {
    for (const left of await Promise.all(hows.map((how) => leave(path, how))))
      expect(left).toMatchObject({ errors: [], late: [], isServed: true, status: true });
  });

  it.each(['/endless', '/signal', '/wait'])('is not blamed for a client that leaves %s', async (path) => {
    for (const left of await Promise.all(hows.slice(0, 3).map((how) => leave(path, how))))
      expect(left).toMatchObject({ errors: [], late: [], isServed: true, status: true });
  });
});

const MALFORMED: readonly [string, string][] = [
  ['a port that is none in Host', 'GET /url HTTP/1.1\r\nHost: x:99999\r\n\r\n'],
  ['an address that is none in Host', 'GET /url HTTP/1.1\r\nHost: [::g]\r\n\r\n'],
  ['a number beyond IPv4 in Host', 'GET /url HTTP/1.1\r\nHost: 1.2.3.999\r\n\r\n'],
  ['an absolute target that is none', 'GET http://x:99999/url HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a path that cannot be decoded', 'GET /decoded%zz HTTP/1.1\r\nHost: x\r\n\r\n'],
];

describe.each(['a Node listener', 'a fetch handler', 'a gateway application'] as const)('%s', (shape) => {
  it.each(MALFORMED)('has %s answered with 400, and nothing behind it', async (_what, bytes) => {
    const { engine, late, began } = await serveShape(SHAPES[shape]);
    const answer = await (await engine.send(bytes + head('GET /behind'))).ended;
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n/);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(began.urls).not.toContain('/behind');
    expect([engine.errors, late]).toEqual([[], []]);
  });
});

it('a Koa application answers 400 itself', async () => {
  const { engine, late } = await serveShape(SHAPES['a Koa application']);
  for (const [, bytes] of MALFORMED) {
    // Koa itself has a path for such a target.
    if (bytes.includes('http://')) continue;
    await (await engine.send(bytes)).until(/^HTTP\/1\.1 400 /);
  }
  expect([engine.errors, late]).toEqual([[], []]);
});

describe('a fetch handler', () => {
  it.each([
    ['a target of another scheme', 'GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an asterisk', 'GET * HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a user in Host', 'GET / HTTP/1.1\r\nHost: a@x\r\n\r\n'],
  ])('has %s answered with 400, and nothing behind it', async (_what, bytes) => {
    const { engine, began } = await serveShape(SHAPES['a fetch handler']);
    const answer = await (await engine.send(bytes + head('GET /behind'))).ended;
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n/);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(began.urls).toEqual([]);
    expect(engine.errors).toEqual([]);
  });

  it.each([
    ['GET with a body', `${head('GET /whole', 'Content-Length: 4')}body`, /\r\n\r\n$/],
    ['HEAD with a body', `${head('HEAD /whole', 'Content-Length: 4')}body`, /\r\n\r\n$/],
    ['a method that is rare', head('PROPFIND /'), /hello$/],
    ['an asterisk of OPTIONS', head('OPTIONS *'), /hello$/],
    [
      'every byte that a header may have',
      `GET / HTTP/1.1\r\nHost: x\r\nX-Bytes: \t\x80\xff\r\n\r\n`,
      /hello$/,
    ],
  ])('gets %s', async (_what, bytes, answer) => {
    const seen: unknown[] = [];
    const { engine } = await serveShape(() => (request: Request) => {
      // All of it, as the platform's own.
      seen.push([...new Request(request.clone()).headers], request.headers.get('x'));
      return SHAPES['a fetch handler']()(request);
    });
    const text = await (await engine.send(bytes)).until(/\r\n\r\n(?:hello)?$/);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toMatch(answer);
    expect(engine.errors).toEqual([]);
  });
});

it('a listener of upgrades is not blamed for a Host that is none', async () => {
  const { engine } = await serveShape(() =>
    createServer(nodeListener).on('upgrade', (req, socket) => {
      socket.end(new URL(req.url ?? '', `http://${req.headers.host}`).href);
    }),
  );
  const upgrade = (host: string) =>
    `GET /url HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  expect(await (await engine.send(upgrade('x:99999'))).ended).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(await (await engine.send(upgrade('x'))).ended).toBe('http://x/url');
  expect(engine.errors).toEqual([]);
});

describe('a failure of the application itself', () => {
  const fails: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => Error>> = {
    'looks like that of a client': () => Object.assign(new Error('aborted'), { code: 'ECONNRESET' }),
    'is an abort of its own': () => new DOMException('This operation was aborted', 'AbortError'),
    'is a bug': () => new TypeError('undefined is not a function'),
    'has a cause of its own': () => new Error('x', { cause: new Error('aborted') }),
  };

  it.each(Object.keys(fails))('is reported although its client has left, where it %s', async (what) => {
    const error = fails[what]?.(null as never, null as never);
    const { engine, began } = await serveShape(() => async (_req: IncomingMessage, res: ServerResponse) => {
      await once(res, 'close');
      throw error;
    });
    const wire = await engine.send(head('GET /'));
    await began.next;
    wire.socket.destroy();
    await expect.poll(() => engine.errors.map((entry) => entry.error)).toEqual([error]);
  });

  it('is reported where its client is there, whatever it looks like', async () => {
    const error = Object.assign(new Error('premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
    const { engine } = await serveShape(() => async (_req: IncomingMessage, _res: ServerResponse) => {
      throw error;
    });
    await (await engine.send(head('GET /'))).until(/^HTTP\/1\.1 500 /);
    expect(engine.errors.map((entry) => entry.error)).toEqual([error]);
  });

  it.each([
    ['the request', (req: IncomingMessage, _res: ServerResponse, error: Error) => req.destroy(error)],
    ['the response', (_req: IncomingMessage, res: ServerResponse, error: Error) => res.destroy(error)],
  ])('is reported where it destroys %s with it', async (_what, destroy) => {
    const error = new Error('the application gives up');
    const { engine } = await serveShape(() => async (req: IncomingMessage, res: ServerResponse) => {
      destroy(req, res, error);
      throw error;
    });
    await (await engine.send(head('GET /'))).ended;
    expect(engine.errors.map((entry) => entry.error)).toEqual([error]);
  });

  it('is reported where it takes a valid target for what it is not', async () => {
    const { engine } = await serveShape(() => (req: IncomingMessage, res: ServerResponse) => {
      res.end(new URL(`http://${req.url}:99999`).href);
    });
    await (await engine.send(head('GET /a'))).until(/^HTTP\/1\.1 500 /);
    expect(engine.errors).toHaveLength(1);
  });
});
