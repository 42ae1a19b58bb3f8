import type { BlockList, Server, ServerOpts, Socket } from 'node:net';
import { isUnixSocket } from '../support/is-unix-socket.ts';

/** The options of createServer() by which node:net accepts, which its types do not declare as properties. */
export type AcceptingServer = Server & {
  readonly allowHalfOpen?: boolean;
  readonly pauseOnConnect?: boolean;
  readonly highWaterMark?: number;
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  /** In seconds. */
  readonly keepAliveInitialDelay?: number;
  readonly blockList?: BlockList;
};

export type SocketOptions = Pick<ServerOpts, 'allowHalfOpen' | 'highWaterMark' | 'pauseOnConnect'>;

// A server that is fed gets its connections as if it had accepted them itself: this file does what node:net does then.

/** How the connections of a server are made of what is accepted. */
export function socketOptionsOf(server: AcceptingServer): SocketOptions {
  const { highWaterMark, allowHalfOpen, pauseOnConnect } = server;
  return {
    ...(highWaterMark === undefined ? {} : { highWaterMark }),
    ...{ allowHalfOpen: allowHalfOpen === true, pauseOnConnect: pauseOnConnect === true },
  };
}

/** Sets the options of an accepted connection; its `server` is the one that is fed. */
export function prepare(socket: Socket, server: AcceptingServer): void {
  const { noDelay, keepAlive, keepAliveInitialDelay = 0 } = server;
  if (noDelay === false) socket.setNoDelay(false);
  if (keepAlive === true) socket.setKeepAlive(true, keepAliveInitialDelay * 1000);
  Reflect.set(socket, 'server', server);
}

/**
 * Closes a connection that the server would not take: one beyond its `maxConnections` (`open` others are there), for which
 * it emits `drop`, or one from an address of its `blockList`. Returns whether it did.
 */
export function turnsAway(server: AcceptingServer, socket: Socket, open: number): boolean {
  const { maxConnections, blockList } = server;
  const isBeyond = typeof maxConnections === 'number' && open >= maxConnections;
  if (!isBeyond && !(blockList && isBlocked(blockList, socket))) return false;
  if (isBeyond) server.emit('drop', endsOf(socket));
  socket.on('error', () => {}).destroy();
  return true;
}

function isBlocked(list: BlockList, socket: Socket): boolean {
  const { remoteAddress, remoteFamily } = socket;
  // Whoever has reset its connection might be on the list, and what it has sent would still run.
  if (remoteAddress === undefined) return !isUnixSocket(socket);
  return list.check(remoteAddress, remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4');
}

/** Undefined for a Unix socket, as node:net knows neither end of one. */
function endsOf(socket: Socket): object | undefined {
  const { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily } = socket;
  if (isUnixSocket(socket)) return undefined;
  return { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily };
}
