import { join } from 'node:path';

/**
 * Keeps compiled code between starts, which takes away what type stripping and parsing cost. In the user's own cache
 * directory rather than Node's default under the shared /tmp, where another user could plant code.
 * NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE are respected. A directory that cannot be written is no error.
 */
export function enableCompileCache(): void {
  const { HOME, XDG_CACHE_HOME, NODE_COMPILE_CACHE } = process.env;
  const base = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  if (NODE_COMPILE_CACHE || !base) return;
  process.getBuiltinModule('node:module').enableCompileCache(join(base, 'tsunicorn'));
}

/** Writes the cache now: a process that is killed later writes none. */
export function flushCompileCache(): void {
  process.getBuiltinModule('node:module').flushCompileCache();
}
