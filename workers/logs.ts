import type { IncomingMessage } from 'node:http';
import { messageOf } from '../src/errors.ts';
import { nameRequest } from '../src/http/request-name.ts';
import type { AccessLog } from '../src/log/access-log.ts';
import { createLogger, type Logger } from '../src/log/logger.ts';
import type { Syslog } from '../src/log/syslog/syslog.ts';
import type { Settings } from '../src/settings/catalogue.ts';
import { surviveStdio } from '../src/stdio.ts';
import type { Standards } from './privileges.ts';

/** Opens the worker's own log, and sees that no failure of one ends it; nothing is loaded that the settings do not ask for. */
export async function openLogs(settings: Settings, standards: Standards): Promise<Logs> {
  surviveStdio();
  const file = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    file: settings.errorLogfile,
    standard: standards.stderr,
  });
  return new Logs(settings, standards, file, settings.syslog ? await loadSyslog(settings, file) : null);
}

async function loadSyslog(settings: Settings, file: Logger): Promise<Syslog> {
  const { openSyslog } = await import('../src/log/syslog/syslog.ts');
  return openSyslog(settings, file);
}

/** Where a worker logs to. */
export class Logs {
  readonly log: Logger;
  readonly #settings: Settings;
  readonly #standards: Standards;
  readonly #syslog: Syslog | null;
  #access: AccessLog | null = null;

  constructor(settings: Settings, standards: Standards, file: Logger, syslog: Syslog | null) {
    this.log = syslog?.log ?? file;
    this.#settings = settings;
    this.#standards = standards;
    this.#syslog = syslog;
  }

  /** Opens the access log; null where none is wanted. */
  async openAccess(): Promise<AccessLog | null> {
    const { accessLogfile: file, accessLogformat: format } = this.#settings;
    const syslog = this.#syslog;
    if (file === null && syslog === null) return null;
    const { createAccessLog } = await import('../src/log/access-log.ts');
    const also = syslog ? { also: syslog.access } : {};
    this.#access = createAccessLog({ format, file, standard: this.#standards.stdout, ...also });
    return this.#access;
  }

  readonly applicationFailed = (error: unknown, request?: IncomingMessage): void => {
    const where = request ? ` while handling ${nameRequest(request)}` : '';
    this.log.error(`The application failed${where}: ${messageOf(error)}`, { err: error });
  };

  reopen(): void {
    this.log.reopen();
    this.#access?.reopen();
  }

  flush(): void {
    this.#access?.flush();
    this.log.flush();
  }

  /** Resolves when what goes over the network has gone, or will not go soon. */
  async close(): Promise<void> {
    await this.#syslog?.close();
  }
}
