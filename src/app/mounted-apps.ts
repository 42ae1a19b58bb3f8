// Of the registry, so that a second copy of the package, as npm may install one, makes what this one serves.
export const MOUNTS = Symbol.for('tsunicorn.mounts');

/** Applications, each under its path as mountPathOf() has it. */
export type MountedApps = ReadonlyMap<string, unknown>;

/** What mount(), of this or another copy of the package, has put together; null for any other value. */
export function mountsOf(value: object): MountedApps | null {
  // Not by reading the property, for which a proxy may invent a value.
  const found: unknown = Reflect.getOwnPropertyDescriptor(value, MOUNTS)?.value;
  return found instanceof Map ? found : null;
}
