import { once } from 'node:events';
import net from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { type DrainOptions, drain } from '../../../../src/http/drain/drain.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { get, startEngine } from '../../../support/http-engine.ts';
import { turns, type Wire } from '../../../support/wire.ts';

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

/** More than sockets of both sides buffer. */
const LARGE = 30 * 1024 * 1024;

/** A drain over an engine; what it did to the gate is in `steps`. */
async function draining(texts: readonly string[], options: Partial<DrainOptions> = {}) {
  const steps: string[] = [];
  const engine = await startEngine({
    clock,
    // Nothing but the drain ends a connection.
    keepAliveMs: 600_000,
    handler: (request, response) => {
      if (request.url === '/large') response.end(Buffer.alloc(LARGE));
      else if (request.url === '/events') {
        response.setHeader('Content-Type', 'text/event-stream');
        response.write('done');
      } else if (request.url === '/later') void turns(8).then(() => response.end('done'));
      else if (request.url !== '/hang') response.end('done');
    },
  });
  const wires: Wire[] = [];
  for (const text of texts) {
    const wire = await engine.send(text);
    wires.push(wire);
    // Accepted, idle again, or waiting for an answer that does not come.
    if (text === '') while (engine.connections.size < wires.length) await turns(1);
    else if (text === get('/hang')) while (engine.connections.inFlight < wires.length) await turns(1);
    else await wire.until(/done/);
  }
  const { ended, hasten } = drain({
    gate: {
      closeWhenEmpty: async (limitMs) => void steps.push(`closeWhenEmpty ${limitMs}`),
      close: () => void steps.push('close'),
    },
    connections: engine.connections,
    clock,
    purpose: 'stop',
    emptyQueue: false,
    graceMs: 30_000,
    ...options,
  });
  const result = ended.then(({ connections }) => connections);
  return { engine, wires, steps, result, ended, hasten };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  await new Promise((turn) => setImmediate(turn));
  return (await Promise.race([promise, Promise.resolve(open)])) !== open;
}

describe('a drain', () => {
  it('of nothing is over at once', async () => {
    const { result, steps } = await draining([]);
    expect(await result).toBe(0);
    expect(steps).toEqual(['close']);
  });

  it('empties the queue first where nobody else will, at most for its grace', async () => {
    const { result, steps } = await draining([], { emptyQueue: true, graceMs: 300 });
    await result;
    expect(steps[0]).toBe('closeWhenEmpty 300');
    const other = await draining([], { emptyQueue: true });
    await other.result;
    expect(other.steps[0]).toBe('closeWhenEmpty 1000');
  });

  it.each([
    ['where the service ends', 'stop', 1000, 30_000],
    ['where the worker is to be gone soon', 'hurry', 3000, 30_000],
    ['where others serve, for most of the grace', 'replace', 24_000, 30_000],
    ['never for the whole of the grace', 'stop', 400, 500],
  ] as const)('closes idle connections %s', async (_when, purpose, afterMs, graceMs) => {
    const { result, wires } = await draining([get(), ''], { purpose, graceMs });
    await clock.advance(afterMs - 50);
    await turns(8);
    expect(await isSettled(result)).toBe(false);
    await clock.advance(200);
    expect(await result).toBe(0);
    expect(await wires[0]?.ended).not.toMatch(/Connection: close/i);
    expect(await wires[1]?.ended).toBe('');
  });

  it('takes a more urgent purpose while it waits, and no less urgent one', async () => {
    const { result, hasten } = await draining([get()], { purpose: 'replace' });
    await clock.advance(2000);
    hasten({ purpose: 'stop', graceMs: 30_000 });
    hasten({ purpose: 'replace', graceMs: 30_000 });
    await clock.advance(900);
    expect(await isSettled(result)).toBe(false);
    await clock.advance(200);
    expect(await result).toBe(0);
  });

  it('takes one while it empties the queue too', async () => {
    const emptied = Promise.withResolvers<void>();
    const gate = { closeWhenEmpty: () => emptied.promise, close: () => {} };
    const { result, hasten } = await draining([get()], { purpose: 'replace', emptyQueue: true, gate });
    hasten({ purpose: 'stop', graceMs: 30_000 });
    emptied.resolve();
    await turns(1);
    await clock.advance(1100);
    expect(await result).toBe(0);
  });

  it.each([
    ['next', get()],
    ['first', ''],
  ])(
    'answers the %s request of a connection that has arrived by the moment of its close',
    async (_which, text) => {
      const { result, wires, engine } = await draining([text]);
      const [wire] = wires;
      await clock.advance(950);
      // The timer is due before the event loop looks at its sockets again, as when it was blocked.
      wire?.write(get('/later'));
      clock.wakeLate(500);
      expect(await wire?.ended).toMatch(/Connection: close.*done$/is);
      expect(await result).toBe(0);
      expect(engine.connections.size).toBe(0);
    },
  );

  it('closes no connection whose client is sending the head of a request', async () => {
    const { wires, engine, result } = await draining([get()]);
    const [wire] = wires;
    const [socket] = engine.connections.idle();
    for (const part of ['GET / HTTP/1.1\r\n', 'Host: test\r\n', 'X-More: yes\r\n', 'X-Last: yes\r\n']) {
      const before = socket?.bytesRead;
      wire?.write(part);
      while (socket?.bytesRead === before) await turns(1);
      await clock.advance(500);
      await turns(4);
    }
    expect(engine.connections.size).toBe(1);
    wire?.write('\r\n');
    expect(await wire?.ended).toMatch(/done.*Connection: close.*done/is);
    expect(await result).toBe(0);
  });

  it('cuts no answer that the application has ended and its client has yet to read', async () => {
    const { result, wires } = await draining([get()]);
    const reader = net.connect(wires[0]?.socket.remotePort ?? 0, '127.0.0.1');
    reader.write(get('/large'));
    await once(reader, 'readable');
    await clock.advance(1500);
    let bytes = 0;
    reader.on('data', (part) => {
      bytes += part.length;
    });
    await once(reader, 'close');
    expect(bytes).toBeGreaterThan(LARGE);
    await clock.advance(300);
    expect(await result).toBe(0);
  });

  it('in development closes idle connections at once, but none that has yet to send its first request', async () => {
    const { result, wires, engine } = await draining([get(), ''], { isHasty: true });
    expect(await wires[0]?.ended).toMatch(/done/);
    expect(engine.connections.size).toBe(1);
    wires[1]?.write(get());
    expect(await wires[1]?.ended).toMatch(/Connection: close.*done/is);
    expect(await result).toBe(0);
  });

  it('answers a request on an idle connection within that second, as its last', async () => {
    const { result, wires } = await draining([get()]);
    const [wire] = wires;
    wire?.write(get());
    expect(await wire?.ended).toMatch(/done.*Connection: close.*done/is);
    expect(await result).toBe(0);
  });

  it('waits for what is in flight and cuts it when the grace is over', async () => {
    const { result, ended, wires } = await draining([get('/hang'), get('/hang')], { graceMs: 5000 });
    await clock.advance(4900);
    expect(await isSettled(result)).toBe(false);
    await clock.advance(100);
    expect(await result).toBe(2);
    const cut = { method: 'GET', path: '/hang', ageMs: 5000, status: 0 };
    expect(await ended).toEqual({ graceMs: 5000, connections: 2, requests: 2, oldest: [cut, cut] });
    for (const wire of wires) expect(await wire.ended).toBe('');
  });

  it('cuts sooner where it is told so, and never later', async () => {
    const { result, ended, hasten } = await draining([get('/hang')], { purpose: 'replace' });
    await clock.advance(2000);
    hasten({ purpose: 'hurry', graceMs: 5000 });
    await clock.advance(1000);
    hasten({ purpose: 'stop', graceMs: 30_000 });
    await clock.advance(3900);
    expect(await isSettled(result)).toBe(false);
    await clock.advance(100);
    expect(await ended).toMatchObject({ graceMs: 5000, connections: 1 });
    expect(clock.timerCount).toBe(0);
  });

  it('sends everyone away in the first half of the grace, which leaves them the other to end', async () => {
    const streams = Array.from({ length: 20 }, () => get('/events'));
    const { result, wires } = await draining(streams, { graceMs: 1000 });
    await clock.advance(450);
    expect(await isSettled(result)).toBe(false);
    await clock.advance(100);
    await turns(20);
    expect(wires.filter(({ text }) => !text.endsWith('\r\n0\r\n\r\n'))).toEqual([]);
    expect(await result).toBe(0);
  });

  it('without any grace cuts at once', async () => {
    const { result } = await draining([get('/hang')], { graceMs: 0 });
    await clock.advance(0);
    expect(await result).toBe(1);
  });

  it('is over as soon as the last connection has ended', async () => {
    const { result, wires } = await draining([get('/hang')]);
    wires[0]?.socket.destroy();
    expect(await result).toBe(0);
  });

  it('leaves no timer behind', async () => {
    const { result, wires } = await draining([get('/hang')]);
    wires[0]?.socket.destroy();
    await result;
    expect(clock.timerCount).toBe(0);
  });
});
