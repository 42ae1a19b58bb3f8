import { dirname } from 'node:path';
import { openFile } from '../../log/destination.ts';
import { fs } from '../../support/builtins.ts';
import { codeOf, messageOf, UsageError } from '../../support/errors.ts';
import { isClosedWay } from './closed-way.ts';
import { actingAs, type Identity } from './identity.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_NONBLOCK, O_WRONLY } = fs.constants;

/**
 * Opens a log file for appending as that identity would, so that in a directory of its user a planted link leads
 * nowhere that the user could not write himself. A missing file is made and given to the user.
 */
export function openOwned(identity: Identity, path: string): number {
  makeOwned(identity, path);
  return actingAs(identity, () => openFile(path));
}

/**
 * Makes the file where it is missing, as the user where that is possible. Where the user may not write the directory root
 * makes it, so that workers can open it; but only where the user cannot have the path lead into a directory of root's.
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
    if (!isClosedWay(identity, dirname(path))) return;
    const fd = make(path);
    fs.fchownSync(fd, identity.uid, identity.gid);
    fs.closeSync(fd);
  } catch {
    // It exists, or cannot be created or given away: opening it will tell.
  }
}

/** Exclusive: what is there already is not given away, nor what a link points to. */
function make(path: string): number {
  return fs.openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NONBLOCK);
}

/** Refuses a log file that the user could not write, naming `source` in a UsageError. Nothing is created. */
export function checkOwned(identity: Identity, source: string, path: string): void {
  const { label, uid, gid } = identity;
  try {
    actingAs(identity, () => {
      const existing = fs.statSync(path, { throwIfNoEntry: false });
      // Its reader would see an end.
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
