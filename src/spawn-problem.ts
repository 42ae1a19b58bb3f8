import { fs } from './builtins.ts';
import { codeOf, messageOf } from './errors.ts';

/**
 * Why this Node could not be started once more in the directory `cwd`. The kernel's ENOENT is of either, and Node blames
 * its own file: a release that was removed while it served would send people to look for a Node that is there.
 */
export function spawnProblem(error: unknown, cwd: string): string {
  if (codeOf(error) !== 'ENOENT') return messageOf(error);
  if (!fs.existsSync(cwd)) return `the working directory ${cwd} is gone; make it again, or restart elsewhere`;
  return `${process.execPath} is gone; restart with the Node that is installed now`;
}
