import { dirname, isAbsolute, join } from 'node:path';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf } from '../support/errors.ts';

/** Only its owner may enter it. */
const OURS_ALONE = 0o700;
/** Where a directory is there already, and others may enter it for good reasons. */
const INNER = 'control';

/** A directory for control sockets, or why there is none. */
export type Found = { readonly directory: string } | { readonly why: string };

/** Who asks: the effective user, and the environment of a service manager or a session. */
export interface Asker {
  readonly env: NodeJS.ProcessEnv;
  /** Undefined where the system has no users. */
  readonly uid: number | undefined;
}

/**
 * The directories in which a control socket may be, the best one first: that of systemd's RuntimeDirectory=, that of the
 * user's session, and for root /run/tsunicorn. Never one in which others may write, such as /tmp.
 */
export function candidates({ env, uid }: Asker): readonly string[] {
  // RuntimeDirectory= may name several, separated by colons (systemd.exec(5)).
  const [runtime = ''] = (env.RUNTIME_DIRECTORY ?? '').split(':');
  const session = env.XDG_RUNTIME_DIR ?? '';
  return [
    ...(isAbsolute(runtime) ? [runtime] : []),
    ...(isAbsolute(session) ? [join(session, 'tsunicorn')] : []),
    ...(uid === 0 ? ['/run/tsunicorn'] : []),
  ];
}

/** Where sockets of this candidate may be: the directory itself, or one in it that is ours alone. */
export function placesIn(candidate: string): readonly string[] {
  return [candidate, join(candidate, INNER)];
}

/** Makes the first candidate that can be used one that only we may enter. */
export function makeDirectory(asker: Asker): Found {
  const reasons: string[] = [];
  for (const candidate of candidates(asker)) {
    try {
      return { directory: ownDirectory(candidate, asker.uid) };
    } catch (error) {
      reasons.push(`${candidate}: ${codeOf(error) ?? messageOf(error)}`);
    }
  }
  return {
    why: reasons.length > 0 ? reasons.join('; ') : 'neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR is set',
  };
}

function ownDirectory(path: string, uid: number | undefined): string {
  if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) make(path);
  const stat = check(path, uid);
  if ((stat.mode & 0o077) === 0) return path;
  // Not narrowed: it may hold the socket that a proxy connects to.
  const inner = join(path, INNER);
  make(inner);
  if ((check(inner, uid).mode & 0o077) !== 0) throw new Error(`${inner} is open to others`);
  return inner;
}

function make(path: string): void {
  try {
    if (!fs.statSync(dirname(path)).isDirectory()) return;
    // With its mode from the first moment: a chmod afterwards would leave it open in between.
    fs.mkdirSync(path, { mode: OURS_ALONE });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function check(path: string, uid: number | undefined) {
  const stat = fs.lstatSync(path);
  if (!stat.isDirectory()) throw new Error('it is no directory');
  if (uid !== undefined && stat.uid !== uid) throw new Error(`it belongs to another user (uid ${stat.uid})`);
  return stat;
}
