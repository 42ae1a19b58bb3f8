import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../errors.ts';
import type { Application, Handler } from '../application.ts';
import { appError, stackOf } from '../failure.ts';

type AnyFunction = (...args: never[]) => unknown;

/** Koa, as far as it is used. */
interface KoaShape {
  callback(): Handler;
  on(
    event: 'error',
    listener: (error: unknown, context?: { readonly req?: IncomingMessage }) => void,
  ): unknown;
  listenerCount(event: string): number;
}

/** Fastify, as far as it is used. */
interface FastifyShape {
  ready(): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
  readonly server: Server;
}

/** A NestJS application, as far as it is used. */
interface NestShape {
  init(): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
  getHttpServer(): unknown;
  getHttpAdapter(): { getInstance(): unknown };
}

export function isKoa(value: object): value is KoaShape {
  return hasMethods(value, 'callback', 'on', 'listenerCount') && 'middleware' in value;
}

export function isFastify(value: object): value is FastifyShape {
  return hasMethods(value, 'ready', 'inject', 'close') && 'server' in value && isServer(Object(value.server));
}

export function isNest(value: object): value is NestShape {
  return hasMethods(value, 'getHttpAdapter', 'getHttpServer', 'init', 'close');
}

export function isServer(value: object): value is Server {
  return hasMethods(value, 'listen', 'emit', 'listeners', 'listenerCount') && 'listening' in value;
}

/** A function of two or more parameters; Express and Connect applications are such functions. */
export function adaptListener(value: AnyFunction): Application {
  return { what: nameListener(value), handler: value as Handler };
}

/** Whether a function is an Express or Connect application, whatever parameters it declares. */
export function isMiddlewareStack(value: object): boolean {
  return hasMethods(value, 'handle', 'use');
}

function nameListener(value: object): string {
  if (!isMiddlewareStack(value)) return 'Node listener';
  return 'settings' in value ? 'Express application' : 'Connect application';
}

export function adaptKoa(
  app: KoaShape,
  onError: (error: unknown, req?: IncomingMessage) => void,
): Application {
  // Where nobody listens, Koa prints to the console. It answers what it reports, and means some of it for the client alone.
  if (app.listenerCount('error') === 0)
    app.on('error', (error, context) => {
      if (!isForClient(error)) onError(error, context?.req);
    });
  return { what: 'Koa application', handler: app.callback() };
}

function isForClient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return ('status' in error && error.status === 404) || ('expose' in error && error.expose === true);
}

export async function adaptFastify(app: FastifyShape, spec: string): Promise<Application> {
  await ready(spec, 'Fastify', () => app.ready());
  return { ...adaptServer(app.server, spec), what: 'Fastify application', close: closer(app) };
}

export async function adaptNest(app: NestShape, spec: string): Promise<Application> {
  await ready(spec, 'NestJS', () => app.init());
  const instance = Object(app.getHttpAdapter().getInstance());
  if (isFastify(instance)) await ready(spec, 'Fastify', () => instance.ready());
  const server = app.getHttpServer();
  if (!isServer(Object(server)))
    throw appError(`${spec}: the NestJS application has no HTTP server of its own`);
  return { ...adaptServer(server as Server, spec), what: 'NestJS application', close: closer(app) };
}

async function ready(spec: string, framework: string, start: () => PromiseLike<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    throw appError(
      `${spec}: the ${framework} application did not get ready: ${messageOf(error)}`,
      stackOf(error),
    );
  }
}

function closer(app: { close(): PromiseLike<unknown> }): () => Promise<void> {
  return async () => {
    await app.close();
  };
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

function hasMethods(value: object, ...names: readonly string[]): boolean {
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}
