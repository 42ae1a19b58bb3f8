import { dirname } from 'node:path';
import { fs } from '../../support/builtins.ts';
import { isClosedWay } from './closed-way.ts';
import { actingAs, type Identity } from './identity.ts';

const { O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = fs.constants;

/**
 * Gives a log file to the workers' user where that user cannot write it, as with logrotate's `create 640 root adm`; the
 * group stays, and so does who else may read it. Returns whether that was needed and done. Not where that user could
 * have put something else in its place, which root must not give away.
 */
export function mendLog(identity: Identity, path: string): boolean {
  try {
    if (!isShutOut(identity, path) || !isClosedWay(identity, dirname(path))) return false;
    const fd = fs.openSync(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = fs.fstatSync(fd);
      // A second name of it may be anybody's.
      if (!stats.isFile() || stats.nlink !== 1) return false;
      fs.fchownSync(fd, identity.uid, stats.gid);
      fs.fchmodSync(fd, (stats.mode & 0o777) | 0o600);
      return true;
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    // It does not exist or cannot be mended: opening it as that user will say why.
    return false;
  }
}

/** Whether the user can see the file, and not write it. Throws a system error where the user cannot see it. */
function isShutOut(identity: Identity, path: string): boolean {
  return actingAs(identity, () => {
    if (!fs.statSync(path).isFile()) return false;
    try {
      fs.closeSync(fs.openSync(path, O_WRONLY | O_APPEND | O_NONBLOCK));
      return false;
    } catch {
      return true;
    }
  });
}
