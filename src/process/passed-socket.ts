import type { Socket } from 'node:net';

/** A socket that came through a channel. It stays open until close(), whatever becomes of the process that sent it. */
export interface PassedSocket {
  readonly fd: number;
  /** To be sent on, with `keepOpen`. */
  readonly socket: Socket;
  close(): void;
}

/** Node's private handle of a stream. There is no public way to learn the number of a descriptor that was received. */
interface Handle {
  readonly fd: number;
  readStop(): number;
}

/**
 * What to send, with `keepOpen`, so that another process gets the bound socket too. To be made before this process
 * listens on it: libuv refuses a second handle for a descriptor that it watches.
 */
export function toPass(fd: number): Socket {
  const { Socket } = process.getBuiltinModule('node:net');
  // A BoundSocket itself can be sent by Node 26 only, and only if it is of TCP.
  return new Socket({ fd, readable: false, writable: false });
}

/**
 * What came with a message; null where that is no socket. To be called at once, as Node is about to read from it as from a
 * connection.
 */
export function receive(sent: unknown): PassedSocket | null {
  const handle = handleOf(sent);
  if (handle === null) return null;
  const socket = sent as Socket;
  handle.readStop();
  socket.on('error', () => {});
  return { fd: handle.fd, socket, close: () => void socket.destroy() };
}

/**
 * Closes what an application sends with a message of its own, such as the server that a worker of node:cluster would be
 * given: the process that got it would go on listening.
 */
export function discard(sent: unknown): void {
  const socket = receive(sent);
  if (socket !== null) return socket.close();
  if (typeof sent !== 'object' || sent === null) return;
  const close: unknown = Reflect.get(sent, 'close');
  if (typeof close === 'function') Reflect.apply(close, sent, []);
}

function handleOf(sent: unknown): Handle | null {
  // A server has a handle of that kind too, and is closed in another way.
  if (typeof sent !== 'object' || sent === null || !('destroy' in sent)) return null;
  const handle: unknown = Reflect.get(sent, '_handle');
  if (typeof handle !== 'object' || handle === null) return null;
  return typeof Reflect.get(handle, 'readStop') === 'function' ? (handle as Handle) : null;
}
