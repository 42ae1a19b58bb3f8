import { currentContext } from './current.ts';
import { atEnd } from './end.ts';
import type { Teardown } from './store.ts';

/**
 * Calls a function when the context ends: when the whole answer, or what there is of it, has been sent and the handler has
 * returned, or at the end of withApp(). It is called however that comes: with null, or with what the handler threw, the
 * TimeoutError of a time limit, or an error that says that the client has left. Functions are called in the reverse order;
 * a promise is awaited. What they throw is logged.
 */
export function teardown(fn: Teardown): void {
  if (typeof fn !== 'function') throw new TypeError('teardown() takes a function of the error, or null');
  atEnd(currentContext('teardown()'), fn);
}
