import { describe } from '../../support/describe.ts';
import { MOUNT_PATH, mountPathOf } from '../../support/mount-path.ts';

// Of the registry, so that a second copy of the package, as npm may install one, makes what this one serves.
const MOUNTS = Symbol.for('tsunicorn.mounts');

/** Applications, each under its path as mountPathOf() has it. */
export type MountedApps = ReadonlyMap<string, unknown>;

/** Several applications that are served as one; export it. */
export interface Mount {
  readonly [MOUNTS]: MountedApps;
}

/**
 * Puts applications of any kind, each under a path, together into one: `mount({ '/api': api, '/': site })`. The longest path
 * that a request is under wins. Throws a TypeError for a path that cannot be served, or that comes twice.
 */
export function mount(applications: Readonly<Record<string, object>>): Mount {
  if (typeof applications !== 'object' || applications === null || Array.isArray(applications))
    throw new TypeError(
      `mount() takes an object of paths and applications, such as { '/api': api }, not ${describe(applications)}`,
    );
  const mounted = new Map<string, unknown>();
  for (const [text, application] of Object.entries(applications)) {
    const path = mountPathOf(text);
    if (path === null) throw new TypeError(`mount(): expected ${MOUNT_PATH}, got ${JSON.stringify(text)}`);
    if (mounted.has(path)) throw new TypeError(`mount(): ${text} is there twice; remove one of the two`);
    mounted.set(path, application);
  }
  if (mounted.size === 0)
    throw new TypeError("mount() was given no application; write mount({ '/api': api, '/': site })");
  return Object.freeze({ [MOUNTS]: mounted });
}

/** What mount(), of this or another copy of the package, has put together; null for any other value. */
export function mountsOf(value: object): MountedApps | null {
  // Not by reading the property, for which a proxy may invent a value.
  const found: unknown = Reflect.getOwnPropertyDescriptor(value, MOUNTS)?.value;
  return found instanceof Map ? found : null;
}
