import { once } from 'node:events';
import net, { type Server, type ServerOpts, type Socket } from 'node:net';
import type { HandedListener } from '../../src/process/ipc/boot-spec.ts';

/** One inherited listening socket, which the gate opens, pauses and closes. */
export interface ListenerDoor {
  readonly address: ReturnType<Server['address']>;
  /** Stops accepting until `resume`, so that other workers take what the kernel queues. The pair costs 0.1 µs. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** A socket to open; `early` is present where it listens already. */
export type DoorListener = HandedListener & { readonly early?: EarlyDoor };

/** A socket that listens before the worker accepts, so that the kernel queues its clients. */
export interface EarlyDoor {
  /** It accepts from now on, with these options. Rejects with the system error where it could not listen. */
  open(options: ServerOpts, accept: (socket: Socket) => void): Promise<ListenerDoor>;
  readonly server: Server;
}

/**
 * Node's private handle of a listening server, as of every stream. It is the only way to stop accepting without giving up
 * the socket: closing gives up the descriptor, which Node cannot duplicate, and moving the server to ourselves with
 * postMessage works for TCP only and sets the kernel's backlog to 511.
 */
interface Handle {
  // They start and stop libuv's watch for whatever makes a descriptor readable (uv_read_start), connections included, in Node 24 and 26.
  readStart(): number;
  readStop(): number;
}

/** Listens on an inherited socket; `accept` gets its connections. Rejects with the system error. */
export async function openListenerDoor(
  listener: DoorListener,
  { backlog, ...options }: ServerOpts & { readonly backlog: number },
  accept: (socket: Socket) => void,
): Promise<ListenerDoor> {
  if (listener.early) return listener.early.open(options, accept);
  const server = net.createServer(options, accept);
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    // listen({fd, backlog}) ignores its backlog; given as a second argument it reaches the kernel.
    server.listen({ fd: listener.fd }, backlog, listening);
  });
  return doorOf(server, pausableHandle(server));
}

/** Lets an inherited socket listen at once. */
export function openEarlyDoor(fd: number, backlog: number): EarlyDoor {
  const server = net.createServer();
  const early: Socket[] = [];
  const keep = (socket: Socket) => void early.push(socket);
  const listens = once(server.on('connection', keep), 'listening');
  listens.catch(() => {});
  server.listen({ fd }, backlog);
  const handle = pausableHandle(server);
  handle?.readStop();
  return {
    server,
    async open(options, accept) {
      await listens;
      // node:net reads them from there for each connection.
      Object.assign(server, options).off('connection', keep).on('connection', accept);
      handle?.readStart();
      for (const socket of early) accept(socket);
      return doorOf(server, handle);
    },
  };
}

function doorOf(server: Server, handle: Handle | null): ListenerDoor {
  return {
    address: server.address(),
    pause: () => void handle?.readStop(),
    resume: () => void handle?.readStart(),
    close: () => void server.close(),
  };
}

/** Null if a later Node cannot pause a listening socket like any other stream; then the gate holds what comes. */
function pausableHandle(server: Server): Handle | null {
  const { _handle: handle } = server as Server & { readonly _handle?: Partial<Handle> | null };
  // Null where the server could not listen.
  if (typeof handle?.readStart !== 'function' || typeof handle.readStop !== 'function') return null;
  // libuv stops the watch only of a stream that has started to read, and a listening socket has not.
  return handle.readStart() === 0 ? (handle as Handle) : null;
}
