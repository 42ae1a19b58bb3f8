import { once } from 'node:events';
import net from 'node:net';
import { expect, it } from 'vitest';
import { discard } from '../../../src/process/passed-socket.ts';

it('closes a socket, and a server, that nobody asked for', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  discard(socket);
  discard(server);
  expect([socket.destroyed, server.listening]).toEqual([true, false]);
  discard(undefined);
  discard({ tsunicorn: 'nothing' });
});
