import net, { type Server, type ServerOpts, type Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import { fs } from '../src/builtins.ts';
import type { HandedListener } from '../src/ipc.ts';
import { STDIN_FD } from './stdin.ts';

/** One inherited socket as the gate opens, pauses and closes it. */
export interface Door {
  readonly address: ReturnType<Server['address']>;
  /** Stops accepting until `resume`; a Unix socket that is not on KEPT_FD goes on, and what comes must be held. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Where libuv keeps the descriptor open when its handle closes: 0 to 2 (uv__stream_close, all of libuv 1.x). */
const KEPT_FD = STDIN_FD;

/** Listens on an inherited socket; `accept` gets its connections. Rejects with the system error. */
export async function openDoor(
  listener: HandedListener,
  { backlog, ...options }: ServerOpts & { readonly backlog: number },
  accept: (socket: Socket) => void,
): Promise<Door> {
  const server = net.createServer(options, accept);
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    // listen({fd, backlog}) ignores its backlog; given as a second argument it reaches the kernel.
    server.listen({ fd: listener.fd }, backlog, listening);
  });
  const address = server.address();
  if (listener.fd === KEPT_FD) return keptDoor(server, backlog);
  // Node moves listening TCP servers on Unix only; a Unix-socket server throws.
  return typeof address === 'object' && address !== null
    ? movedDoor(server, accept)
    : { address, pause: () => {}, resume: () => {}, close: () => void server.close() };
}

/** The descriptor outlives the handle, so closing and listening again pauses and resumes: 4 µs, TCP and Unix. */
function keptDoor(server: Server, backlog: number): Door {
  return {
    address: server.address(),
    pause: () => void server.close(),
    resume() {
      if (!server.listening) server.listen({ fd: KEPT_FD }, backlog);
    },
    close() {
      if (server.listening) server.close();
      // Now the descriptor too, or the kernel would queue connections for us; nothing else may get its number.
      fs.closeSync(KEPT_FD);
      fs.openSync('/dev/null', 'r');
    },
  };
}

/**
 * Posts the listening server to ourselves: while it is in transit nothing accepts, and the queue keeps filling. 20 µs,
 * TCP alone; each turn sets the kernel's backlog to Node's 511.
 */
function movedDoor(first: Server, accept: (socket: Socket) => void): Door {
  let place: Server | { readonly from: MessagePort; readonly to: MessagePort } = first;
  const door: Door = {
    address: first.address(),
    pause() {
      if (place instanceof net.Server) place = park(place);
    },
    resume() {
      if (place instanceof net.Server) return;
      const { receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');
      const server = receiveMessageOnPort(place.to)?.message as Server;
      place.from.close();
      place = server.on('connection', accept);
    },
    close() {
      door.resume();
      if (place instanceof net.Server) place.close();
    },
  };
  return door;
}

function park(server: Server): { from: MessagePort; to: MessagePort } {
  const { MessageChannel } = process.getBuiltinModule('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  port2.unref();
  // The type of transferable things does not name net.Server yet.
  port1.postMessage(server, [server as unknown as ArrayBuffer]);
  return { from: port1, to: port2 };
}
