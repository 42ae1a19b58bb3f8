import { resolve } from 'node:path';
import { Development } from '../arbiter/change/development.ts';
import { addressesOf, type Generation } from '../arbiter/change/generation.ts';
import type { EventQueue } from '../arbiter/events.ts';
import type { RecordLog } from '../log/records.ts';
import type { Address } from '../settings/address.ts';
import type { LoadedData, SettingsInput } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { systemClock } from '../support/clock.ts';
import { UsageError } from '../support/errors.ts';
import { isLoopback } from '../support/loopback.ts';
import { Watcher } from '../watch/watcher.ts';

/** Throws a UsageError where --debug would show the source code of a service in production; `base` is what settings add to. */
export function refuseDebug({ settings, origins, environment }: LoadedData, base: NodeJS.ProcessEnv): void {
  const { NODE_ENV } = { ...base, ...environment };
  if (settings.debug && NODE_ENV === 'production')
    throw new UsageError(
      `${nameSetting(origins.debug, 'debug')}: it shows the source code to every client, and NODE_ENV is production; remove one of them`,
    );
}

/** Says what is unsafe or without effect; returns what watches files, or null without --reload. */
export function develop(
  first: Generation,
  input: SettingsInput,
  queue: EventQueue,
  log: RecordLog,
): Development | null {
  for (const reason of warningsFor(first.loaded))
    log.warning(reason, { event: 'settings-questionable', reason });
  if (!first.loaded.settings.reload) return null;
  return new Development({
    first,
    clock: systemClock,
    emit: (event) => queue.push(event),
    watcher: (changed) =>
      new Watcher({
        changed,
        warn: (reason) => log.warning(reason, { event: 'watch-failed', reason }),
        load: async () => (await import('chokidar')).watch,
      }),
    settingsFiles: (loaded) => settingsFilesOf(loaded, input.cwd),
    sinceMs: performance.timeOrigin,
  });
}

function settingsFilesOf({ configFile, settings }: LoadedData, cwd: string): readonly string[] {
  const envFiles = settings.envFile.map((file) => resolve(cwd, file));
  return configFile === null ? envFiles : [configFile, ...envFiles];
}

/** What to warn of before anything is served. */
export function warningsFor(loaded: LoadedData): readonly string[] {
  const { settings } = loaded;
  const { debug, reload } = settings;
  const open = debug ? addressesOf(loaded).filter((address) => !isPrivate(address)) : [];
  const daemon = 'daemon' in settings && settings.daemon === true;
  return [
    ...open.map(
      ({ source }) =>
        `--debug shows source code, and ${source} can be reached from other machines; bind 127.0.0.1 instead`,
    ),
    ...(reload && daemon
      ? ['--reload is meant for a terminal: with --daemon nobody sees why a change cannot be loaded']
      : []),
  ];
}

/** Whether only this machine can reach the address; of an inherited descriptor nothing is known. */
function isPrivate(address: Address): boolean {
  return address.kind !== 'tcp' || isLoopback(address.host);
}
