import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { NO_LIMITS } from '../../../src/http/edge/limits.ts';
import { get, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

const BIG = Buffer.alloc(32 * 1024 * 1024);

async function serve() {
  const lines: string[] = [];
  const engine = await startEngine({
    limits: { ...NO_LIMITS, bodyMs: 500, writeMs: 500 },
    onRefused: (line) => lines.push(line),
    handler: async (request, response) => {
      if (request.url === '/big') return response.end(BIG);
      if (request.url === '/paused') {
        await once(request, 'readable');
        await new Promise((done) => setTimeout(done, 2500));
      }
      let got = 0;
      for await (const chunk of request) got += chunk.length;
      return response.end(`got ${got}`);
    },
  });
  return { engine, lines };
}

function refusing() {
  const lines: string[] = [];
  const limits = { ...NO_LIMITS, bodyMs: 500, writeMs: 500 };
  return { lines, limits, onRefused: (line: string) => void lines.push(line) };
}

const post = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

it('answers 408 to a client that dribbles a body', async () => {
  const { engine, lines } = await serve();
  const wire = await engine.send(post('/', 1000));
  const dribble = setInterval(() => wire.write('a'), 100);
  expect(await wire.ended).toMatch(/^HTTP\/1\.1 408 /);
  clearInterval(dribble);
  expect(lines).toMatchObject([/--body-timeout/.source].map((text) => expect.stringContaining(text)));
});

it('waits for a body that comes fast enough, and for an application that does not read', async () => {
  const { engine, lines } = await serve();
  const wires = [await engine.send(post('/', 40_000)), await engine.send(post('/paused', 400_000))];
  for (let sent = 0; sent < 20; sent++) {
    wires[0]?.write('a'.repeat(2000));
    if (sent < 10) wires[1]?.write('a'.repeat(40_000));
    await new Promise((done) => setTimeout(done, 100));
  }
  await Promise.all([wires[0]?.until(/got 40000$/), wires[1]?.until(/got 400000$/)]);
  expect(lines).toEqual([]);
});

it('cuts off a client that reads nothing, and not one that reads slowly', async () => {
  const { engine, lines } = await serve();
  const head = 'GET /big HTTP/1.1\r\nHost: x\r\n\r\n';
  const [never, slow] = [await engine.send(''), await engine.send('')];
  never.socket.pause();
  slow.socket.pause();
  let read = 0;
  const step = setInterval(() => {
    read += slow.socket.read(512 * 1024)?.length ?? slow.socket.read()?.length ?? 0;
  }, 50);
  never.write(head);
  slow.write(head);
  while (engine.connections.size > 1) await new Promise((done) => setTimeout(done, 50));
  await new Promise((done) => setTimeout(done, 1200));
  clearInterval(step);
  expect(lines).toEqual([expect.stringContaining('--write-timeout')]);
  expect(engine.connections.size).toBe(1);
  expect(read).toBeGreaterThan(0);
});

it('never gives the application the rest of a body that was answered with 408', async () => {
  const seen: string[] = [];
  const { lines, ...options } = refusing();
  const engine = await startEngine({
    ...options,
    handler: (request) => {
      for (const event of ['end', 'error']) request.on(event, () => seen.push(event));
      request.resume();
    },
  });
  const wire = await engine.send(post('/', 1000));
  wire.socket.allowHalfOpen = true;
  await wire.until(/^HTTP\/1\.1 408 /);
  wire.write('a'.repeat(1000));
  await engine.connections.emptied();
  await turns(2);
  expect(seen).toEqual(['error']);
  expect(lines).toHaveLength(1);
});

it('refuses a slow body once where it waits for the answer before it, or its client lingers', async () => {
  const { lines, ...options } = refusing();
  const held = Promise.withResolvers<ServerResponse>();
  const engine = await startEngine({ ...options, handler: (_request, response) => held.resolve(response) });
  const wire = await engine.send(get('/long') + post('/', 1000));
  wire.socket.allowHalfOpen = true;
  const first = await held.promise;
  await new Promise((done) => setTimeout(done, 2300));
  const listeners = first.listenerCount('finish');
  await new Promise((done) => setTimeout(done, 1300));
  expect(first.listenerCount('finish')).toBe(listeners);
  first.end('done');
  await wire.until(/done[\s\S]*HTTP\/1\.1 408 /);
  await engine.connections.emptied();
  expect(lines).toHaveLength(1);
});

it('does not judge a body while an answer to it has begun and not ended', async () => {
  const { lines, ...options } = refusing();
  const engine = await startEngine({
    ...options,
    handler: (request, response) => {
      response.write('begun');
      request.resume().on('end', () => response.end('whole'));
    },
  });
  const wire = await engine.send(post('/', 4));
  await wire.until(/begun/);
  await new Promise((done) => setTimeout(done, 2300));
  wire.write('abcd');
  await wire.until(/whole/);
  expect(lines).toEqual([]);
});

it('leaves WebSockets alone that read nothing', async () => {
  const { lines, ...options } = refusing();
  const engine = await startEngine({ ...options, upgrade: (_request, socket) => void socket.write(BIG) });
  const wire = await engine.send('');
  wire.socket.pause();
  wire.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await new Promise((done) => setTimeout(done, 2300));
  expect(engine.connections.size).toBe(1);
  expect(lines).toEqual([]);
});
