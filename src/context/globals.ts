import { currentContext } from './current.ts';

/**
 * What `g` holds. Declare your own with
 * `declare module 'tsunicorn/context' { interface Globals { user?: User } }`.
 */
export interface Globals {
  [name: string]: unknown;
}

function globals(): object {
  const { extras } = currentContext('g');
  // Without a prototype, so that it has nothing but what was put into it.
  extras.globals ??= Object.create(null) as object;
  return extras.globals;
}

/** Where code of one context leaves values for other code of the same. It begins empty; using it outside a context throws. */
export const g: Globals = new Proxy<Globals>(Object.create(null), {
  get: (_target, name) => Reflect.get(globals(), name),
  set: (_target, name, value) => Reflect.set(globals(), name, value),
  has: (_target, name) => Reflect.has(globals(), name),
  deleteProperty: (_target, name) => Reflect.deleteProperty(globals(), name),
  ownKeys: () => Reflect.ownKeys(globals()),
  getOwnPropertyDescriptor: (_target, name) => Reflect.getOwnPropertyDescriptor(globals(), name),
  defineProperty: (_target, name, descriptor) =>
    // The proxy's own target has no such property, and may not seem to have one that cannot be changed.
    Reflect.defineProperty(globals(), name, { ...descriptor, configurable: true }),
});
