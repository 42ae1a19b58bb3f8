import { resolve } from 'node:path';
import { absoluteBind } from './address.ts';
import type { ByPath } from './by-path.ts';
import type { Settings } from './catalogue/catalogue.ts';

const OF_TLS = ['certfile', 'keyfile', 'ocspFile', 'caCerts', 'crl'] as const;

type Paths = Pick<
  Settings,
  | 'bind'
  | 'adminBind'
  | 'controlSocket'
  | 'pid'
  | 'errorLogfile'
  | 'accessLogfile'
  | 'static'
  | 'sendfileRoot'
  | 'accelRedirect'
  | (typeof OF_TLS)[number]
>;

/**
 * The paths that are not the application's, made absolute against `directory`: a reload may change `chdir` before the arbiter enters it.
 * `directory` has no symbolic links, since those may change too.
 */
export function absolutePaths(paths: Paths, directory: string): Paths {
  const { certfile, keyfile, ocspFile, caCerts, crl } = paths;
  const all = (files: readonly string[]) => files.map((file) => resolve(directory, file));
  const one = (file: string | null) => (file === null ? null : resolve(directory, file));
  const { bind, adminBind, controlSocket, pid, errorLogfile, accessLogfile } = paths;
  const log = (file: string) => (file === '-' ? file : resolve(directory, file));
  const each = (table: ByPath) =>
    Object.fromEntries(Object.entries(table).map(([path, held]) => [path, resolve(directory, held)]));
  return {
    bind: bind.map((text) => absoluteBind(text, directory)),
    adminBind: adminBind === null ? null : absoluteBind(adminBind, directory),
    controlSocket:
      controlSocket === 'auto' || controlSocket === 'none'
        ? controlSocket
        : resolve(directory, controlSocket),
    pid: one(pid),
    errorLogfile: log(errorLogfile),
    ...{ certfile: all(certfile), keyfile: all(keyfile), ocspFile: all(ocspFile) },
    ...{ caCerts: one(caCerts), crl: one(crl) },
    accessLogfile: accessLogfile === null ? null : log(accessLogfile),
    static: each(paths.static),
    sendfileRoot: paths.sendfileRoot.map((path) => resolve(directory, path)),
    accelRedirect: each(paths.accelRedirect),
  };
}
