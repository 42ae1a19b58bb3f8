import { createLogger, type LogFile, type LoggerOptions } from '../../log/logger.ts';
import type { RecordLog } from '../../log/records.ts';
import type { LoadedData } from '../../settings/load.ts';
import { nameSetting } from '../../settings/origin.ts';
import type { ChildSpec } from '../child.ts';
import { type Installation, ownInstallation } from '../installation.ts';
import type { OwnEnvironment } from './accounts.ts';
import { checkEnvFiles } from './env-files.ts';
import type { Identity } from './identity.ts';
import { checkInstallation } from './installation.ts';
import { checkOwned, makeOwned, openOwned } from './log-files.ts';
import { mendLog } from './mend-log.ts';
import { resolveIdentity } from './resolve.ts';
import { findSetpriv } from './setpriv.ts';
import { type OpenStandards, openStandards } from './standards.ts';
import { type StartAs, startAs } from './start-as.ts';

/** What the arbiter does for workers that run as another user. */
export interface Privileges {
  readonly identity: Identity;
  /** How to start a command so that nothing of it runs with our own rights. */
  startAs(command: ChildSpec['command'], env: NodeJS.ProcessEnv): StartAs;
  /** Opens our outputs for a worker, which may not do that itself. */
  openStandards(): OpenStandards;
  /**
   * Creates missing log files for the workers' user, who may not be allowed to. Gives that user existing ones that it
   * cannot write, and reports that to `log`.
   */
  makeLogs(log?: RecordLog): void;
  /** Opens a log file for appending as their user. Throws a system error. */
  openLog(path: string): number;
  /** The arbiter's logger; when it reopens its file, the access log is there for the workers to reopen too. */
  createLogger(options: LoggerOptions): LogFile;
}

/** How this process was started, without what the settings add for the workers. */
export interface OurStart {
  readonly env: OwnEnvironment;
  readonly cwd: string;
  /** The installation that the workers run; absent for our own. */
  readonly installation?: Installation;
}

/**
 * The user and groups that the workers run as; null where they are our own. Throws a UsageError of one line.
 */
export async function resolvePrivileges(
  loaded: LoadedData,
  { env: own, cwd, installation = ownInstallation }: OurStart,
): Promise<Privileges | null> {
  const identity = await resolveIdentity(loaded, own);
  if (identity === null) return null;
  checkEnvFiles(loaded, identity, cwd);
  const { settings, origins } = loaded;
  const named = settings.user === null ? 'group' : 'user';
  checkInstallation(identity, nameSetting(origins[named], named), installation);
  const setpriv = settings.initgroups
    ? await findSetpriv(nameSetting(origins.initgroups, 'initgroups'), identity, own)
    : null;
  const files = (['errorLogfile', 'accessLogfile'] as const).flatMap((name) => {
    const file = settings[name];
    return file === null || file === '-' ? [] : [{ name, path: file }];
  });
  const flags = { errorLogfile: 'error-logfile', accessLogfile: 'access-logfile' } as const;
  for (const { name, path } of files) checkOwned(identity, nameSetting(origins[name], flags[name]), path);
  const makeLogs = (log?: RecordLog) => {
    for (const { path } of files) {
      makeOwned(identity, path);
      if (mendLog(identity, path))
        log?.info(`${path} could not be written by ${identity.label}; its owner was changed to that user`, {
          event: 'log-given',
          file: path,
        });
    }
  };
  return {
    identity,
    startAs: (command, env) => startAs(identity, setpriv, command, env),
    openStandards,
    makeLogs,
    openLog: (path) => openOwned(identity, path),
    createLogger(options) {
      const log = createLogger({ ...options, open: (path) => openOwned(identity, path) });
      const reopen = () => {
        makeLogs(log);
        log.reopen();
      };
      return { ...log, reopen };
    },
  };
}
