import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type StuckOptions, StuckRequests } from '../../../src/http/stuck-requests.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLogger } from '../../support/fake-logger.ts';
import { get, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

/** An engine whose requests wait by their paths, and a look at them every 5 s. */
async function follow(limit: StuckOptions['limit'] = null) {
  const open = new Map<string, ServerResponse>();
  const engine = await startEngine({
    handler: (request, response) => {
      open.set(request.url ?? '', response);
      if (request.url === '/events')
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('one');
      if (request.url === '/moves') response.write('one');
      if (request.url === '/end') response.end();
    },
  });
  const clock = new FakeClock(performance.now());
  const log = new FakeLogger();
  const stuck = new StuckRequests({ connections: engine.connections, warnMs: 30_000, limit, log, clock });
  const ask = async (path: string, text = get(path)) => {
    await engine.send(text);
    while (!open.has(path)) await turns(1);
  };
  const pass = async (ms: number, each = () => {}) => {
    for (let passed = 0; passed < ms; passed += 5000) {
      await clock.advance(5000);
      each();
      await turns(20);
      stuck.check();
    }
  };
  const lines = () => log.lines.map(({ level, message }) => `${level} ${message}`);
  return { open, ask, pass, log, lines };
}

describe('requests that wait for the application', () => {
  it('are said with their number, the oldest and what would end them, until they are answered', async () => {
    const { ask, pass, open, log, lines } = await follow();
    await ask('/one');
    await ask('/two');
    await pass(40_000);
    open.get('/one')?.end();
    open.get('/two')?.end();
    await pass(5000);
    expect(lines()[0]).toMatch(
      /^warning 2 requests wait for an answer, with nothing sent for 30 s or more; the oldest is GET \/one, for (30|35) s; no limit ends it \(--request-timeout is 0\)$/,
    );
    expect(lines().at(-1)).toMatch(/^info Requests no longer wait for 30 s or more; up to 2 did, for \d+ s$/);
    expect(log.lines[0]?.fields).toMatchObject({
      ...{ event: 'requests-stuck', phase: 'begins', count: 2, limit: null },
      requests: [
        { method: 'GET', path: '/one', status: 0 },
        { method: 'GET', path: '/two', status: 0 },
      ],
    });
  });

  it('are said with the limit that ends them', async () => {
    const { ask, pass, lines } = await follow({ setting: '--request-timeout', ms: 60_000 });
    await ask('/one');
    await pass(35_000);
    expect(lines()[0]).toMatch(
      /^warning 1 request waits for an answer, .*; --request-timeout ends it after 60 s$/,
    );
  });

  it('do not count where an answer moves, streams events, has ended, or the client has yet to send', async () => {
    const { ask, pass, open, lines } = await follow();
    for (const path of ['/events', '/moves', '/end']) await ask(path);
    await ask('/upload', 'POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhalf');
    open.get('/upload')?.req.resume();
    await pass(90_000, () => void open.get('/moves')?.write('more'));
    expect(lines()).toEqual([]);
    await pass(40_000);
    expect(lines()[0]).toMatch(/the oldest is GET \/moves, /);
  });
});
