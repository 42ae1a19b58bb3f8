import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Where the entry of a package is that is not installed with ours: beside it, or in the project at `cwd`. Null where it is
 * missing, or one of `peers`, which npm does not install with it.
 */
export function findPackage(name: string, peers: readonly string[], cwd: string): string | null {
  for (const from of [import.meta.url, join(cwd, 'package.json')]) {
    try {
      const found = createRequire(from).resolve(name);
      for (const peer of peers) createRequire(found).resolve(peer);
      return found;
    } catch {
      // It may be at the other place.
    }
  }
  return null;
}
