import { mark, markOf } from '../support/marks.ts';
import type { GatewayApplication } from './types.ts';

/**
 * Marks a function as an application of the gateway interface, which a server could not tell from a Node listener, and
 * returns it. Where there is middleware, the outermost function is the one to mark.
 */
export function wsgi<App extends GatewayApplication>(app: App): App {
  if (typeof app !== 'function')
    throw new TypeError(`wsgi() takes a function (environ, startResponse), not ${typeof app}`);
  const call: GatewayApplication = (environ, startResponse) => app(environ, startResponse);
  return mark(app, 'wsgi', () => call as App);
}

/** Whether `wsgi()` of this or another copy of the package has marked it. */
export function isWsgi(value: unknown): value is GatewayApplication {
  return typeof value === 'function' && markOf(value) === 'wsgi';
}
