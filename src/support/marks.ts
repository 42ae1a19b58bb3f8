/** The interfaces between a server and an application that a value may be marked with. */
export type Interface = 'fetch' | 'node' | 'wsgi';

// Of the registry, so that a second copy of the package, as npm may install one, marks and finds the same.
const MARK = Symbol.for('tsunicorn.interface');

/**
 * Marks a value as an application of an interface, and returns it. Of a value that cannot be changed, such as a module's
 * namespace or a frozen function, `substitute` makes another one, which is marked in its place.
 */
export function mark<App extends object>(app: App, as: Interface, substitute: () => App): App {
  const before = markOf(app);
  if (before === as) return app;
  if (before !== null)
    throw new TypeError(`${as}() was given what ${before}() has marked; write one of the two`);
  if (Reflect.defineProperty(app, MARK, { value: as })) return app;
  return Object.defineProperty(substitute(), MARK, { value: as });
}

/** What this or another copy of the package has marked a value with; null where it is not marked. */
export function markOf(value: unknown): Interface | null {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return null;
  // Not by reading the property, for which a proxy may invent a value.
  const found: unknown = Reflect.getOwnPropertyDescriptor(value, MARK)?.value;
  return found === 'fetch' || found === 'node' || found === 'wsgi' ? found : null;
}
