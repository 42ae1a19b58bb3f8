import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** On a socket of which a request was refused. */
const REFUSED = Symbol('refused');

interface Marked extends Socket {
  [REFUSED]?: true;
}

/**
 * Answers a request that is wrong, in the application's place, and closes its connection: what a client that is mistaken,
 * or means harm, has sent behind it is neither run nor answered.
 */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
): void {
  (request.socket as Marked)[REFUSED] = true;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusCode = status;
  response.setHeader('Connection', 'close');
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}

/** Whether a request of the connection was refused. */
export function isRefused(socket: Marked): boolean {
  return socket[REFUSED] === true;
}
