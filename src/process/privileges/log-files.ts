import { dirname } from 'node:path';
import { openFile } from '../../log/destination.ts';
import { fs } from '../../support/builtins.ts';
import { codeOf, messageOf, UsageError } from '../../support/errors.ts';
import { actingAs, type Identity } from './identity.ts';
import { isProtectedPath } from './protected-path.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_NONBLOCK, O_WRONLY } = fs.constants;

/**
 * Opens a log file for appending as that identity would, so that a symbolic link that the user has put there leads only
 * to files that the user could write anyway. A missing file is created and given to the user.
 */
export function openOwned(identity: Identity, path: string): number {
  makeOwned(identity, path);
  return actingAs(identity, () => openFile(path));
}

/**
 * Creates the file if it is missing, as the user if that is possible. If the user may not write to the directory, root
 * creates it, so that workers can open it; but only if the user cannot make the path lead into a directory of root's.
 */
export function makeOwned(identity: Identity, path: string): void {
  try {
    actingAs(identity, () => fs.closeSync(make(path)));
  } catch {
    makeAsRoot(identity, path);
  }
}

function makeAsRoot(identity: Identity, path: string): void {
  try {
    if (!isProtectedPath(identity, dirname(path))) return;
    const fd = make(path);
    fs.fchownSync(fd, identity.uid, identity.gid);
    fs.closeSync(fd);
  } catch {
    // It exists, or cannot be created or given away: opening it will report why.
  }
}

/** Exclusive: neither an existing file nor the target of a link is given away. */
function make(path: string): number {
  return fs.openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NONBLOCK);
}

/** Refuses a log file that the user could not write, naming `source` in a UsageError. Nothing is created. */
export function checkOwned(identity: Identity, source: string, path: string): void {
  const { label, uid, gid } = identity;
  try {
    actingAs(identity, () => {
      const existing = fs.statSync(path, { throwIfNoEntry: false });
      // To open and close it would give its reader an end of file.
      if (existing?.isFIFO()) return;
      if (existing) fs.closeSync(fs.openSync(path, O_WRONLY | O_APPEND | O_NONBLOCK));
      else fs.statSync(`${dirname(path)}/.`);
    });
  } catch (error) {
    throw new UsageError(
      `${source}: ${label} cannot write ${path}: ${codeOf(error) ?? messageOf(error)}; \`chown ${uid}:${gid}\` it, or choose another path`,
    );
  }
}
