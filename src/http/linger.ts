import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../support/clock.ts';
import { whenDue } from './deadlines.ts';

/** A client may go on sending for this long, once it has its answer and was told that the connection ends. */
const LINGER_MS = 5000;

/**
 * Lets the client of an answered request send the rest of its body, which is thrown away, before its connection is
 * closed. Closed at once it would be reset, and a client that still sends may lose an answer that it has not read, such
 * as a 413 (RFC 9112, 9.6).
 */
export function lingerWhileSent(clock: Clock) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === 'GET' || request.method === 'HEAD') return;
    // Before Node's own, which closes the connection by destroySoon() where the answer is its last.
    response.prependOnceListener('finish', () => {
      // Of the response: a request that was destroyed has none any more.
      const { socket } = response;
      if (request.complete || socket === null || socket.destroyed) return;
      socket.destroySoon = () => {
        Reflect.deleteProperty(socket, 'destroySoon');
        if (request.complete) socket.destroySoon();
        else linger(request, socket, clock);
      };
    });
  };
}

function linger(request: IncomingMessage, socket: Socket, clock: Clock): void {
  const close = () => void socket.destroy();
  whenDue(socket, LINGER_MS, clock, close);
  socket.end();
  request.once('end', close).unpipe();
  for (const event of ['data', 'readable']) request.removeAllListeners(event);
  // Behind the stream's own tick, in which it stops as nobody listens.
  process.nextTick(() => request.resume());
}
