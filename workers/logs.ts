import type { AccessLog } from '../src/log/access-log.ts';
import { createLogger, type Logger, type OpenLog } from '../src/log/logger.ts';
import type { Syslog } from '../src/log/syslog/syslog.ts';
import type { Settings } from '../src/settings/catalogue.ts';
import { surviveStdio } from '../src/stdio.ts';
import type { Standards } from './privileges.ts';

/** Where a worker logs to. */
export interface Logs extends OpenLog {
  /** Opens the access log; null where none is wanted. */
  openAccess(): Promise<AccessLog | null>;
}

/** Opens the worker's own log, and sees that no failure of one ends it; nothing is loaded that the settings do not ask for. */
export async function openLogs(settings: Settings, standards: Standards): Promise<Logs> {
  surviveStdio();
  const file = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    file: settings.errorLogfile,
    standard: standards.stderr,
  });
  const syslog = settings.syslog ? await loadSyslog(settings, file) : null;
  return {
    log: syslog?.log ?? file,
    openAccess: () => openAccess(settings, standards, syslog),
    close: async () => syslog?.close(),
  };
}

async function loadSyslog(settings: Settings, file: Logger): Promise<Syslog> {
  const { openSyslog } = await import('../src/log/syslog/syslog.ts');
  return openSyslog(settings, file);
}

async function openAccess(
  { accessLogfile, accessLogformat }: Settings,
  { stdout }: Standards,
  syslog: Syslog | null,
): Promise<AccessLog | null> {
  if (accessLogfile === null && syslog === null) return null;
  const { createAccessLog } = await import('../src/log/access-log.ts');
  return createAccessLog({
    format: accessLogformat,
    file: accessLogfile,
    standard: stdout,
    ...(syslog ? { also: syslog.access } : {}),
  });
}
