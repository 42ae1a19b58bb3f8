import { dirname } from 'node:path';
import { fs } from '../builtins.ts';
import { codeOf, messageOf, UsageError } from '../errors.ts';
import { openFile } from '../log/destination.ts';
import { actingAs, type Identity } from './identity.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_NONBLOCK, O_WRONLY } = fs.constants;

/**
 * Opens a log file for appending as that identity would, so that in a directory of its user a planted link leads
 * nowhere that the user could not write himself. A missing file is made, where need be as root, and given to the user.
 */
export function openOwned(identity: Identity, path: string): number {
  makeOwned(identity, path);
  return actingAs(identity, () => openFile(path));
}

/** Makes the file where it is missing, so that a worker that may not write the directory can still open it. */
export function makeOwned({ uid, gid }: Identity, path: string): void {
  try {
    // Exclusive: what is there already is not given away, nor what a link points to.
    const fd = fs.openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NONBLOCK);
    fs.fchownSync(fd, uid, gid);
    fs.closeSync(fd);
  } catch {
    // It is there, or cannot be made, or not be given away: opening it will tell.
  }
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
