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
 * Creates the directory and its parent where they are missing. Returns whether only root, this user and its own group can
 * change or replace what is in it: HOME may be another user's (`sudo -E`), or writable for all.
 */
export function isOurs(directory: string): boolean {
  try {
    // Not recursive: Node loops for ever where a parent can neither be found nor created (a dangling link, /proc).
    for (const path of [dirname(directory), directory])
      if (!fs.existsSync(path)) fs.mkdirSync(path, { mode: 0o700 });
    const real = fs.realpathSync(directory);
    return isSafe(real, false) && ancestorsOf(real).every((path) => isSafe(path, true));
  } catch {
    // It cannot be created or read, and so not be used.
    return false;
  }
}

function ancestorsOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...ancestorsOf(above)];
}

/** Whether only root, this user and its group may write there. In a sticky directory nobody can replace another user's entry. */
function isSafe(path: string, mayBeSticky: boolean): boolean {
  const { uid, gid, mode } = fs.statSync(path);
  // With a private group for each user, group-writable files are common.
  const others = gid === process.getegid?.() ? 0o002 : 0o022;
  const isOpen = (mode & others) !== 0 && !(mayBeSticky && (mode & 0o1000) !== 0);
  return (uid === 0 || uid === process.geteuid?.()) && !isOpen;
}
