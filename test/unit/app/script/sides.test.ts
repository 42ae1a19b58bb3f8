import { once } from 'node:events';
import net, { type Server } from 'node:net';
import { expect, it } from 'vitest';
import { Sides } from '../../../../src/app/script/sides.ts';

it('a socket that the arbiter gives too late is closed, and is no error of the program', async () => {
  const sides = new Sides({ handed: [], tell: () => {}, warn: () => {} });
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
  // As Node makes it of what comes through a channel.
  const socket = new net.Socket({ fd: bound.fd() });
  sides.answered({ tsunicorn: 'socket', id: 1, answer: 'given', url: null }, socket);
  await once(socket, 'close');
  expect([socket.destroyed, socket.errored]).toEqual([true, null]);
});

/** Another process listens at the port; the arbiter knows of nobody, and hears the questions. */
async function beside(asked: (times: number) => void) {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as net.AddressInfo;
  let times = 0;
  const sides: Sides = new Sides({
    handed: [],
    tell: (message) => {
      if (message.tsunicorn !== 'wanted') return;
      asked(++times);
      const { id } = message;
      setImmediate(() => sides.answered({ tsunicorn: 'socket', id, answer: 'none', url: null }, undefined));
    },
    warn: () => {},
  });
  const server = net.createServer();
  const { listen } = server;
  const call = { kind: 'port', port, host: '127.0.0.1', exclusive: false } as const;
  const parsed = { call, callback: null, signal: null, backlog: null };
  const own = (...args: unknown[]): Server => Reflect.apply(listen, server, args);
  const begin = () => sides.listen({ server, parsed, args: [port, '127.0.0.1'], listen: own, isTold: false });
  return { sides, server, taken, begin };
}

it('a server waits a moment for an address that another worker has just left', async () => {
  const { server, taken, begin } = await beside((times) => times === 2 && taken.close());
  begin();
  await once(server, 'listening');
  server.close();
});

it('a server fails as ever where the address stays taken', async () => {
  const { server, taken, begin } = await beside(() => {});
  begin();
  const [error] = await once(server, 'error');
  expect(error).toMatchObject({ code: 'EADDRINUSE' });
  taken.close();
});

it('a server that is closed while it waits for its address does not listen later', async () => {
  const { sides, server, taken, begin } = await beside((times) => {
    if (times === 1) expect(sides.closed(server)).toBe('closed');
    taken.close();
  });
  begin();
  await once(server, 'close');
  await sides.settled();
  expect(server.listening).toBe(false);
});
