import type { Settings } from '../src/settings/catalogue.ts';

/** How often a worker looks at itself: several times in each `timeout`. In milliseconds. */
export function beatEveryMs({ timeout }: Pick<Settings, 'timeout'>): number {
  return timeout === 0 ? 1000 : Math.min(1000, Math.max(20, timeout * 250));
}

/** Calls `beat` while the event loop turns, several times in each `timeout`; never where nobody would miss it. */
export function startHeartbeat(settings: Settings, beat: () => void): void {
  // Without a limit the watchdog still ends a blocked worker whose arbiter is gone.
  if (settings.timeout === 0 && !settings.watchdog) return;
  setInterval(beat, beatEveryMs(settings));
}
