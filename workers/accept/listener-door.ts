import net, { type Server, type ServerOpts, type Socket } from 'node:net';
import type { HandedListener } from '../../src/process/ipc.ts';

/** One inherited socket as the gate opens, pauses and closes it. */
export interface ListenerDoor {
  readonly address: ReturnType<Server['address']>;
  /** Stops accepting until `resume`: what the kernel queues is for other workers. 0.1 µs the pair. */
  pause(): void;
  resume(): void;
  close(): void;
}

/**
 * What Node keeps behind a listening server, and every stream. Private, and the one way to stop accepting without giving
 * up the socket: closing it gives up the descriptor, of which Node cannot make a second one, and moving the server to
 * ourselves (postMessage) works for TCP alone and sets the kernel's backlog to 511.
 */
interface Handle {
  // They begin and end libuv's watch for whatever makes a descriptor readable (uv_read_start), connections included; 24 and 26.
  readStart(): number;
  readStop(): number;
}

/** Listens on an inherited socket; `accept` gets its connections. Rejects with the system error. */
export async function openListenerDoor(
  listener: HandedListener,
  { backlog, ...options }: ServerOpts & { readonly backlog: number },
  accept: (socket: Socket) => void,
): Promise<ListenerDoor> {
  const server = net.createServer(options, accept);
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    // listen({fd, backlog}) ignores its backlog; given as a second argument it reaches the kernel.
    server.listen({ fd: listener.fd }, backlog, listening);
  });
  const handle = pausableHandle(server);
  return {
    address: server.address(),
    pause: () => void handle?.readStop(),
    resume: () => void handle?.readStart(),
    close: () => void server.close(),
  };
}

/** Null where a Node to come does not let a listening socket be paused like any other stream: then the gate holds what comes. */
function pausableHandle(server: Server): Handle | null {
  const { _handle: handle } = server as Server & { readonly _handle?: Partial<Handle> | null };
  if (typeof handle?.readStart !== 'function' || typeof handle.readStop !== 'function') return null;
  // libuv ends the watch only of what has begun to read, which says nothing of a socket that listens.
  return handle.readStart() === 0 ? (handle as Handle) : null;
}
