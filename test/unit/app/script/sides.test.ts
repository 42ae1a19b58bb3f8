import { once } from 'node:events';
import net from 'node:net';
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
