import type { IncomingMessage, Server } from 'node:http';

const EVENT = Symbol('event');

interface Noted extends IncomingMessage {
  [EVENT]?: string;
}

/** Records that a request came by an event of its server other than `request`. */
export function noteEvent(request: Noted, event: string): void {
  request[EVENT] = event;
}

/** The event of its server by which a request came. */
export function eventOf(request: Noted): string {
  return request[EVENT] ?? 'request';
}

const SERVER = Symbol('server');

interface OfServer {
  [SERVER]?: Server;
}

/** Records of which server a request, or a stream of HTTP/2, is, where that is not the first one of its program. */
export function noteServer(request: object, server: Server): void {
  (request as OfServer)[SERVER] = server;
}

/** Undefined where it is of the first one. */
export function serverOf(request: object): Server | undefined {
  return (request as OfServer)[SERVER];
}
