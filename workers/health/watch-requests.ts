import type { Connections } from '../../src/http/connections.ts';
import type { StuckOptions, StuckRequests } from '../../src/http/stuck-requests.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { classNameOf } from '../../src/settings/class-name.ts';
import { type Clock, every } from '../../src/support/clock.ts';

/** Logs that requests wait too long for the application, where the settings ask for that. */
export function watchRequests(
  settings: Settings,
  connections: Connections,
  log: WorkerLog,
  clock: Clock,
): void {
  const warnMs = settings.requestWarning * 1000;
  const limit = limitOfRequests(settings);
  // Whatever ends them logs that.
  if (warnMs === 0 || (limit !== null && limit.ms <= warnMs)) return;
  let stuck: Promise<StuckRequests> | null = null;
  const check = async () => {
    stuck ??= import('../../src/http/stuck-requests.ts').then(
      ({ StuckRequests }) => new StuckRequests({ connections, warnMs, limit, log, clock }),
    );
    (await stuck).check();
  };
  // Mostly no request is in flight at these moments, and the code that checks is never loaded.
  every(clock, Math.min(5000, warnMs / 4), () => {
    if (stuck !== null || connections.inFlight > 0) void check().catch(() => {});
  });
}

/** What ends a request that its handler does not. */
function limitOfRequests(settings: Settings): StuckOptions['limit'] {
  const { requestTimeout, timeout } = settings;
  const isByHandler = classNameOf(settings) !== 'async';
  const limits = [
    { setting: '--request-timeout', ms: requestTimeout * 1000 },
    ...(isByHandler ? [{ setting: '--timeout', ms: timeout * 1000 }] : []),
  ];
  const [least = null] = limits.filter(({ ms }) => ms > 0).toSorted((a, b) => a.ms - b.ms);
  return least;
}
