import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { messageOf } from '../../support/errors.ts';
import type { Application, Handler } from '../application.ts';
import { faultOf } from '../client-fault.ts';
import { appError, stackOf } from '../failure.ts';
import { isServer } from './node.ts';
import { adaptServer } from './server.ts';
import { hasMethods } from './shapes.ts';

// Each shape has the methods that are used here, and enough others to be told apart.

interface KoaContext {
  readonly req?: IncomingMessage;
  readonly res?: ServerResponse;
}

/** Koa, and Feathers over Koa. */
interface KoaShape {
  callback(): Handler;
  on(event: 'error', listener: (error: unknown, context?: KoaContext) => void): unknown;
  listenerCount(event: string): number;
}

interface FastifyShape {
  ready(): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
  readonly server: Server;
}

interface NestShape {
  init(): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
  getHttpServer(): unknown;
  getHttpAdapter(): { getInstance(): unknown };
}

interface HapiShape {
  initialize(): PromiseLike<unknown>;
  stop(): PromiseLike<unknown>;
  readonly listener: Server;
}

interface LoopBackShape {
  start(): PromiseLike<unknown>;
  stop(): PromiseLike<unknown>;
  readonly requestHandler: Handler;
  readonly restServer: { readonly listening?: boolean; readonly config?: { listenOnStart?: boolean } };
}

/** Polka and tinyhttp: an object whose `handler` is a Node listener. */
interface PolkaShape {
  readonly handler: Handler;
  readonly server?: unknown;
}

/** Restify: an object with a server of its own, which has its listeners from the start. */
interface ServerOwnerShape {
  readonly server: Server;
}

/** Feathers over Express or Koa: listen() would set up its services, but is never called. */
interface FeathersShape {
  setup(): PromiseLike<unknown>;
  teardown(): PromiseLike<unknown>;
}

export function isKoa(value: object): value is KoaShape {
  return hasMethods(value, 'callback', 'on', 'listenerCount') && 'middleware' in value;
}

export function isFastify(value: object): value is FastifyShape {
  return hasMethods(value, 'ready', 'inject', 'close') && 'server' in value && isServer(value.server);
}

export function isNest(value: object): value is NestShape {
  return hasMethods(value, 'getHttpAdapter', 'getHttpServer', 'init', 'close');
}

export function isHapi(value: object): value is HapiShape {
  return hasMethods(value, 'initialize', 'stop', 'inject') && 'listener' in value && isServer(value.listener);
}

export function isLoopBack(value: object): value is LoopBackShape {
  return hasMethods(value, 'start', 'stop') && 'requestHandler' in value && 'restServer' in value;
}

export function isPolka(value: object): value is PolkaShape {
  return hasMethods(value, 'handler', 'use', 'listen');
}

export function ownsServer(value: object): value is ServerOwnerShape {
  return (
    hasMethods(value, 'listen') &&
    'server' in value &&
    isServer(value.server) &&
    value.server.listenerCount('request') > 0
  );
}

export function isFeathers(value: object): value is FeathersShape {
  return hasMethods(value, 'setup', 'teardown', 'service') && 'services' in value;
}

export async function adaptKoa(
  app: KoaShape,
  spec: string,
  onError: (error: unknown, req?: IncomingMessage) => void,
): Promise<Application> {
  // Without a listener Koa prints errors to the console. It answers what it reports, and some of that is for the client only.
  if (app.listenerCount('error') === 0)
    app.on('error', (error, context) => {
      if (!isForClient(error) && !isOfClient(error, context)) onError(error, context?.req);
    });
  return setUp(app, spec, { what: 'Koa application', handler: app.callback() });
}

function isOfClient(error: unknown, { req, res }: KoaContext = {}): boolean {
  const fault = req && res ? faultOf(error, req, res) : null;
  // Koa answers with it.
  if (fault === 'malformed') Object.assign(error as Error, { status: 400 });
  return fault !== null;
}

function isForClient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return ('status' in error && error.status === 404) || ('expose' in error && error.expose === true);
}

/** An application of Feathers, set up; any other as it is. */
export async function setUp(app: object, spec: string, application: Application): Promise<Application> {
  if (!isFeathers(app)) return application;
  await ready(spec, 'Feathers', () => app.setup());
  return { ...application, what: 'Feathers application', close: closer(() => app.teardown()) };
}

/** What Fastify sets on its server by default. */
const FASTIFY = { keepAliveTimeout: 72_000, requestTimeout: 0 };

export async function adaptFastify(app: FastifyShape, spec: string): Promise<Application> {
  await ready(spec, 'Fastify', () => app.ready());
  return {
    ...adaptServer(app.server, spec, 'framework', FASTIFY),
    what: 'Fastify application',
    close: closer(() => app.close()),
  };
}

export async function adaptNest(app: NestShape, spec: string): Promise<Application> {
  await ready(spec, 'NestJS', () => app.init());
  const instance = Object(app.getHttpAdapter().getInstance());
  if (isFastify(instance)) await ready(spec, 'Fastify', () => instance.ready());
  const server = app.getHttpServer();
  const defaults = isFastify(instance) ? FASTIFY : {};
  if (!isServer(server)) throw appError(`${spec}: the NestJS application has no HTTP server of its own`);
  return {
    ...adaptServer(server, spec, 'framework', defaults),
    what: 'NestJS application',
    close: closer(() => app.close()),
  };
}

export async function adaptHapi(app: HapiShape, spec: string): Promise<Application> {
  const application = adaptServer(app.listener, spec, 'framework');
  await ready(spec, 'hapi', () => app.initialize());
  return {
    ...application,
    what: 'hapi server',
    close: closer(() => app.stop()),
  };
}

export async function adaptLoopBack(app: LoopBackShape, spec: string): Promise<Application> {
  const { config, listening } = app.restServer;
  if (listening === true)
    throw appError(`${spec}: the LoopBack application already listens; export it without calling start()`);
  // start() does more than to listen, such as connecting data sources.
  if (config) config.listenOnStart = false;
  await ready(spec, 'LoopBack', () => app.start());
  return {
    what: 'LoopBack application',
    handler: app.requestHandler,
    close: closer(() => app.stop()),
  };
}

export function adaptPolka(app: PolkaShape, spec: string): Application {
  const what = `${nameOf(app)} application`;
  const handler: Handler = (req, res) => app.handler(req, res);
  if (!isServer(app.server)) return { what, handler };
  // As its listen() does with a given server, mostly for WebSockets.
  app.server.on('request', handler);
  return { ...adaptServer(app.server, spec), what };
}

export function adaptServerOwner(app: ServerOwnerShape, spec: string): Application {
  return { ...adaptServer(app.server, spec, 'framework'), what: 'application with an http.Server' };
}

function nameOf(value: object): string {
  const maker: unknown = value.constructor;
  return typeof maker === 'function' && maker !== Object ? maker.name : 'Polka';
}

async function ready(spec: string, framework: string, start: () => PromiseLike<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    throw appError(
      `${spec}: the ${framework} application did not become ready: ${messageOf(error)}`,
      stackOf(error),
    );
  }
}

function closer(close: () => PromiseLike<unknown>): () => Promise<void> {
  return async () => {
    await close();
  };
}
