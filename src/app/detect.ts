import type { IncomingMessage } from 'node:http';
import { bareContext, type GatewayContext } from '../gateway/context.ts';
import { isWsgi } from '../gateway/wsgi.ts';
import type { Fetch } from './adapters/fetch.ts';
import {
  adaptFastify,
  adaptKoa,
  adaptListener,
  adaptNest,
  adaptServer,
  isFastify,
  isKoa,
  isMiddlewareStack,
  isNest,
  isServer,
} from './adapters/node.ts';
import type { Application } from './application.ts';
import { describe, isClass } from './describe.ts';
import { appError } from './failure.ts';

export interface DetectOptions {
  /** What the operator wrote, for error lines. */
  readonly spec: string;
  /** Errors that a framework answers itself and reports by an event. */
  readonly onError: (error: unknown, req?: IncomingMessage) => void;
  /** What applications of the gateway interface are told of the server; a bare context where it is not given. */
  readonly gateway?: GatewayContext;
}

const EXPECTED =
  'expected is a function (req, res), a fetch handler, wsgi(function), an object with fetch(), an Express, Connect, Koa, Fastify or NestJS application, or an http.Server';

/**
 * Makes an Application of a value by its shape alone: no framework is imported. Throws a BootError with exit status 4
 * where the shape is unknown or the application does not get ready.
 */
export async function detect(value: unknown, options: DetectOptions): Promise<Application> {
  const { spec, onError } = options;
  if (isWsgi(value)) {
    const { adaptWsgi } = await import('./adapters/wsgi.ts');
    return adaptWsgi(value, { context: options.gateway ?? bareContext, onError });
  }
  if (isClass(value)) throw appError(`${spec}: it is ${describe(value)}, not an instance of it; ${EXPECTED}`);
  if (typeof value === 'function') return detectFunction(value as Fetch, spec);
  if (typeof value === 'object' && value !== null) {
    if (isNest(value)) return adaptNest(value, spec);
    if (isFastify(value)) return adaptFastify(value, spec);
    if (hasFetch(value)) return fetchObject(value, spec);
    if (isKoa(value)) return adaptKoa(value, onError);
    if (isServer(value)) return adaptServer(value, spec);
  }
  throw appError(`${spec}: it is ${describe(value)}; ${EXPECTED}`);
}

async function detectFunction(value: Fetch, spec: string): Promise<Application> {
  if (hasFetch(value)) return fetchObject(value, spec);
  if (isMiddlewareStack(value) || value.length >= 2) return adaptListener(value);
  const { adaptFetch } = await import('./adapters/fetch.ts');
  return adaptFetch(value, 'fetch handler', spec);
}

async function fetchObject(value: { readonly fetch: Fetch }, spec: string): Promise<Application> {
  const { adaptFetch } = await import('./adapters/fetch.ts');
  return adaptFetch((request, env) => value.fetch(request, env), nameOf(value), spec);
}

function hasFetch(value: object): value is { readonly fetch: Fetch } {
  return 'fetch' in value && typeof value.fetch === 'function';
}

function nameOf(value: object): string {
  const maker: unknown = typeof value === 'function' ? Object : value.constructor;
  const name = typeof maker === 'function' && maker !== Object ? maker.name : '';
  return name === '' ? 'object with fetch()' : `${name} application`;
}
