import { join } from 'node:path';
import type { ByPath } from '../../../settings/by-path.ts';
import { fs } from '../../../support/builtins.ts';
import { codeOf, messageOf, UsageError } from '../../../support/errors.ts';

/** A directory and the path that it is served at: `''`, or `/…` without a slash at its end. */
export interface Root {
  readonly path: string;
  /** Without links. */
  readonly directory: string;
}

/** The directories of a setting, as they are now. Throws a UsageError for one that this process may not enter. */
export function rootsOf(table: ByPath, flag: string): readonly Root[] {
  return Object.entries(table).map(([path, directory]) => ({
    path: path === '/' ? '' : path,
    directory: realDirectory(directory, `${flag} ${path}=${directory}`),
  }));
}

/** The path of a directory without links; `source` begins the UsageError where there is none. */
export function realDirectory(directory: string, source: string): string {
  try {
    fs.accessSync(join(directory, '.'), fs.constants.X_OK);
    return fs.realpathSync(directory);
  } catch (error) {
    const why = codeOf(error) ?? messageOf(error);
    throw new UsageError(
      `${source}: the worker cannot enter the directory (${why}); let its user (--user) do so, or name another`,
    );
  }
}
