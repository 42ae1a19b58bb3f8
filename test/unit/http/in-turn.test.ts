import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Observer } from '../../../src/http/observer.ts';
import { get, startEngine } from '../../support/http-engine.ts';
import { turns } from '../../support/wire.ts';

/** An engine that says which requests began, and whose answers wait until the test ends them. */
async function slowEngine(observer?: Observer) {
  const began: string[] = [];
  const open: ServerResponse[] = [];
  const engine = await startEngine({
    handler: ({ url = '' }, response) => {
      began.push(url);
      open.push(response);
    },
    ...(observer ? { observers: [observer] } : {}),
  });
  const until = async (count: number) => {
    while (began.length < count) await turns(1);
    await turns(5);
  };
  return { engine, began, open, until };
}

describe('requests of one connection', () => {
  it('begin one after another, each when the one before is answered', async () => {
    const { engine, began, open, until } = await slowEngine();
    const wire = await engine.send(get('/a') + get('/b') + get('/c'));
    await until(1);
    expect(began).toEqual(['/a']);
    open[0]?.end('a');
    await until(2);
    expect(began).toEqual(['/a', '/b']);
    open[1]?.end('b');
    await until(3);
    open[2]?.end('the last');
    await wire.until(/the last/);
  });

  it('begin at once where the one before has its answer already', async () => {
    const began: unknown[] = [];
    const engine = await startEngine({
      handler: ({ url, socket }, response) => {
        began.push([url, socket.bytesRead]);
        response.end(url);
      },
    });
    const text = get('/a') + get('/b');
    await (await engine.send(text)).until(/\/b/);
    expect(began).toEqual([
      ['/a', text.length],
      ['/b', text.length],
    ]);
  });

  it('do not begin behind an answer that says it is the last, while that is sent or after', async () => {
    const { engine, began, open, until } = await slowEngine();
    const wire = await engine.send(get('/a') + get('/b'));
    await until(1);
    open[0]?.writeHead(200, { Connection: 'close' }).write('part');
    await wire.until(/part/);
    wire.write(get('/c'));
    await turns(5);
    open[0]?.end();
    await wire.ended;
    await turns(5);
    expect(began).toEqual(['/a']);
  });

  it('do not begin where their client has left', async () => {
    const { engine, began, until } = await slowEngine();
    const wire = await engine.send(get('/a') + get('/b'));
    await until(1);
    wire.socket.destroy();
    while (engine.connections.size > 0) await turns(1);
    await turns(5);
    expect(began).toEqual(['/a']);
  });

  it('do not begin where they have been answered while they waited', async () => {
    const seen: ServerResponse[] = [];
    const { engine, began, open, until } = await slowEngine((_request, response) => void seen.push(response));
    const wire = await engine.send(get('/a') + get('/b') + get('/c'));
    await until(1);
    seen[1]?.end('refused');
    open[0]?.end('a');
    await wire.until(/refused/);
    await until(2);
    expect(began).toEqual(['/a', '/c']);
  });

  it('are read only as far as a bounded number of them waits, and all get their answers', async () => {
    const { engine, began, open, until } = await slowEngine();
    const wire = await engine.send(get('/a'));
    await until(1);
    const [socket] = engine.connections.requests().map(({ response }) => response.socket);
    // A read brings 64 KB at most, and what it brings is taken whole.
    const count = 6000;
    wire.write(get('/b').repeat(count));
    let read = 0;
    while (read !== socket?.bytesRead) {
      read = socket?.bytesRead ?? 0;
      await turns(50);
    }
    expect(read).toBeLessThan(150_000);
    for (let i = 0; i <= count; i++) {
      while (began.length <= i) await turns(1);
      open[i]?.end();
    }
    expect(began).toHaveLength(count + 1);
  });

  it('do not run in the context of the one before', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const engine = await startEngine({
      handler: ({ url = '' }, response) => {
        seen.push(storage.getStore());
        storage.run(url, () => setTimeout(() => response.end(url), 1));
      },
    });
    await (await engine.send(get('/a') + get('/b'))).until(/\/b/);
    expect(seen).toEqual([undefined, undefined]);
  });

  it('that ask for another protocol wait too, and a client that resets meanwhile harms nobody', async () => {
    const upgraded: unknown[] = [];
    const open: ServerResponse[] = [];
    const engine = await startEngine({
      handler: (_request, response) => void open.push(response),
      upgrade: ({ url }, socket) => {
        upgraded.push(url);
        socket.end('raw');
      },
    });
    const text = `${get('/a')}GET /b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`;
    const [first, second] = [await engine.send(text), await engine.send(text)];
    while (open.length < 2) await turns(1);
    await turns(5);
    expect(upgraded).toEqual([]);
    second.socket.resetAndDestroy();
    while (engine.connections.size > 1) await turns(1);
    for (const response of open) response.end('a');
    expect(await first.ended).toMatch(/^HTTP.*a.*raw$/s);
    expect(upgraded).toEqual(['/b']);
  });

  it('that ask for another protocol and have a body wait as well', async () => {
    const upgraded: unknown[] = [];
    const open: ServerResponse[] = [];
    const engine = await startEngine({
      handler: (_request, response) => void open.push(response),
      upgrade: ({ url }, socket) => {
        upgraded.push(url);
        socket.end('raw');
      },
    });
    const head = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 4';
    const text = `${get('/a')}POST /b HTTP/1.1\r\n${head}\r\n\r\nha`;
    const [first, second] = [await engine.send(text), await engine.send(text)];
    while (open.length < 2) await turns(1);
    await turns(5);
    expect(upgraded).toEqual([]);
    second.socket.resetAndDestroy();
    while (engine.connections.size > 1) await turns(1);
    for (const response of open) response.end('a');
    expect(await first.ended).toMatch(/^HTTP.*a.*raw$/s);
    expect(upgraded).toEqual(['/b']);
  });

  it('that ask for another protocol do not keep a connection whose client has left', async () => {
    const closed: unknown[] = [];
    const engine = await startEngine({
      handler: ({ url }, response) => void response.once('close', () => closed.push(url)),
      upgrade: (_request, socket) => void socket.end('raw'),
    });
    const text = `${get('/a')}GET /b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`;
    const wire = await engine.send(text);
    while (engine.connections.requests().length === 0) await turns(1);
    await turns(5);
    wire.socket.end();
    while (engine.connections.size > 0) await turns(1);
    await turns(2);
    expect(closed).toEqual(['/a']);
  });
});
