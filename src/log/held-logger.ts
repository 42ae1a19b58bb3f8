import type { Clock } from '../clock.ts';
import type { LogFields, Logger, LogLevel } from './logger.ts';

/**
 * A logger that writes its first lines `holdMs` late, or with the first that is a warning or worse. Loading pino takes
 * as long as a third of a worker's boot, and would take it while the first workers need the processors.
 */
export function holdFirstLines(log: Logger, holdMs: number, clock: Clock): Logger {
  let held: (() => void)[] | null = [];
  const release = () => {
    cancel();
    const lines = held ?? [];
    held = null;
    for (const write of lines) write();
  };
  const cancel = clock.after(holdMs, release);
  const at = (level: LogLevel, urgent: boolean) => (message: string, fields?: LogFields) => {
    if (urgent) release();
    if (held) held.push(() => log[level](message, fields));
    else log[level](message, fields);
  };
  return {
    debug: at('debug', false),
    info: at('info', false),
    warning: at('warning', true),
    error: at('error', true),
    critical: at('critical', true),
    reopen: () => log.reopen(),
    flush() {
      release();
      log.flush();
    },
  };
}
