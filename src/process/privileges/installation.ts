import { dirname } from 'node:path';
import { fs } from '../../support/builtins.ts';
import { codeOf, UsageError } from '../../support/errors.ts';
import { fileIn, type Installation } from '../installation.ts';
import { actingAs, type Identity } from './identity.ts';

/**
 * Refuses an installation that the user cannot load, naming `source` in a UsageError: its workers could not even report
 * an error.
 */
export function checkInstallation(identity: Identity, source: string, installation: Installation): void {
  const { label } = identity;
  const entry = fileIn(installation, 'workers/entry');
  const ours = `${dirname(entry)}/`;
  const unread = refusedTo(identity, () => fs.closeSync(fs.openSync(entry, fs.constants.O_RDONLY)));
  if (unread !== null)
    throw new UsageError(
      `${source}: ${label} cannot read tsunicorn itself (${unread} ${ours}); install it where that user can read`,
    );
  const { execPath } = process;
  const unreached = refusedTo(identity, () => fs.statSync(execPath)) ?? modeRefusal(identity, execPath);
  if (unreached !== null)
    throw new UsageError(
      `${source}: ${label} cannot execute Node (${unreached} ${execPath}); install it where that user can`,
    );
}

/** The code of the error; null if there is none. Not by access(2), which checks the real user: that is still root. */
function refusedTo(identity: Identity, act: () => void): string | null {
  try {
    actingAs(identity, act);
    return null;
  } catch (error) {
    return codeOf(error) ?? 'unknown';
  }
}

/** EACCES if the mode of the file does not let the user execute it; otherwise null. */
function modeRefusal({ uid, groups }: Identity, path: string): string | null {
  const { mode, uid: owner, gid } = fs.statSync(path);
  const bit = uid === owner ? 0o100 : groups.includes(gid) ? 0o010 : 0o001;
  return uid === 0 || (mode & bit) !== 0 ? null : 'EACCES';
}
