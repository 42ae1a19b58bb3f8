import { join, resolve } from 'node:path';
import { fs } from '../../support/builtins.ts';
import type { Identity } from './identity.ts';

/** As many links as the kernel follows. */
const MOST_LINKS = 40;

/**
 * Whether the identity can change neither where the path of the directory leads nor what is in the directory: root owns
 * every directory on the path, those behind symbolic links included, and the identity can write to none. Only then may
 * root create a file there or give one away. Throws a system error if the path does not exist.
 */
export function isProtectedPath(identity: Identity, directory: string): boolean {
  let rest = partsOf(resolve(directory));
  let at = '/';
  for (let links = 0; links <= MOST_LINKS; ) {
    const [name, ...further] = rest;
    if (name === undefined) return isClosed(identity, at);
    const entry = join(at, name);
    const stats = fs.lstatSync(entry);
    if (!isClosed(identity, at) && !(isSticky(at) && stats.uid === 0)) return false;
    if (stats.isSymbolicLink()) {
      links++;
      const target = fs.readlinkSync(entry);
      rest = [...partsOf(target), ...further];
      if (target.startsWith('/')) at = '/';
    } else {
      rest = further;
      at = entry;
    }
  }
  return false;
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function isClosed({ groups }: Identity, directory: string): boolean {
  const { uid, gid, mode } = fs.statSync(directory);
  return uid === 0 && (mode & 0o002) === 0 && ((mode & 0o020) === 0 || !groups.includes(gid));
}

/** Whether root owns it and, as in /tmp, no user can replace the files of another. */
function isSticky(directory: string): boolean {
  const { uid, mode } = fs.statSync(directory);
  return uid === 0 && (mode & 0o1000) !== 0;
}
