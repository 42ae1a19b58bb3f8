import { fs } from '../support/builtins.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import { Failure, STATUS } from './failure.ts';

/** Writes a file that its owner alone can read; until it is complete it has another name. Throws a Failure. */
export function writePrivately(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    // With its mode from the first moment, and never a file that somebody else has put there.
    fs.writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
    fs.renameSync(unfinished, path);
  } catch (error) {
    fs.rmSync(unfinished, { force: true });
    throw new Failure(
      STATUS.refused,
      `--output ${path}: cannot write it (${codeOf(error) ?? messageOf(error)}); choose another file`,
    );
  }
}
