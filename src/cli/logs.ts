import { isDeepStrictEqual } from 'node:util';
import type { Generation } from '../arbiter/generation.ts';
import { createLogger, type OpenLog } from '../log/logger.ts';
import type { Privileges } from '../privileges/privileges.ts';
import type { Loaded } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';

/** How to open the arbiter's log as the settings want it; whatever must be loaded or resolved first is. Rejects with a UsageError. */
export async function logOpener(
  { settings, origins }: Omit<Loaded, 'hooks'>,
  privileges: Privileges | null,
): Promise<() => OpenLog> {
  const options = { level: settings.logLevel, format: settings.logFormat, file: settings.errorLogfile };
  const open = () => {
    privileges?.makeLogs();
    return privileges?.createLogger(options) ?? createLogger(options);
  };
  if (!settings.syslog) return () => ({ log: open(), close: async () => {} });
  const { checkSyslog, openSyslog } = await import('../log/syslog/syslog.ts');
  await checkSyslog(nameSetting(origins.syslogTo, 'syslog-to'), settings);
  return () => openSyslog(settings, open());
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
export function sameLogs(now: Generation, before: Generation): boolean {
  const names = now.privileges ? [...LOG_SETTINGS, 'accessLogfile' as const] : LOG_SETTINGS;
  // It opens its files as the workers' user, and makes the access log for them.
  if (!isDeepStrictEqual(now.privileges?.identity, before.privileges?.identity)) return false;
  return names.every((name) => now.loaded.settings[name] === before.loaded.settings[name]);
}
