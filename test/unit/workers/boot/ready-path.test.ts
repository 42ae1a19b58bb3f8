import type { IncomingMessage, ServerResponse } from 'node:http';
import http2, { type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { describe, expect, it } from 'vitest';
import type { Application } from '../../../../src/app/application.ts';
import { detect } from '../../../../src/app/detect.ts';
// Imported by the code under test too, but only when time already passes.
import '../../../../workers/boot/ask-http2.ts';
import { proveReady } from '../../../../workers/boot/ready-path.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';
import { startEngine } from '../../../support/http-engine.ts';
import { turns } from '../../../support/wire.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

const BOOT_SECONDS = 10;

/** Proves an application of this handler, which is given whatever time it wants of those ten seconds. */
async function prove(app: Handler | Application, log = new FakeLogger()): Promise<void> {
  const clock = new FakeClock(0);
  const application: Application = typeof app === 'function' ? { what: 'handler', handler: app } : app;
  const settings = { bootTimeout: BOOT_SECONDS };
  let isOver = false;
  const proved = proveReady({ path: '/healthz?full', application, settings, log, clock }).finally(() => {
    isOver = true;
  });
  proved.catch(() => {});
  while (!isOver) {
    // A request and its answer take a few.
    await turns(30);
    await clock.advance(500);
  }
  return proved;
}

const status =
  (...codes: readonly number[]): Handler =>
  (_request, response) => {
    const [next = 200, ...rest] = codes;
    codes = rest;
    response.statusCode = next;
    response.end('x'.repeat(100_000));
  };

describe('the ready path', () => {
  it.each([200, 204, 299])('is proved by %i', async (code) => {
    const log = new FakeLogger();
    await prove(status(code), log);
    expect(log.lines).toEqual([]);
  });

  it('is asked again until it is answered with 2xx, which is logged once', async () => {
    const log = new FakeLogger();
    await prove(status(503, 302, 200), log);
    expect(log.at('info')).toEqual(['Waiting for GET /healthz?full (--ready-path), which answered 503']);
  });

  it('is asked for as a request that applications can take for one', async () => {
    let seen = {};
    await prove((request, response) => {
      const { method, url, httpVersion, headers, socket } = request;
      request.setTimeout(0);
      response.setTimeout(0);
      seen = { method, url, httpVersion, host: headers.host, from: socket.remoteAddress };
      response.writeContinue();
      response.end();
    });
    expect(seen).toEqual({
      method: 'GET',
      url: '/healthz?full',
      httpVersion: '1.1',
      host: 'localhost',
      from: '127.0.0.1',
    });
  });

  it.each<readonly [string, Handler, RegExp]>([
    ['answers 500', status(...Array(1000).fill(500)), /answered 500, up to the end of the --boot-timeout/],
    ['never answers', () => {}, /did not answer, up to/],
    ['destroys the connection', (request) => request.socket.destroy(), /cut the connection, up to/],
    [
      'does not end its answer',
      (_request, response) => response.writeHead(200).flushHeaders(),
      /did not end its answer, up to/,
    ],
  ])('gives up on an application that %s', async (_how, handler, message) => {
    await expect(prove(handler)).rejects.toMatchObject({
      name: 'BootError',
      exitStatus: 3,
      message: expect.stringMatching(message),
    });
  });

  it('says what came before the last try, which nobody answered', async () => {
    let tries = 0;
    const handler: Handler = (_request, response) => {
      tries++;
      if (tries === 1) response.writeHead(503).end();
    };
    await expect(prove(handler)).rejects.toThrow(/did not answer, and before answered 503/);
  });

  it('logs an error of the handler once, and a different one again', async () => {
    const log = new FakeLogger();
    let tries = 0;
    await prove((_request, response) => {
      tries++;
      if (tries < 4) throw new Error(tries < 3 ? 'no database' : 'no cache');
      response.end();
    }, log);
    expect(log.at('error')).toEqual([
      'The application failed at GET /healthz?full: no database',
      'The application failed at GET /healthz?full: no cache',
    ]);
  });
});

describe('the ready path of a server of node:http2', () => {
  const adopted = async (server: Http2Server) => {
    const application = await detect(server, { spec: 'web.ts:server', onError: () => {} });
    await startEngine({ application });
    return application;
  };

  it('is asked for over HTTP/2, where it listens to request', async () => {
    const log = new FakeLogger();
    const seen: unknown[] = [];
    const server = http2.createServer((request, response) => {
      const { method, url, httpVersion, authority, socket } = request;
      seen.push({ method, url, httpVersion, authority, from: socket.remoteAddress });
      response.statusCode = seen.length === 1 ? 503 : 200;
      response.end('x'.repeat(100_000));
    });
    await prove(await adopted(server), log);
    expect(log.at('info')).toEqual(['Waiting for GET /healthz?full (--ready-path), which answered 503']);
    expect(seen[0]).toEqual({
      ...{ method: 'GET', url: '/healthz?full', httpVersion: '2.0', authority: 'localhost' },
      from: '127.0.0.1',
    });
  });

  it('is asked for over HTTP/2, where it listens to stream, and its errors are logged', async () => {
    const log = new FakeLogger();
    let count = 0;
    const server = http2.createServer().on('stream', (stream: ServerHttp2Stream, headers) => {
      if (count++ === 0) throw new Error('not yet');
      stream.respond({ ':status': headers[':path'] === '/healthz?full' ? 204 : 404 }, { endStream: true });
    });
    await prove(await adopted(server), log);
    expect(log.at('error')).toEqual(['The application failed at GET /healthz?full: not yet']);
  });

  it('that is never answered is said so', async () => {
    const server = http2.createServer((request, response) => void (request.url && response));
    await expect(prove(await adopted(server))).rejects.toThrow(
      /the application did not answer, up to the end/,
    );
  });
});
