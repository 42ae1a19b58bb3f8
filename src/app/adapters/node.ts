import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Application, Handler } from '../application.ts';
import { appError } from '../failure.ts';
import { doubtListener } from '../mistaken.ts';
import { hasMethods } from './shapes.ts';

type AnyFunction = (...args: never[]) => unknown;

export function isServer(value: unknown): value is Server {
  return (
    typeof value === 'object' &&
    value !== null &&
    hasMethods(value, 'listen', 'emit', 'listeners', 'listenerCount') &&
    'listening' in value
  );
}

/** A function that is called as a Node listener, `since` that is what it looks like. */
export function adaptListener(value: AnyFunction, spec: string, since: string): Application {
  return { what: 'Node listener', handler: value as Handler, doubt: doubtListener(spec, since) };
}

/** An Express or Connect application. */
export function adaptMiddlewareStack(value: AnyFunction): Application {
  const what = 'settings' in value ? 'Express application' : 'Connect application';
  return { what, handler: value as Handler };
}

/** Whether a function is an Express or Connect application, whatever parameters it declares. */
export function isMiddlewareStack(value: object): boolean {
  return hasMethods(value, 'handle', 'use');
}

/** A server that does not listen: its own listeners get the requests and upgrades. */
export function adaptServer(server: Server, spec: string): Application {
  if (server.listening)
    throw appError(`${spec}: the http.Server listens already; export it without calling listen()`);
  if (server.listenerCount('request') === 0)
    throw appError(`${spec}: the http.Server has no request listener; give one to createServer()`);
  const handler: Handler = (req, res) => callListeners(server, req, res);
  const application = { what: 'http.Server', handler } as const;
  if (server.listenerCount('upgrade') === 0) return application;
  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) =>
    void server.emit('upgrade', req, socket, head);
  return { ...application, upgrade };
}

function callListeners(server: Server, ...[req, res]: Parameters<RequestListener>): unknown {
  const listeners = server.rawListeners('request');
  const [only] = listeners;
  // emit() would drop the promise of an async listener, and with it the error to be logged.
  if (listeners.length === 1 && only !== undefined) return Reflect.apply(only, server, [req, res]);
  return server.emit('request', req, res);
}
