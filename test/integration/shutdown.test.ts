import { once } from 'node:events';
import http from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { get, outcome, refused } from '../support/client.ts';
import { app, type Running, serve } from '../support/tsunicorn.ts';
import { type Wire, wireTo } from '../support/wire.ts';

const streams = app('streams.ts:server');

/** A WebSocket with the pid of its worker; `closed` resolves with the code that it was closed with. */
async function openSocket(url: string): Promise<{ pid: number; closed: Promise<number> }> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  onTestFinished(() => socket.terminate());
  const closed = once(socket, 'close').then(([code]) => Number(code));
  const [greeting] = await once(socket, 'message');
  return { pid: Number(greeting), closed };
}

/** A stream of events that has begun. */
async function openEvents(url: string): Promise<Wire> {
  const wire = await wireTo(Number(new URL(url).port));
  wire.write('GET /events HTTP/1.1\r\nHost: test\r\n\r\n');
  await wire.until(/data: /);
  return wire;
}

async function ended(running: Running): Promise<void> {
  expect(await running.end()).toEqual({ status: 0, signal: null });
  expect(running.stderr).not.toMatch(/ERROR|CRITICAL|Cut \d/);
}

describe('when the service stops', () => {
  it('WebSockets are closed with 1001, event streams end, and other answers are finished', async () => {
    const running = await serve([streams, '--graceful-timeout', '20']);
    const sockets = await Promise.all([
      openSocket(running.at),
      openSocket(running.at),
      openSocket(running.at),
    ]);
    const events = await openEvents(running.at);
    const slow = get(running.at, '/slow');
    await once(http.get(`${running.at}/slow`, { agent: false }), 'response');
    running.signal('SIGTERM');
    expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([1001, 1001, 1001]);
    // The whole of a chunked answer, not a cut one.
    expect(await events.ended).toMatch(/data: \d+\n\n\r\n0\r\n\r\n$/);
    expect((await slow).body).toMatch(/12 whole$/);
    await ended(running);
    expect(running.stderr.match(/WebSocket closed with 1001/g)).toHaveLength(3);
    expect(running.stderr.match(/events closed/g)).toHaveLength(1);
  });

  it('the thread that sends events learns that nobody listens any more', async () => {
    const running = await serve([
      app('events.ts:app'),
      '-k',
      'thread',
      '--threads',
      '1',
      '--graceful-timeout',
      '20',
    ]);
    const events = await openEvents(running.at);
    running.signal('SIGTERM');
    expect(await events.ended).toMatch(/\r\n0\r\n\r\n$/);
    await ended(running);
    expect(running.stderr).toMatch(/events closed/);
  });
});

it('a reload sends the clients of a retiring worker to the new one', async () => {
  const running = await serve([streams, '--graceful-timeout', '20']);
  const [old] = await running.waitForWorkers(1);
  const [socket, events] = await Promise.all([openSocket(running.at), openEvents(running.at)]);
  running.signal('SIGHUP');
  expect(await socket.closed).toBe(1001);
  expect(await events.ended).toMatch(/\r\n0\r\n\r\n$/);
  await running.waitForLog(/Worker exiting .*replaced by another generation/);
  expect((await openSocket(running.at)).pid).not.toBe(old);
  expect(running.stderr).not.toMatch(/ERROR|CRITICAL|Cut \d/);
});

describe('--drain-delay', () => {
  it('has the service accept and keep connections until a second TERM, and say that it is not ready', async () => {
    const running = await serve([streams, '--drain-delay', '60', '--ready-path', '/healthz']);
    const socket = await openSocket(running.at);
    expect(await outcome(get(running.at, '/healthz'))).toBe('200');
    running.signal('SIGTERM');
    await running.waitForLog(/Accepting for 60 s more \(--drain-delay\)/);
    const { status, headers } = await get(
      running.at,
      '/',
      new http.Agent({ keepAlive: true, timeout: 1000 }),
    );
    expect([status, headers.connection]).toEqual([200, 'keep-alive']);
    expect(await outcome(get(running.at))).toBe('200');
    await expect.poll(() => outcome(get(running.at, '/healthz'))).toBe('503');
    running.signal('SIGTERM');
    expect(await socket.closed).toBe(1001);
    await refused(running.at);
    await ended(running);
  });
});
