import { resolve } from 'node:path';
import { absoluteBind } from './address.ts';
import type { Settings } from './catalogue/catalogue.ts';

type Paths = Pick<
  Settings,
  'bind' | 'adminBind' | 'controlSocket' | 'pid' | 'errorLogfile' | 'accessLogfile'
>;

/**
 * The paths that the arbiter opens, made absolute against `directory`: a reload may change `chdir` before the arbiter enters it.
 * `directory` has no symbolic links, since those may change too.
 */
export function absolutePaths(paths: Paths, directory: string): Paths {
  const { bind, adminBind, controlSocket, pid, errorLogfile, accessLogfile } = paths;
  const log = (file: string) => (file === '-' ? file : resolve(directory, file));
  return {
    bind: bind.map((text) => absoluteBind(text, directory)),
    adminBind: adminBind === null ? null : absoluteBind(adminBind, directory),
    controlSocket:
      controlSocket === 'auto' || controlSocket === 'none'
        ? controlSocket
        : resolve(directory, controlSocket),
    pid: pid === null ? null : resolve(directory, pid),
    errorLogfile: log(errorLogfile),
    accessLogfile: accessLogfile === null ? null : log(accessLogfile),
  };
}
