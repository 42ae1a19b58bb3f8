import type { LogFields, Logger, LogLevel } from '../support/logger.ts';
import type { Follower } from './follower.ts';

/** A log of which each line goes to `follower` as well, while there is one. */
export function followedLog(log: Logger, follower: () => Follower | null): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    log[level](message, fields);
    follower()?.record(level, message, fields);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warning: at('warning'),
    error: at('error'),
    critical: at('critical'),
    reopen: () => log.reopen(),
    flush: () => log.flush(),
  };
}
