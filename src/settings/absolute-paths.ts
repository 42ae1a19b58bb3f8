import { resolve } from 'node:path';
import { absoluteBind } from './address.ts';
import type { Settings } from './catalogue/catalogue.ts';

type Paths = Pick<Settings, 'bind' | 'pid' | 'errorLogfile' | 'accessLogfile'>;

/**
 * The paths that the arbiter opens, relative to `chdir` no longer: a reload may name another directory, in which the
 * arbiter is not. It is a directory without links, as where `current` leads may change too.
 */
export function absolutePaths({ bind, pid, errorLogfile, accessLogfile }: Paths, directory: string): Paths {
  const log = (file: string) => (file === '-' ? file : resolve(directory, file));
  return {
    bind: bind.map((text) => absoluteBind(text, directory)),
    pid: pid === null ? null : resolve(directory, pid),
    errorLogfile: log(errorLogfile),
    accessLogfile: accessLogfile === null ? null : log(accessLogfile),
  };
}
