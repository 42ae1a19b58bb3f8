import net, { type Server, type ServerOpts, type Socket } from 'node:net';
import type { HandedListener } from '../../src/process/ipc.ts';

/** One inherited listening socket, which the gate opens, pauses and closes. */
export interface ListenerDoor {
  readonly address: ReturnType<Server['address']>;
  /** Stops accepting until `resume`, so that other workers take what the kernel queues. The pair costs 0.1 µs. */
  pause(): void;
  resume(): void;
  close(): void;
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

/** Null if a later Node cannot pause a listening socket like any other stream; then the gate holds what comes. */
function pausableHandle(server: Server): Handle | null {
  const { _handle: handle } = server as Server & { readonly _handle?: Partial<Handle> | null };
  if (typeof handle?.readStart !== 'function' || typeof handle.readStop !== 'function') return null;
  // libuv stops the watch only of a stream that has started to read, and a listening socket has not.
  return handle.readStart() === 0 ? (handle as Handle) : null;
}
