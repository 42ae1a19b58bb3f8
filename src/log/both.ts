import type { LogFields, Logger, LogLevel } from '../support/logger.ts';

/** A log of which each line goes to `also` as well, whatever its level. */
export function both(
  log: Logger,
  also: (level: LogLevel, message: string, fields?: LogFields) => void,
): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    log[level](message, fields);
    also(level, message, fields);
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
