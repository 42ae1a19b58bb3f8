import { dirname } from 'node:path';
import { fs } from '../../support/builtins.ts';
import { actingAs, type Identity } from './identity.ts';
import { isProtectedPath } from './protected-path.ts';

const { O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = fs.constants;

/**
 * Gives a log file to the workers' user if that user cannot write it, as after logrotate's `create 640 root adm`. Its
 * group and the rights of all others stay. Returns whether that was needed and done. It is not done if that user could
 * have put another file in its place, which root must not give away.
 */
export function mendLog(identity: Identity, path: string): boolean {
  try {
    if (!seesButCannotWrite(identity, path) || !isProtectedPath(identity, dirname(path))) return false;
    const fd = fs.openSync(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = fs.fstatSync(fd);
      // A hard link: its other name may be anybody's.
      if (!stats.isFile() || stats.nlink !== 1) return false;
      fs.fchownSync(fd, identity.uid, stats.gid);
      fs.fchmodSync(fd, (stats.mode & 0o777) | 0o600);
      return true;
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    // It does not exist or cannot be given away: opening it as that user will report why.
    return false;
  }
}

/** Whether the user can see the file but not write it. Throws a system error if the user cannot see it. */
function seesButCannotWrite(identity: Identity, path: string): boolean {
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
