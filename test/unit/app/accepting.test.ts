import net from 'node:net';
import { expect, it } from 'vitest';
import { turnsAway } from '../../../src/app/accepting.ts';

it.each([
  ['takes a Unix socket', undefined, false],
  ['closes a connection that its client has reset, whose address nobody knows', '::1', true],
])('a server with a blockList %s', (_what, localAddress, expected) => {
  const server = Object.assign(net.createServer(), { blockList: new net.BlockList() });
  const socket = new net.Socket();
  Object.defineProperty(socket, 'localAddress', { value: localAddress });
  expect(turnsAway(server, socket, 0)).toBe(expected);
});
