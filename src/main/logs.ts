import type { Generation } from '../arbiter/change/generation.ts';
import { type Also, createLogger, type OpenLog } from '../log/logger.ts';
import type { Privileges } from '../process/privileges/privileges.ts';
import type { LoadedData } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { util } from '../support/builtins.ts';
import type { Logger, LogLevel } from '../support/logger.ts';

/** Returns what opens the arbiter's log as configured; loads and resolves first what that needs. Rejects with a UsageError. */
export async function logOpener(
  { settings, origins }: LoadedData,
  privileges: Privileges | null,
): Promise<() => OpenLog> {
  const options = { level: settings.logLevel, format: settings.logFormat, file: settings.errorLogfile };
  const open = () => {
    privileges?.makeLogs();
    return privileges?.createLogger(options) ?? createLogger(options);
  };
  if (!settings.syslog)
    return () => {
      const log = open();
      return { log, close: async () => log.close(), setLevel: log.setLevel, alsoTrouble: log.alsoTrouble };
    };
  const { checkSyslog, openSyslog } = await import('../log/syslog/syslog.ts');
  await checkSyslog(nameSetting(origins.syslogTo, 'syslog-to'), settings);
  return () => {
    const file = open();
    const { close, ...syslog } = openSyslog(settings, file);
    return { ...syslog, close: () => close().then(() => file.close()) };
  };
}

/** The arbiter's log: one logger that stays the same while reloads change where it writes. */
export class FollowingLog {
  readonly log: Logger;
  #opened: OpenLog;
  readonly #alsoTrouble: Also[] = [];

  constructor(opened: OpenLog) {
    this.#opened = opened;
    this.#tellTrouble(opened);
    this.log = {
      debug: (message, fields) => this.#opened.log.debug(message, fields),
      info: (message, fields) => this.#opened.log.info(message, fields),
      warning: (message, fields) => this.#opened.log.warning(message, fields),
      error: (message, fields) => this.#opened.log.error(message, fields),
      critical: (message, fields) => this.#opened.log.critical(message, fields),
      reopen: () => this.#opened.log.reopen(),
      flush: () => this.#opened.log.flush(),
    };
  }

  /** Logs from this level up, until a reload. */
  setLevel(level: LogLevel): void {
    this.#opened.setLevel(level);
  }

  /** `also` gets what goes wrong with the log itself, which the log does not show. */
  alsoTrouble(also: Also): void {
    this.#alsoTrouble.push(also);
  }

  /** Sends a line of a worker's access log to syslog, if syslog is in use. */
  access(line: string, pid: number): void {
    this.#opened.access?.(line, pid);
  }

  /** Logs as the new generation is configured, and opens the file anew, as its workers do: it may have been rotated. */
  follow(now: Generation, before: Generation): void {
    if (now.openLog === undefined || sameLogs(now, before)) {
      this.setLevel(now.loaded.settings.logLevel);
      return this.#opened.log.reopen();
    }
    const previous = this.#opened;
    this.#opened = now.openLog();
    this.#tellTrouble(this.#opened);
    void previous.close();
  }

  #tellTrouble(opened: OpenLog): void {
    opened.alsoTrouble((...line) => {
      for (const also of this.#alsoTrouble) also(...line);
    });
  }

  /** Resolves when what was logged is written, and sent. */
  close(): Promise<void> {
    this.log.flush();
    return this.#opened.close();
  }
}

const LOG_SETTINGS = [
  'logLevel',
  'logFormat',
  'errorLogfile',
  'syslog',
  'syslogTo',
  'syslogPrefix',
  'syslogFacility',
] as const;

/** Whether two configurations log in the same way, so that the log can stay open. */
function sameLogs(now: Generation, before: Generation): boolean {
  const names = now.privileges ? [...LOG_SETTINGS, 'accessLogfile' as const] : LOG_SETTINGS;
  // The log is opened as the workers' user, and the access log is made for that user.
  if (!util.isDeepStrictEqual(now.privileges?.identity, before.privileges?.identity)) return false;
  return names.every((name) => now.loaded.settings[name] === before.loaded.settings[name]);
}
