import type { GatewayApplication } from './types.ts';

// Of the registry, so that a second copy of the package, as npm may install one, marks and finds the same.
const MARK = Symbol.for('tsunicorn.wsgi');

/**
 * Marks a function as an application of the gateway interface, which a server could not tell from a Node listener, and
 * returns it. Where there is middleware, the outermost function is the one to mark.
 */
export function wsgi<App extends GatewayApplication>(app: App): App {
  if (typeof app !== 'function')
    throw new TypeError(`wsgi() takes a function (environ, startResponse), not ${typeof app}`);
  return Object.defineProperty(app, MARK, { value: true });
}

/** Whether `wsgi()` of this or another copy of the package has marked it. */
export function isWsgi(value: unknown): value is GatewayApplication {
  return typeof value === 'function' && Object.hasOwn(value, MARK);
}
