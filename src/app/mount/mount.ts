import { describe } from '../../support/describe.ts';
import { MOUNT_PATH, mountPathOf } from '../../support/mount-path.ts';
import { MOUNTS, type MountedApps } from '../mounted-apps.ts';

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
