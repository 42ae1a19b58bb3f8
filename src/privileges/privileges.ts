import { createLogger, type LogFile, type LoggerOptions } from '../log/logger.ts';
import type { RecordLog } from '../log/records.ts';
import type { LoadedData } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import type { Identity } from './identity.ts';
import { checkOwned, makeOwned, openOwned } from './log-files.ts';
import { mendLog } from './mend-log.ts';
import { resolveIdentity } from './resolve.ts';

/** What the arbiter does for workers that become somebody else. */
export interface Privileges {
  readonly identity: Identity;
  /**
   * Makes the log files that are missing and gives them to the workers' user, who may not be able to; also those that
   * are there and cannot be written by that user, which `log` is told.
   */
  makeLogs(log?: RecordLog): void;
  /** The arbiter's logger; when it reopens its file, the access log is there for the workers to reopen too. */
  createLogger(options: LoggerOptions): LogFile;
}

/** Whom the settings ask the workers to become; null where that is ourselves. Throws a UsageError of one line. */
export async function resolvePrivileges(loaded: LoadedData): Promise<Privileges | null> {
  const identity = await resolveIdentity(loaded);
  if (identity === null) return null;
  const { settings, origins } = loaded;
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
        log?.info(`${path} could not be written by ${identity.label}: it is given to that user now`, {
          event: 'log-given',
          file: path,
        });
    }
  };
  return {
    identity,
    makeLogs,
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
