import { join } from 'node:path';
import { fs } from '../support/builtins.ts';
import { codeOf } from '../support/errors.ts';

/** Removes from our own directory the sockets of arbiters that were killed. Never throws. */
export function sweep(directory: string): void {
  for (const name of namesIn(directory)) {
    const [, own, second] = /^(\d+)\.sock$|\.sock\.(\d+)$/.exec(name) ?? [];
    const pid = Number(own ?? second);
    if (pid > 0 && !isAlive(pid)) removeUnheard(join(directory, name));
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

/** A process of another container, whose pid means nothing here, may listen there. */
function removeUnheard(path: string): void {
  const { connect } = process.getBuiltinModule('node:net');
  const probe = connect(path, () => probe.destroy());
  probe.unref().on('error', (error) => {
    if (codeOf(error) === 'ECONNREFUSED') fs.rm(path, { force: true }, () => {});
  });
}
