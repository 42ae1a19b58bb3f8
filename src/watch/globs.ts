import { isAbsolute, join, matchesGlob, normalize, relative, resolve, sep } from 'node:path';
import { fs } from '../support/builtins.ts';

/** Files by a pattern: where to look for them, and which they are. Paths are absolute. */
export interface Glob {
  /** The directory, or the file itself, that is to be watched. */
  readonly base: string;
  matches(path: string): boolean;
  /** Whether a file that matches may lie in the directory, at any depth. */
  mayHold(directory: string): boolean;
}

const MAGIC = /[*?[\]{}()!+@]/;
// Files in them that the application loads are watched by name; to watch all of them would cost too much.
const NEVER_ENTERED = /(?:^|\/)(?:node_modules|\.git)(?:\/|$)/;

/** The glob of a pattern that is relative to `cwd`; a directory stands for everything in it. */
export function globOf(pattern: string, cwd: string): Glob {
  const isDirectory = fs.statSync(resolve(cwd, pattern), { throwIfNoEntry: false })?.isDirectory() === true;
  const full = normalize(isDirectory ? join(pattern, '**') : pattern);
  const segments = full.split(sep);
  const magicAt = segments.findIndex((segment) => MAGIC.test(segment));
  const plain = segments.slice(0, magicAt < 0 ? segments.length : magicAt).join(sep);
  const base = resolve(isAbsolute(full) ? sep : cwd, plain);
  // `**` reaches any depth; without it the pattern's own number of directories is the deepest.
  const depth = full.includes('**') ? Infinity : segments.length - Math.max(0, magicAt);
  const nameOf = (path: string) => (isAbsolute(full) ? path : relative(cwd, path));
  return {
    base,
    matches: (path) => path === resolve(cwd, full) || matchesGlob(nameOf(path), full),
    mayHold(directory) {
      const inside = relative(base, directory);
      if (inside === '') return true;
      if (inside.startsWith('..') || NEVER_ENTERED.test(inside)) return false;
      return inside.split(sep).length < depth;
    },
  };
}
