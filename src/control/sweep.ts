import { join } from 'node:path';
import { fs } from '../support/builtins.ts';
import { codeOf } from '../support/errors.ts';

/** What has a name says no process id: one that was bound a moment ago may be about to listen. */
const SETTLED_MS = 60_000;

/**
 * Removes from a directory the sockets of arbiters that were killed; those of services with a name only where the directory
 * `isOurs`, as there they are told apart by their looks alone. Never throws.
 */
export function sweep(directory: string, isOurs: boolean, nowMs = Date.now()): void {
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    const [, own, second] = /^(\d+)\.sock$|\.sock\.(\d+)$/.exec(name) ?? [];
    const pid = Number(own ?? second);
    if (pid > 0 ? !isAlive(pid) : isOurs && isNamed(path, nowMs)) removeUnheard(path);
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    // It was removed.
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs as another user.
    return codeOf(error) !== 'ESRCH';
  }
}

/** Whether it looks like the control socket of a service with a name: others may have sockets there that serve clients. */
function isNamed(path: string, nowMs: number): boolean {
  if (!path.endsWith('.sock')) return false;
  try {
    const stat = fs.lstatSync(path);
    const isPrivate = stat.isSocket() && (stat.mode & 0o777) === 0o600 && stat.uid === process.geteuid?.();
    return isPrivate && nowMs - stat.ctimeMs > SETTLED_MS;
  } catch {
    // It was removed.
    return false;
  }
}

/** A process of another container, whose pid means nothing here, may listen there. */
function removeUnheard(path: string): void {
  const { connect } = process.getBuiltinModule('node:net');
  const probe = connect(path, () => probe.destroy());
  probe.unref().on('error', (error) => {
    if (codeOf(error) === 'ECONNREFUSED') fs.rm(path, { force: true }, () => {});
  });
}
