import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../support/clock.ts';
import { whenDue } from '../deadlines.ts';

/** The property of a socket on which something was refused. */
const REFUSED = Symbol('refused');

type Marked = Socket & { [REFUSED]?: true };

/** How long a client may go on sending after it was refused. */
const LINGER_MS = 2000;

/** Whether something was refused on the connection: nothing that comes behind it is run or answered. */
export function isRefused(socket: Marked): boolean {
  return socket[REFUSED] === true;
}

export function markRefused(socket: Marked): void {
  socket[REFUSED] = true;
}

/**
 * Ends our side of a refused connection and throws away what its client still sends. If it were closed at once, the client
 * would get a reset, and might lose the answer (RFC 9112, 9.6). `error` is what the socket is destroyed with then.
 */
export function lingerOn(socket: Socket, clock: Clock, error: Error | null = null): void {
  const close = () => void socket.destroy(error ?? undefined);
  // Its client has ended: as Node does.
  if (socket.readableEnded) return error === null ? socket.destroySoon() : close();
  socket.end();
  socket.once('end', close);
  whenDue(socket, LINGER_MS, clock, close);
  // It may have been paused because too many requests waited on it.
  socket.resume();
}

/**
 * Answers a request for another protocol with nothing but a status such as `400 Bad Request`, and ends its connection.
 * `duplex` is what Node gave for the request, `socket` what is under it. Node no longer listens to either.
 */
export function refuseOn(duplex: Duplex, status: string, socket: Socket, clock: Clock): void {
  const close = () => void socket.destroy();
  duplex.on('error', () => {}).once('end', () => socket.destroySoon());
  duplex.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  whenDue(socket, LINGER_MS, clock, close);
  duplex.resume();
}
