import type { ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type Engine, get, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

/** An engine whose requests, pipelined ones included, wait from when they come until the test answers them by their paths. */
async function holdingEngine() {
  const open = new Map<string, ServerResponse>();
  let arrived = () => {};
  const engine = await startEngine({
    observers: [
      (request, response) => {
        open.set(request.url ?? '', response);
        arrived();
      },
    ],
  });
  const request = async (...paths: string[]): Promise<void> => {
    while (!paths.every((path) => open.has(path)))
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
  };
  return { engine, open, request };
}

/** The parser takes an empty line for what stands before HTTP. */
const HEADER = '\r\n';

/** The heads of the answers that came, in order. */
const heads = (text: string) => text.match(/HTTP\/1\.1 200 OK\r\n.*?\r\n\r\n/gs) ?? [];
const closes = (head: string | undefined) => /\r\nConnection: close\r\n/i.test(head ?? '');

async function sizeIs(engine: Engine, size: number): Promise<void> {
  while (engine.connections.size !== size) await turns(1);
}

describe('an answer after the drain began', () => {
  it('is the last of its connection', async () => {
    const { engine, open, request } = await holdingEngine();
    engine.connections.closeAfterAnswer();
    const wire = await engine.send(get('/a'));
    await request('/a');
    open.get('/a')?.end('a');
    expect(heads(await wire.ended).map(closes)).toEqual([true]);
  });

  it('is the last although its request was in flight already', async () => {
    const { engine, open, request } = await holdingEngine();
    const wire = await engine.send(get('/a'));
    await request('/a');
    engine.connections.closeAfterAnswer();
    open.get('/a')?.writeHead(200, { 'Content-Length': '1' }).end('a');
    expect(heads(await wire.ended).map(closes)).toEqual([true]);
  });

  it('is the last of a connection that was idle', async () => {
    const { engine, open, request } = await holdingEngine();
    const wire = await engine.send(get('/a'));
    await request('/a');
    open.get('/a')?.end('a');
    await wire.until(/a\r?\n?$/);
    engine.connections.closeAfterAnswer();
    wire.write(get('/b'));
    await request('/b');
    open.get('/b')?.end('b');
    expect(heads(await wire.ended).map(closes)).toEqual([false, true]);
  });

  it('that streams already is finished', async () => {
    const { engine, open, request } = await holdingEngine();
    const wire = await engine.send(get('/a'));
    await request('/a');
    open.get('/a')?.write('first');
    await wire.until(/first/);
    engine.connections.closeAfterAnswer();
    open.get('/a')?.end('last');
    await wire.until(/last/);
  });
});

describe('pipelined requests', () => {
  it('in flight are all answered, and only the last answer closes', async () => {
    const { engine, open, request } = await holdingEngine();
    const wire = await engine.send(get('/a') + get('/b') + get('/c'));
    await request('/a', '/b', '/c');
    engine.connections.closeAfterAnswer();
    for (const path of ['/a', '/b', '/c']) open.get(path)?.end(path);
    expect(heads(await wire.ended).map(closes)).toEqual([false, false, true]);
  });

  it('are all answered when they end in another order', async () => {
    const { engine, open, request } = await holdingEngine();
    const wire = await engine.send(get('/a') + get('/b'));
    await request('/a', '/b');
    engine.connections.closeAfterAnswer();
    open.get('/b')?.end('b');
    open.get('/a')?.end('a');
    expect(heads(await wire.ended).map(closes)).toEqual([false, true]);
  });

  it('after the drain began are answered together with the one before', async () => {
    const { engine, open, request } = await holdingEngine();
    const wire = await engine.send(get('/a'));
    await request('/a');
    engine.connections.closeAfterAnswer();
    wire.write(get('/b'));
    await request('/b');
    open.get('/a')?.end('a');
    open.get('/b')?.end('b');
    expect(heads(await wire.ended).map(closes)).toEqual([false, true]);
  });
});

describe('the count', () => {
  it('of connections falls as they end, and of requests as they are answered', async () => {
    const { engine, open, request } = await holdingEngine();
    const wire = await engine.send(get('/a'));
    await engine.send(get('/b'));
    await request('/a', '/b');
    expect([engine.connections.size, engine.connections.inFlight]).toEqual([2, 2]);
    open.get('/a')?.end('done');
    await wire.until(/done/);
    await turns(5);
    expect([engine.connections.size, engine.connections.inFlight]).toEqual([2, 1]);
    wire.socket.destroy();
    await sizeIs(engine, 1);
  });

  it('of what was cut includes idle, busy and upgraded connections', async () => {
    const engine = await startEngine({ upgrade: (_request, socket) => void socket.write('raw') });
    const upgraded = await engine.send(
      'GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    );
    await upgraded.until(/raw/);
    const busy = await engine.send(get());
    const silent = await engine.send('');
    await sizeIs(engine, 3);
    expect(engine.connections.destroyAll()).toBe(3);
    for (const wire of [upgraded, busy, silent]) await wire.ended;
    await sizeIs(engine, 0);
    expect(engine.connections.destroyAll()).toBe(0);
  });
});

describe('the requests in flight', () => {
  it('are listed in the order they came, pipelined ones included, until they are answered', async () => {
    const { engine, open, request } = await holdingEngine();
    const paths = () => engine.connections.requests().map(({ response }) => response.req.url);
    await engine.send(get('/a') + get('/b') + get('/c'));
    await request('/a', '/b', '/c');
    expect(paths()).toEqual(['/a', '/b', '/c']);
    open.get('/a')?.end('a');
    while (paths().length > 2) await turns(1);
    expect(paths()).toEqual(['/b', '/c']);
    open.get('/c')?.end('c');
    open.get('/b')?.end('b');
    while (paths().length > 0) await turns(1);
  });

  it('have the time at which they came', async () => {
    const { engine, request } = await holdingEngine();
    const beforeMs = performance.now();
    await engine.send(get('/a'));
    await request('/a');
    const [flight] = engine.connections.requests();
    expect(flight?.sinceMs).toBeGreaterThanOrEqual(beforeMs);
    expect(flight?.sinceMs).toBeLessThanOrEqual(performance.now());
  });

  it('do not include connections that have sent nothing, which are listed apart', async () => {
    const { engine, request } = await holdingEngine();
    await engine.send('');
    await engine.send(get('/a'));
    await request('/a');
    await sizeIs(engine, 2);
    expect([engine.connections.requests().length, engine.connections.unread().length]).toEqual([1, 1]);
  });
});

describe('a client that always has a request under way', () => {
  it('leaves nothing behind of those that were answered', async () => {
    const { engine, open, request } = await holdingEngine();
    const wire = await engine.send(get('/0'));
    const answered: WeakRef<ServerResponse>[] = [];
    for (let next = 1; next <= 50; next++) {
      wire.write(get(`/${next}`));
      await request(`/${next}`);
      answered.push(await answer(open, `/${next - 1}`));
    }
    await turns(2);
    collectGarbage();
    expect(answered.filter((response) => response.deref()).length).toBeLessThan(10);
  });
});

/** Resolves when the answer is sent; a frame of its own, as the caller's would keep the response. */
async function answer(open: Map<string, ServerResponse>, path: string): Promise<WeakRef<ServerResponse>> {
  const response = open.get(path);
  if (!response) throw new Error(`no request for ${path}`);
  open.delete(path);
  response.end();
  while (!response.writableFinished) await turns(1);
  return new WeakRef(response);
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

it('lets go of the answers of connections that rest, which serve on as before', async () => {
  const seen: WeakRef<ServerResponse>[] = [];
  const engine = await startEngine({
    handler: ({ url }, response) => {
      seen.push(new WeakRef(response));
      response.setHeader('Content-Length', 2).end(url);
    },
  });
  const wire = await engine.send(get('/a'));
  await wire.until(/\/a$/);
  expect(engine.connections.resting()).toHaveLength(1);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  await expect
    .poll(() => {
      engine.connections.forgetAnswered();
      collect();
      return seen[0]?.deref();
    })
    .toBeUndefined();
  expect(engine.connections.resting()).toHaveLength(1);
  expect(engine.connections.census()).toMatchObject({ idle: 1 });
  wire.write(`${get('/b')}${get('/c')}`);
  await wire.until(/\/b[\s\S]*\/c$/);
  engine.connections.closeAfterAnswer();
  wire.write(get('/d'));
  expect(await wire.ended).toMatch(/Connection: close[\s\S]*\/d$/);
});

describe('behind the header of a proxy', () => {
  it('a connection is silent until its client itself sends something', async () => {
    const { engine, request } = await holdingEngine();
    const connections = engine.connections;
    const wire = await engine.send(HEADER);
    await expect.poll(() => connections.census().sendingHeaders).toBe(1);
    const [socket] = connections.withoutHead(Infinity, 1);
    if (socket === undefined) throw new Error('there is no connection');
    connections.skip(socket, HEADER.length);
    expect([connections.isSilent(socket), connections.census()]).toMatchObject([true, { silent: 1 }]);
    expect([connections.idle(), connections.unread()]).toEqual([[socket], [socket]]);
    connections.expectTls(socket);
    expect(connections.unread()).toEqual([]);
    wire.write(get('/a'));
    await request('/a');
    expect([connections.isSilent(socket), connections.idle()]).toEqual([false, []]);
  });
});
