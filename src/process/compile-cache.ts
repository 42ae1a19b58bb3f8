import { dirname, join } from 'node:path';
import { fs } from '../support/builtins.ts';

/**
 * Keeps compiled code between starts, which takes away what type stripping and parsing cost. In the user's own cache
 * directory rather than Node's default under the shared /tmp, where another user could plant code.
 * NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE are respected. A directory that cannot be written is no error.
 */
export function enableCompileCache(): void {
  const { HOME, XDG_CACHE_HOME, NODE_COMPILE_CACHE } = process.env;
  const base = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  if (NODE_COMPILE_CACHE || !base) return;
  const directory = join(base, 'tsunicorn');
  if (isOurs(directory)) process.getBuiltinModule('node:module').enableCompileCache(directory);
}

/** Writes the cache now: a process that is killed later writes none. */
export function flushCompileCache(): void {
  process.getBuiltinModule('node:module').flushCompileCache();
}

/**
 * Makes the directory, and the one it is in, where they are missing; whether nobody but root and our own group can change
 * what is in it, nor put another in its place. HOME may be another user's (`sudo -E`), or open to all.
 */
export function isOurs(directory: string): boolean {
  try {
    // Not recursive: Node never ends where a parent can neither be found nor made (a dangling link, /proc).
    for (const path of [dirname(directory), directory])
      if (!fs.existsSync(path)) fs.mkdirSync(path, { mode: 0o700 });
    const real = fs.realpathSync(directory);
    return isSafe(real, false) && ancestorsOf(real).every((path) => isSafe(path, true));
  } catch {
    // It cannot be made, or not be looked at: then it cannot be used either.
    return false;
  }
}

function ancestorsOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...ancestorsOf(above)];
}

/** Whether none but root, we and our group may write there. In a sticky directory, none may replace another's entry. */
function isSafe(path: string, mayBeSticky: boolean): boolean {
  const { uid, gid, mode } = fs.statSync(path);
  // Where each user has a group of the same name, its files are the group's to write too.
  const others = gid === process.getegid?.() ? 0o002 : 0o022;
  const isOpen = (mode & others) !== 0 && !(mayBeSticky && (mode & 0o1000) !== 0);
  return (uid === 0 || uid === process.geteuid?.()) && !isOpen;
}
