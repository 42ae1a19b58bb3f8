import type { IncomingMessage } from 'node:http';
import { bareContext, contextAt, type GatewayContext } from '../gateway/context.ts';
import type { GatewayApplication } from '../gateway/types.ts';
import { describe, isClass } from '../support/describe.ts';
import { markOf } from '../support/marks.ts';
import type { Fetch, FetchOptions } from './adapters/fetch.ts';
import { adaptListener, adaptMiddlewareStack, isMiddlewareStack, isServer } from './adapters/node.ts';
import { hasMethods } from './adapters/shapes.ts';
import type { Application } from './application.ts';
import { inContexts } from './contexts.ts';
import { appError } from './failure.ts';
import { type MountedApps, mountsOf } from './mounted-apps.ts';

export interface DetectOptions {
  /** What the operator wrote, for error lines. */
  readonly spec: string;
  /** `module:export` of the value; null where a factory made it. */
  readonly name?: string | null;
  /** Errors that a framework answers itself and reports by an event. */
  readonly onError: (error: unknown, req?: IncomingMessage) => void;
  /** What applications of the gateway interface are told about the server; by default a minimal context. */
  readonly gateway?: GatewayContext;
}

/**
 * Makes an Application of a value, by its marker or its shape alone: no framework is imported. Throws a BootError with
 * exit status 4 if the shape is unknown or the application does not get ready.
 */
export async function detect(value: unknown, options: DetectOptions): Promise<Application> {
  // Its parts have contexts of their own.
  const mounts = typeof value === 'object' && value !== null ? mountsOf(value) : null;
  if (mounts !== null) return detectMounts(mounts, options);
  const application = await adapt(value, options);
  const { spec, gateway = bareContext } = options;
  return inContexts(application, { name: spec, path: gateway.mountPath, value });
}

async function adapt(value: unknown, options: DetectOptions): Promise<Application> {
  const { spec, name = spec } = options;
  if (typeof value === 'function') return detectFunction(value as Fetch, options);
  const found = typeof value === 'object' && value !== null ? await detectObject(value, options) : null;
  if (found !== null) return found;
  const { explainUnknown } = await import('./cures.ts');
  throw appError(`${spec}: ${explainUnknown(value, name)}`);
}

async function detectFunction(value: Fetch, options: DetectOptions): Promise<Application> {
  const { spec, onError, gateway } = options;
  switch (markOf(value)) {
    case 'wsgi': {
      const { adaptWsgi } = await import('./adapters/wsgi.ts');
      return adaptWsgi(value as unknown as GatewayApplication, { context: gateway ?? bareContext, onError });
    }
    case 'node':
      return adaptListener(value, spec, 'it is marked by node()');
    case 'fetch':
      return adaptFetch(value, { what: 'fetch handler', isSure: true }, options);
  }
  if (isClass(value))
    throw appError(`${spec}: it is ${describe(value)}, not an instance of it; ${HOW_TO_MAKE}`);
  if (hasFetch(value)) return fetchObject(value, options);
  if (isMiddlewareStack(value)) {
    const { setUp } = await import('./adapters/frameworks.ts');
    return setUp(value, spec, adaptMiddlewareStack(value));
  }
  if (value.length >= 2) return adaptListener(value, spec, `it has ${value.length} parameters`);
  return adaptFetch(value, { what: 'fetch handler', isSure: false }, options);
}

const HOW_TO_MAKE = 'export new …(), or a factory that makes one';

/** Null where its shape is unknown. */
async function detectObject(value: object, options: DetectOptions): Promise<Application | null> {
  const { spec, onError } = options;
  // First, since proxies that invent their methods (itty-router) really have this one.
  if (hasFetch(value)) return fetchObject(value, options);
  if (isServer(value)) return (await import('./adapters/server.ts')).adaptServer(value, spec);
  const frameworks = await import('./adapters/frameworks.ts');
  if (frameworks.isNest(value)) return frameworks.adaptNest(value, spec);
  if (frameworks.isFastify(value)) return frameworks.adaptFastify(value, spec);
  if (frameworks.isHapi(value)) return frameworks.adaptHapi(value, spec);
  if (frameworks.isLoopBack(value)) return frameworks.adaptLoopBack(value, spec);
  if (frameworks.isKoa(value)) return frameworks.adaptKoa(value, spec, onError);
  if (frameworks.isPolka(value)) return frameworks.adaptPolka(value, spec);
  if (frameworks.ownsServer(value)) return frameworks.adaptServerOwner(value, spec);
  return null;
}

async function detectMounts(mounts: MountedApps, options: DetectOptions): Promise<Application> {
  const { adaptMounts } = await import('./mount/adapt-mounts.ts');
  const { spec, gateway = bareContext } = options;
  const routes = await Promise.all(
    Array.from(mounts, async ([path, value]) => {
      const name = `${spec} (${path || '/'})`;
      const own = { ...options, spec: name, name: null, gateway: contextAt(path, gateway) };
      return { path, name, application: await detect(value, own) };
    }),
  );
  return adaptMounts(routes, gateway);
}

async function fetchObject(value: { readonly fetch: Fetch }, options: DetectOptions): Promise<Application> {
  const call: Fetch = (request, env) => value.fetch(request, env);
  return adaptFetch(call, { what: nameOf(value), isSure: true }, options);
}

async function adaptFetch(
  fetch: Fetch,
  how: Pick<FetchOptions, 'what' | 'isSure'>,
  { spec, gateway = bareContext }: DetectOptions,
): Promise<Application> {
  const adapter = await import('./adapters/fetch.ts');
  return adapter.adaptFetch(fetch, {
    ...how,
    spec,
    rootPath: gateway.rootPath,
    mountPath: gateway.mountPath,
  });
}

function hasFetch(value: object): value is { readonly fetch: Fetch } {
  return hasMethods(value, 'fetch');
}

function nameOf(value: object): string {
  const maker: unknown = typeof value === 'function' ? Object : value.constructor;
  const name = typeof maker === 'function' && maker !== Object ? maker.name : '';
  return name === '' ? 'object with fetch()' : `${name} application`;
}
