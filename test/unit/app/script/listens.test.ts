import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo, type Server } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { told } from '../../../../src/app/script/claim.ts';
import { Listens } from '../../../../src/app/script/listens.ts';
import { Sides } from '../../../../src/app/script/sides.ts';
import { freePort } from '../../../support/free-port.ts';

const address: AddressInfo = { address: '127.0.0.1', port: 8000, family: 'IPv4' };
// What it overrides is of this process, which other tests share.
const own = Object.getOwnPropertyDescriptors(net.Server.prototype);
const listens = new Listens();
afterAll(() => void Object.defineProperties(net.Server.prototype, own));
let warnings: string[] = [];
/** No other worker has anything. */
const sides: Sides = new Sides({
  handed: [],
  tell: (message) => {
    if (message.tsunicorn !== 'wanted') return;
    const answer = { tsunicorn: 'socket', id: message.id, answer: 'none', url: null } as const;
    setImmediate(() => sides.answered(answer, undefined));
  },
  warn: () => {},
});

const service = () => ({
  ...{ ports: [8000], held: [8000], listenPort: null, sides },
  ...{ address: () => address, claim: () => told(address) },
  warn: (line: string) => void warnings.push(line),
});

beforeEach(() => {
  warnings = [];
  listens.begin(service(), () => {});
});

const served = () => listens.served?.server;
const closing = (server: Server) => {
  onTestFinished(() => void server.close());
  return server;
};

describe('a server of the program that listens on PORT', () => {
  it('is served, and told that it listens, behind the call', async () => {
    const events: string[] = [];
    const server = http.createServer().on('listening', () => events.push('event'));
    expect(server.listen('8000', () => events.push('callback'))).toBe(server);
    expect(events).toEqual([]);
    expect(served()).toBe(server);
    await once(server, 'listening');
    expect(events).toEqual(['event', 'callback']);
    expect([server.listening, server.address()]).toEqual([true, address]);
    expect(await promisify(server.getConnections).call(server)).toBe(0);
    expect(server.ref().unref()).toBe(server);
  });

  it('closes, and listens again', async () => {
    const server = http.createServer().listen(8000);
    await once(server, 'listening');
    await new Promise<void>((closed, failed) => server.close((error) => (error ? failed(error) : closed())));
    expect([server.listening, server.address()]).toEqual([false, null]);
    await expect(promisify(server.close).call(server)).rejects.toMatchObject({
      code: 'ERR_SERVER_NOT_RUNNING',
    });
    await once(server.listen(8000), 'listening');
    expect(served()).toBe(server);
    await server[Symbol.asyncDispose]();
    expect(server.listening).toBe(false);
  });

  it('closes too where a framework calls the method of the prototype, or aborts a signal', async () => {
    const server = http.createServer().listen(8000);
    await new Promise((closed) => http.Server.prototype.close.call(server, closed));
    const abort = new AbortController();
    server.listen({ port: 8000, signal: abort.signal });
    abort.abort();
    await once(server, 'close');
    expect(server.listening).toBe(false);
  });

  it('does not listen twice at a time', () => {
    const server = closing(http.createServer().listen(8000));
    expect(() => server.listen(8000)).toThrow(/more than once without closing/);
  });

  it('has a twin on another host, which is covered, and no other of the same', async () => {
    closing(http.createServer().listen(8000, '127.0.0.1'));
    await once(closing(http.createServer().listen(8000, '::1')), 'listening');
    const [error] = await once(http.createServer().listen(8000, '127.0.0.1'), 'error');
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
  });

  it('goes before one that may have been served, which really listens then', async () => {
    const other = http.createServer().listen({ port: 0, host: '127.0.0.1', exclusive: true });
    await once(other, 'listening');
    expect(other.address()).toEqual(address);
    expect(listens.candidates).toBe(1);
    let again = 0;
    other.on('listening', () => again++);
    const server = closing(http.createServer().listen(8000));
    expect(served()).toBe(server);
    await expect.poll(() => (other.address() as AddressInfo | null)?.port).toBeGreaterThan(0);
    expect((other.address() as AddressInfo).port).not.toBe(8000);
    expect(again).toBe(0);
    await new Promise((closed) => other.close(closed));
  });
});

describe('a server of the program that is closed', () => {
  const closed = (server: Server) => promisify(server.close).call(server);
  /** One that is served, as a worker does. */
  async function serveOne(listen: readonly unknown[] = [8000]) {
    const server = http.createServer();
    Reflect.apply(server.listen, server, listen);
    listens.decide();
    await once(server, 'listening');
    const { served: fed } = listens;
    if (fed) listens.confirm(fed);
    const told: string[] = [];
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const connections = { size: 0, presentEnded: () => ended };
    fed?.feedBy({
      connections,
      changed: () => told.push(fed.isClosed ? 'closed' : 'open'),
      replaced: () => told.push('replaced'),
      closed: () => told.push('gone'),
    });
    return { server, told, connections, end };
  }

  it('leaves its place to a new one on the same port, again and again', async () => {
    const { server: first, told } = await serveOne();
    await closed(first);
    const second = http.createServer().listen(8000);
    await once(second, 'listening');
    expect([served() === second, second.address(), first.listening]).toEqual([true, address, false]);
    await expect(closed(first)).rejects.toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' });
    await closed(second);
    const back = closing(first);
    await once(back.listen(8000), 'listening');
    expect(served()).toBe(first);
    expect(told).toEqual(['closed', 'replaced', 'open', 'closed', 'replaced', 'open']);
  });

  it('leaves it at once, and is closed when its own connections have ended', async () => {
    const { server: first, connections, end, told } = await serveOne();
    connections.size = 1;
    const close = closed(first);
    const second = closing(http.createServer().listen(8000));
    await once(second, 'listening');
    end();
    await close;
    expect([served() === second, second.listening, told]).toEqual([
      true,
      true,
      ['closed', 'replaced', 'open'],
    ]);
  });

  it('is waited for until its connections have ended, and then a moment', async () => {
    const { server: first, connections, end, told } = await serveOne();
    connections.size = 1;
    const close = closed(first);
    await new Promise((waited) => setTimeout(waited, 150));
    expect(told).toEqual(['closed']);
    end();
    await close;
    await expect.poll(() => told).toEqual(['closed', 'gone']);
  });

  it('leaves its place to its twin of another host, which listens on', async () => {
    const { server: first, told } = await serveOne([8000, '127.0.0.1']);
    const twin = closing(http.createServer().listen(8000, '::1'));
    await once(twin, 'listening');
    await closed(first);
    await expect.poll(() => served() === twin).toBe(true);
    expect([twin.listening, told]).toEqual([true, ['closed', 'replaced', 'open']]);
  });

  it('does not leave it to a twin of another kind', async () => {
    const { server: first, told } = await serveOne([8000, '127.0.0.1']);
    const twin = closing(http2.createServer().listen(8000, '::1'));
    await once(twin, 'listening');
    await closed(first);
    await expect.poll(() => told).toEqual(['closed', 'gone']);
  });

  it('fails as ever where one of another kind follows', async () => {
    const { server: first } = await serveOne();
    await closed(first);
    const [error] = await once(http2.createServer().listen(8000), 'error');
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
  });

  it('is served where it was if it listens again on another port, which is said', async () => {
    const { server: first } = await serveOne();
    await closed(first);
    await once(closing(first).listen(9999), 'listening');
    expect(first.address()).toEqual(address);
    expect(warnings).toEqual([expect.stringMatching(/^port 9999: .*port 8000$/)]);
  });

  it('listens elsewhere, if it is a twin', async () => {
    await serveOne([8000, '127.0.0.1']);
    const twin = http.createServer().listen(8000, '::1');
    await once(twin, 'listening');
    await closed(twin);
    const port = freePort();
    await once(closing(twin).listen(port, '127.0.0.1'), 'listening');
    expect((twin.address() as AddressInfo).port).toBe(port);
  });
});

describe('servers that listen elsewhere', () => {
  it('are served where no other came', () => {
    const server = closing(http.createServer().listen(3000));
    expect(served()).toBeUndefined();
    expect(listens.decide()).toEqual([]);
    expect(served()).toBe(server);
  });

  it('are named where there are two', () => {
    closing(http.createServer().listen(3000));
    closing(http.createServer().listen(3001));
    expect(listens.decide()).toEqual(['port 3000', 'port 3001']);
  });

  it('are not candidates any more once they have closed', () => {
    http.createServer().listen(3000).close();
    expect(listens.candidates).toBe(0);
  });

  it('leave their port to the next one once they have closed, as those that look for a free port', async () => {
    const probe = http.createServer().listen(3000);
    await once(probe, 'listening');
    await promisify(probe.close).call(probe);
    const server = closing(http.createServer().listen(3000));
    await once(server, 'listening');
    listens.decide();
    expect(served()).toBe(server);
  });

  it('give up what they claimed once, also where another one is served later', async () => {
    let drops = 0;
    const claim = () => ({ ...told(address), drop: () => void drops++ });
    listens.begin({ ...service(), claim }, () => {});
    const probe = http.createServer().listen(3000);
    await promisify(probe.close).call(probe);
    closing(http.createServer().listen(8000));
    expect([served() === probe, drops]).toEqual([false, 1]);
  });

  it('are served where they do not speak HTTP only if the settings name their port', async () => {
    listens.begin({ ...service(), listenPort: 3000 }, () => {});
    const other = closing(net.createServer().listen(freePort(), '127.0.0.1'));
    await once(other, 'listening');
    expect(listens.candidates).toBe(0);
    const probe = net.createServer().listen(3000);
    await promisify(probe.close).call(probe);
    expect(listens.candidates).toBe(0);
    const raw = closing(net.createServer().listen(3000));
    await once(raw, 'listening');
    expect([served(), raw.address()]).toEqual([undefined, address]);
    listens.decide();
    expect(served()).toBe(raw);
    expect(listens.summary).toMatch(/port \d+ of 127\.0\.0\.1 \(not HTTP; --listen-port \d+ serves it\)/);
  });

  it('are forgotten where they closed on PORT before they were served', async () => {
    const probe = http.createServer().listen(8000);
    await once(probe, 'listening');
    const fed = listens.served;
    await promisify(probe.close).call(probe);
    const server = closing(http.createServer().listen(8000));
    expect(served()).toBe(server);
    expect(fed && listens.confirm(fed)).toBe(false);
    expect(listens.served && listens.confirm(listens.served)).toBe(true);
  });

  it('are beside once another one listens on PORT later, which is said', async () => {
    const port = freePort();
    const first = closing(http.createServer().listen(port, '127.0.0.1'));
    listens.decide();
    await once(first, 'listening');
    const later = closing(http.createServer().listen(8000));
    await once(later, 'listening');
    expect([served() === later, later.address()]).toEqual([true, address]);
    await expect.poll(() => (first.address() as AddressInfo | null)?.port).toBe(port);
    expect(warnings).toEqual([expect.stringMatching(/^port 8000: .*from now on; .* beside that, on port/)]);
  });

  it('really listen where they do not speak HTTP', async () => {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    expect((probe.address() as AddressInfo).port).not.toBe(8000);
    await new Promise((closed) => probe.close(closed));
    expect(served()).toBeUndefined();
  });

  it('fail as ever where another process has their address, which is known by the error', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    closing(http.createServer().listen(8000));
    const { port } = taken.address() as AddressInfo;
    const [error] = await once(http.createServer().listen(port, '127.0.0.1'), 'error');
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
    expect(listens.failedAt(error)).toBe(`port ${port} of 127.0.0.1`);
    await new Promise((closed) => taken.close(closed));
  });

  it('are warned of where they listen after the only other one was taken', async () => {
    closing(http.createServer().listen(3000));
    listens.decide();
    await once(closing(http.createServer().listen(freePort(), '127.0.0.1')), 'listening');
    expect(warnings).toEqual([expect.stringMatching(/^port \d+ of 127\.0\.0\.1: .*--listen-port/)]);
  });

  it('are covered and warned of where an export is served', async () => {
    listens.decideForExport();
    await once(closing(http.createServer().listen(8000)), 'listening');
    expect(served()).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/^port 8000: the program listens after/)]);
  });
});

it('bad arguments throw as they do without us', () => {
  expect(() => http.createServer().listen(65_536)).toThrow(/port/);
});
