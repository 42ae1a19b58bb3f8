import type { Settings } from '../src/settings/catalogue.ts';

/** Calls `beat` while the event loop turns, several times in each `timeout`; never where nobody would miss it. */
export function startHeartbeat({ timeout, watchdog, workersMax }: Settings, beat: () => void): void {
  // Without a limit the watchdog still ends a blocked worker whose arbiter is gone, and the load is still reported.
  if (timeout === 0 && !watchdog && workersMax === null) return;
  setInterval(beat, timeout === 0 ? 1000 : Math.min(1000, Math.max(20, timeout * 250)));
}
