import { resolve } from 'node:path';
import { fs } from '../support/builtins.ts';
import { codeOf } from '../support/errors.ts';

/** The code of the error with which a connection to the path is refused; null where a server takes it. */
export function refusalAt(path: string): Promise<string | null> {
  const { connect } = process.getBuiltinModule('node:net');
  return new Promise((settle) => {
    const probe = connect(path, () => {
      settle(null);
      probe.destroy();
    });
    probe.on('error', (error) => settle(codeOf(error) ?? error.message));
  });
}

/** Whether nobody has the socket any more whose file is at the path, where a connection was refused so. */
export function isAbandoned(path: string, refusal: string | null): boolean {
  return (refusal === 'ECONNREFUSED' || refusal === 'ENOENT') && !isBoundByOthers(path);
}

// Of a line of /proc/net/unix (proc(5)): the state, where 01 is bound and not connected, and the path. A connection that
// was accepted carries the path too, and may outlive its listener.
const UNCONNECTED = /^\S+ \S+ \S+ \S+ \S+ 01 +\d+ (.+)$/;

/** Whether a running process has bound the path but does not listen yet, as its workers boot. Linux only. */
function isBoundByOthers(path: string): boolean {
  try {
    const lines = fs.readFileSync('/proc/net/unix', 'utf8').split('\n');
    return lines.some((line) => UNCONNECTED.exec(line)?.[1] === path);
  } catch {
    // No such table: a path on which nobody listens counts as stale.
    return false;
  }
}

/**
 * Removes the file of a socket that nobody has any more; resolves with whether it did. What other processes do at the same
 * time is left alone.
 */
export async function removeAbandoned(path: string): Promise<boolean> {
  const file = resolve(path);
  const before = socketAt(file);
  // The table has the path as it was bound. Where it tells that the socket lives, its server need not get a connection.
  if (before === null || isBoundByOthers(path) || isBoundByOthers(file)) return false;
  const refusal = await refusalAt(file);
  if (!isAbandoned(file, refusal) || socketAt(file) !== before) return false;
  fs.rmSync(file, { force: true });
  return true;
}

/** Which socket's file is at the path; null where there is none. */
function socketAt(path: string): string | null {
  try {
    const stat = fs.lstatSync(path, { bigint: true });
    return stat.isSocket() ? `${stat.dev}:${stat.ino}` : null;
  } catch {
    // There is nothing, or this user may not look. The path of an abstract socket is none.
    return null;
  }
}
