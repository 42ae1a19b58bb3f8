import { util } from '../support/builtins.ts';
import { messageOf } from '../support/errors.ts';
import { hasMethods } from './adapters/shapes.ts';
import { appError, stackOf } from './failure.ts';
import type { AppSpec } from './spec.ts';

/**
 * Wraps a value so that asynchronous functions return it as it is. An application with a `then` (Fastify's, or one that a
 * proxy invents) would otherwise be awaited on the way, some for ever.
 */
export interface Held {
  readonly value: unknown;
}

/** The value of a promise; anything else as it is. `name` is used in the error if the promise rejects. */
export async function settle(spec: AppSpec, value: unknown, name: string): Promise<Held> {
  if (!isPromiseLike(value)) return { value };
  try {
    return { value: await value };
  } catch (error) {
    throw threw(spec, name, 'rejected', error);
  }
}

/** The error for code of the application that failed. */
export function threw(spec: AppSpec, name: string, verb: 'threw' | 'rejected', error: unknown) {
  return appError(`${spec.text}: ${name} ${verb}: ${messageOf(error)}`, stackOf(error));
}

/** Whether it is a promise, also of another library or realm, and not an application that also has a `then`, which gets ready later. */
function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  if (util.types.isPromise(value)) return true;
  return hasMethods(value, 'then') && !['fetch', 'listen', 'inject', 'handler'].some((name) => name in value);
}
