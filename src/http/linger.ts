import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../support/clock.ts';
import { whenDue } from './deadlines.ts';

/** How long a client may go on sending after it got an answer with `Connection: close`. */
const LINGER_MS = 5000;

/**
 * Lets the client of an answered request send the rest of its body, which is discarded, before its connection is closed.
 * If it were closed at once, the client would get a reset and might lose an answer that it has not read, such as a 413
 * (RFC 9112, 9.6).
 */
export function lingerWhileSent(clock: Clock) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === 'GET' || request.method === 'HEAD') return;
    // Before Node's own listener, which calls destroySoon() after the last answer of a connection.
    response.prependOnceListener('finish', () => {
      // The response's socket: a request that was destroyed has none.
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
  // After the stream's own tick, in which it pauses because nothing listens.
  process.nextTick(() => request.resume());
}
