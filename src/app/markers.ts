import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe } from '../support/describe.ts';
import { mark } from '../support/marks.ts';
import type { FetchEnv } from './adapters/fetch.ts';

/** A function of a Request that returns a Response; `never` stands for whatever else it takes. */
export type FetchHandler = (request: Request, ...rest: never[]) => unknown;

/** What answers a Request: a function, or an object that has one as its `fetch`. */
export type FetchApplication = FetchHandler | { readonly fetch: FetchHandler };

/** A function that answers with the second of its arguments, `(req, res)`, of whatever types a framework gives them. */
export type NodeApplication = (...args: never[]) => unknown;

/** Marks a function, or an object with `fetch`, as a fetch application, whatever parameters it declares; returns it. */
export function fetch<App extends (request: Request, env: FetchEnv) => unknown>(app: App): App;
export function fetch<App extends FetchApplication>(app: App): App;
export function fetch(app: FetchApplication): FetchApplication {
  if (typeof app === 'function') return mark(app, 'fetch', () => forwarding(app));
  if (typeof app === 'object' && app !== null && typeof app.fetch === 'function')
    return mark(app, 'fetch', () => ({ fetch: (...args) => app.fetch(...args) }));
  const mixedUp = isRequestLike(app)
    ? '; the global fetch() is globalThis.fetch() where this one is imported'
    : '';
  throw new TypeError(
    `fetch() of tsunicorn marks an application: a function of a Request or an object with fetch(), not ${describe(app)}${mixedUp}`,
  );
}

/** Marks a function as a Node listener, whatever parameters it declares; returns it. */
export function node<App extends (req: IncomingMessage, res: ServerResponse) => unknown>(app: App): App;
export function node<App extends NodeApplication>(app: App): App;
export function node(app: NodeApplication): NodeApplication {
  if (typeof app !== 'function')
    throw new TypeError(
      `node() takes a function (req, res), not ${describe(app)}; a server or a framework's application is exported as it is`,
    );
  return mark(app, 'node', () => forwarding(app));
}

function forwarding<App>(app: App): App {
  const target = app as (...args: never[]) => unknown;
  const call = (...args: never[]) => target(...args);
  return call as App;
}

function isRequestLike(value: unknown): boolean {
  return typeof value === 'string' || value instanceof URL || value instanceof Request;
}
