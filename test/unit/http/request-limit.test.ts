import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { adaptFetch } from '../../../src/app/adapters/fetch.ts';
import type { Handler } from '../../../src/app/application.ts';
import { limitRequests } from '../../../src/http/request-limit.ts';
import { FakeLogger } from '../../support/fake-logger.ts';

async function serve(handler: Handler, seconds: number): Promise<{ at: string; log: FakeLogger }> {
  const log = new FakeLogger();
  const limited = limitRequests(handler, seconds, log);
  const server = http.createServer((request, response) => {
    Promise.resolve(limited(request, response)).catch(() => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { at: `http://127.0.0.1:${port}/slow`, log };
}

describe('a request that takes too long', () => {
  it('gets 504 and a line in the log', async () => {
    const { at, log } = await serve(() => {}, 0.05);
    expect((await fetch(at)).status).toBe(504);
    expect(log.at('warning')[0]).toMatch(/GET \/slow took longer than 0\.05 s \(--request-timeout\): .* 504/);
  });

  it('does not fill the log with its path', async () => {
    const { at, log } = await serve(() => {}, 0.05);
    await fetch(`${at}?${'x'.repeat(10_000)}`);
    expect(log.at('warning')[0]?.length).toBeLessThan(1000);
  });

  it('has its AbortSignal aborted, with the reason, in a fetch handler', async () => {
    const seen = Promise.withResolvers<unknown>();
    const application = adaptFetch(
      (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => {
            seen.resolve(request.signal.reason);
            reject(request.signal.reason);
          });
        }),
      { what: 'fetch handler', spec: 'app', isSure: true },
    );
    const { at } = await serve(application.handler, 0.05);
    expect((await fetch(at)).status).toBe(504);
    expect(await seen.promise).toMatchObject({ name: 'TimeoutError' });
  });

  it('is cut where its answer had begun', async () => {
    const { at } = await serve(
      (_: IncomingMessage, response: ServerResponse) => void response.write('some'),
      0.05,
    );
    const response = await fetch(at);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('is cut where its answer had begun and its body was read', async () => {
    const { at } = await serve(async (request: IncomingMessage, response: ServerResponse) => {
      for await (const _part of request);
      response.write('some');
    }, 0.05);
    const response = await fetch(at, { method: 'POST', body: 'all of it' });
    await expect(response.text()).rejects.toThrow();
  });

  it('is logged again when its handler goes on', async () => {
    const { at, log } = await serve(() => new Promise(() => {}), 0.05);
    await fetch(at);
    await expect.poll(() => log.at('warning').at(-1), { timeout: 5000 }).toMatch(/ignores the abort/);
  });
});

describe('a request in time', () => {
  it('is left alone', async () => {
    const { at, log } = await serve((_, response) => void response.end('fast'), 10);
    expect(await (await fetch(at)).text()).toBe('fast');
    expect(log.lines).toEqual([]);
  });

  it('costs nothing where there is no limit', () => {
    const handler: Handler = () => {};
    expect(limitRequests(handler, 0, new FakeLogger())).toBe(handler);
  });
});
