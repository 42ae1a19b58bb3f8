import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { get, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

const SECOND = 1000;
const TOO_SLOW = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

/** Keeps the event loop from looking at its sockets. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('an idle connection', () => {
  const idle = async (handler: (response: ServerResponse) => void) => {
    const engine = await startEngine({ handler: (_, response) => handler(response) });
    const accepted = once(engine.server, 'connection');
    const wire = await engine.send(get());
    const [socket] = (await accepted) as [Socket];
    await wire.until(/done/);
    // As Node's timer does, before the event loop looks at its sockets again.
    return { wire, timesOut: () => void engine.server.emit('timeout', socket) };
  };

  it('is closed when its time is over', async () => {
    const { wire, timesOut } = await idle((response) => response.end('done'));
    timesOut();
    expect(await wire.ended).toMatch(/done$/);
  });

  it('is served where its next request came while the event loop was blocked, and its time was over', async () => {
    const { wire, timesOut } = await idle((response) => void turns(8).then(() => response.end('done')));
    wire.write(get());
    timesOut();
    await wire.until(/done.*done/s);
  });
});

describe("an application's own time limit", () => {
  it('ends the connection where nobody listens', async () => {
    const engine = await startEngine({ handler: (_, response) => void response.setTimeout(10) });
    expect(await (await engine.send(get())).ended).toBe('');
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['the response', (response) => void response.setTimeout(10, () => response.end('late'))],
    ['the request', (response) => void response.req.setTimeout(10, () => response.end('late'))],
  ])('is left to who listens to it on %s', async (_what, limit) => {
    const engine = await startEngine({ handler: (_request, response) => limit(response) });
    const wire = await engine.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n');
    await wire.until(/late/);
  });
});

describe('a request that has not arrived in time', () => {
  const refused = async (...parts: string[]) => {
    const lines: string[] = [];
    const clock = new FakeClock();
    const engine = await startEngine({
      clock,
      onRefused: (line) => void lines.push(line),
      handler: (request, response) => request.resume().on('end', () => response.end('done')),
    });
    const [first = '', ...rest] = parts;
    const accepted = once(engine.server, 'connection');
    const wire = await engine.send(first);
    const [socket] = (await accepted) as [Socket];
    while (socket.bytesRead < first.length) await turns(1);
    for (const part of rest) wire.write(part);
    // As Node's timer does, before the event loop looks at its sockets again.
    engine.server.emit('clientError', TOO_SLOW, socket);
    return { engine, wire, socket, lines, clock };
  };

  it('gets 408', async () => {
    const { wire, lines } = await refused('GET / HTTP/1.1\r\n');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /);
    expect(lines).toHaveLength(1);
  });

  it('gets 408 too where more of its head came by then, but not the whole', async () => {
    const { wire } = await refused('GET / HTTP/1.1\r\n', 'Host: test\r\n');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ['head', ['GET / HTTP/1.1\r\n', 'Host: test\r\n\r\n']],
    ['first byte and all others', ['', get()]],
    ['body', ['POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n', 'whole']],
  ])('is answered where the rest of its %s came while the event loop was blocked', async (_what, parts) => {
    const { wire, lines } = await refused(...parts);
    await wire.until(/200 OK.*done/s);
    expect(lines).toEqual([]);
  });

  it.each([
    ['body that came in part', ['POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n', 'who'], 'le'],
    [
      'head that came without its body',
      ['POST / HTTP/1.1\r\nContent-', 'Length: 5\r\nHost: t\r\n\r\nwho'],
      'le',
    ],
  ])('gets more time for a %s', async (_what, parts, rest) => {
    const { wire, socket } = await refused(...parts);
    await turns(10);
    expect(socket.destroyed).toBe(false);
    wire.write(rest);
    await wire.until(/200 OK.*done/s);
  });

  describe('and got more time', () => {
    const upload = 'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n';
    const LONG_MS = 400 * SECOND;

    it('gets 408 where that is over too', async () => {
      const { wire, clock } = await refused(upload, 'who');
      await turns(10);
      await clock.advance(LONG_MS);
      expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /);
    });

    it.each([
      ['is idle again', ''],
      ['sends its next request', `${upload}who`],
    ])('has had its answer, and harms no connection that %s', async (_what, next) => {
      const { wire, socket, engine, clock } = await refused(upload, 'who');
      await turns(10);
      wire.write(`le${next}`);
      await wire.until(/done/);
      while (next !== '' && engine.connections.inFlight === 0) await turns(1);
      await clock.advance(LONG_MS);
      await turns(10);
      expect(socket.destroyed).toBe(false);
      expect(wire.text).not.toMatch(/408/);
    });
  });

  it('gets 408 for a body of which nothing more has come', async () => {
    const { wire } = await refused('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nwho');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe("Node's own time limit for the head of a request", () => {
  const limited = async () => {
    const engine = await startEngine({
      onRefused: () => {},
      handler: (_, response) => response.end('done'),
    });
    engine.server.headersTimeout = 400;
    Object.assign(engine.server, { connectionsCheckingInterval: 50 });
    // So that the interval counts.
    engine.server.emit('listening');
    return engine;
  };

  it('ends a client that waits for longer', async () => {
    const engine = await limited();
    expect(await (await engine.send('')).ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('does not end one whose request came while the event loop was blocked, and whose error harms nobody', async () => {
    const engine = await limited();
    const accepted = once(engine.server, 'connection');
    const wire = await engine.send('');
    await accepted;
    wire.write(get());
    block(600);
    await wire.until(/done$/);
    wire.socket.resetAndDestroy();
    await engine.connections.emptied();
  });
});
