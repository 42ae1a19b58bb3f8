import type { Also } from '../log/logger.ts';
import { arbiterFamilies } from '../metrics/catalogue.ts';
import { placeFor, placeOf } from '../metrics/layout.ts';
import { type CountedLevel, levelPlaces } from '../metrics/log-levels.ts';
import { countLost } from '../metrics/lost-lines.ts';
import type { CounterStore } from '../metrics/store.ts';
import type { LogFields, Logger } from '../support/logger.ts';

const LOST = placeOf('tsunicorn_log_lines_lost_total');

/** A logger whose records are counted too, also those that its level leaves out. */
export function countingLog(log: Logger, store: Pick<CounterStore, 'add' | 'publish'>): Logger {
  const lost = countLost((lines) => {
    store.add(LOST, lines);
    store.publish();
  });
  const counted =
    (write: Logger['info'], level?: CountedLevel): Logger['info'] =>
    (message, fields) => {
      if (level !== undefined) for (const at of levelPlaces(level, fields)) store.add(at, 1);
      if (fields?.event !== undefined) {
        count(fields.event, fields, store);
        lost(fields);
      }
      write(message, fields);
    };
  return {
    debug: counted(log.debug),
    info: counted(log.info),
    warning: counted(log.warning, 'warning'),
    error: counted(log.error, 'error'),
    critical: counted(log.critical, 'critical'),
    reopen: () => log.reopen(),
    flush: () => log.flush(),
  };
}

/** Takes what goes wrong with the log itself, and counts it as the log's own records are. */
export function countingTrouble(store: Pick<CounterStore, 'add' | 'publish'>): Also {
  const lost = countLost((lines) => store.add(LOST, lines));
  return (level, _message, fields) => {
    if (level === 'error') for (const at of levelPlaces(level, fields)) store.add(at, 1);
    lost(fields ?? {});
    store.publish();
  };
}

function count(event: string, fields: LogFields, store: Pick<CounterStore, 'add' | 'publish'>): void {
  const at = placeIn(event, fields);
  const bootMs = event === 'worker-ready' ? fields.durationMs : undefined;
  if (at !== undefined) store.add(at, 1);
  if (typeof bootMs === 'number') observeBoot(bootMs / 1000, store);
  // Most records add to nothing, and companions may write thousands a second.
  if (at !== undefined || bootMs !== undefined) store.publish();
}

/** The figure that a record adds to, if any. */
function placeIn(event: string, { cause, phase }: LogFields): number | undefined {
  if (event === 'worker-exited') return placeFor('tsunicorn_worker_exits_total', `${cause}`);
  if (event === 'loop-blocked')
    return phase === 'begins' ? placeOf('tsunicorn_eventloop_blocked_total') : undefined;
  const [, change, outcome = ''] = /^(reload|upgrade)-(.*)$/.exec(event) ?? [];
  if (change === undefined) return undefined;
  return placeFor(change === 'reload' ? 'tsunicorn_reloads_total' : 'tsunicorn_upgrades_total', outcome);
}

function observeBoot(seconds: number, store: Pick<CounterStore, 'add'>): void {
  const at = placeOf('tsunicorn_worker_boot_seconds');
  const { bounds } = arbiterFamilies.tsunicorn_worker_boot_seconds;
  const found = bounds.findIndex((bound) => seconds <= bound);
  store.add(at, seconds);
  store.add(at + 1 + (found < 0 ? bounds.length : found), 1);
}
