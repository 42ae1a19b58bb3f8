import type { LogFields, Logger, LogLevel } from '../support/logger.ts';
import type { AnyRecord } from './records.ts';

/** A log of which each record of ours is handed to `took` as well, whatever its level. */
export function tapped(log: Logger, took: (record: AnyRecord) => void): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    log[level](message, fields);
    // Our own records have the fields that are declared for their event; what a hook logs has none.
    if (fields?.event !== undefined)
      took({ ...fields, level, message, time: new Date() } as unknown as AnyRecord);
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
