import { Condition } from '../log/condition.ts';
import type { WorkerLog } from '../log/records.ts';
import type { Clock } from '../support/clock.ts';
import type { SayRefused } from './refusals.ts';

/** In so long, this many are logged one by one: more are one client's that sends garbage, or a scan. */
const WINDOW_MS = 60_000;
const MOST_LOGGED = 10;
const QUIET_MS = 10_000;

type Refused = Parameters<SayRefused>;

/** Logs requests that Node refuses; of many the latest stands for those before it, at most once a second, with a count. */
export function logRefused(log: WorkerLog, clock: Clock): SayRefused {
  const more = new Condition<Refused>({
    clock,
    quietMs: QUIET_MS,
    say: (phase, { count, durationMs, detail: [line, fields] }) => {
      const said =
        phase === 'ends'
          ? `No request has been refused for ${QUIET_MS / 1000} s (${count} were not logged individually)`
          : `${line} (${count} so far were not logged individually)`;
      log.info(said, { event: 'request-refused', ...fields, phase, count, durationMs });
    },
  });
  let sinceMs = Number.NEGATIVE_INFINITY;
  let logged = 0;
  return (line, fields) => {
    const now = clock.now();
    if (now - sinceMs >= WINDOW_MS) {
      sinceMs = now;
      logged = 0;
    }
    if (more.holds || logged >= MOST_LOGGED) return more.note([line, fields]);
    logged++;
    log.info(line, { event: 'request-refused', ...fields });
  };
}
