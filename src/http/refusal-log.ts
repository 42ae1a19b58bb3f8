import type { WorkerLog } from '../log/records.ts';
import type { Clock } from '../support/clock.ts';
import type { SayRefused } from './refusals.ts';

/** How often what came meanwhile is told. */
const ROUND_MS = 1000;
/** After so long without one, the next of a peer and a reason is logged at once again. */
const FORGET_MS = 60_000;
/** So many peers and reasons are told of one by one; all others, as of a scan, together. */
const MOST_KNOWN = 20;

type Fields = Parameters<SayRefused>[1];

/** The refusals of one peer for one reason. */
interface Known {
  line: string;
  fields: Fields;
  latestMs: number;
  /** Since the last round. */
  count: number;
}

/**
 * Logs requests that are refused: the first of each peer and reason at once, of more of them a count once a second. No
 * line has anything in it that the client has sent.
 */
export function logRefused(log: WorkerLog, clock: Clock): SayRefused {
  const known = new Map<string, Known>();
  let rest: Known | null = null;
  let isArmed = false;

  const tell = (some: Known, whose: string) => {
    if (some.count === 0) return;
    const { line, fields, count } = some;
    log.warning(`${line} (${count} more ${whose})`, { event: 'request-refused', ...fields, count });
    some.count = 0;
  };
  const round = () => {
    isArmed = false;
    for (const [key, some] of known) {
      tell(some, 'in a second');
      if (clock.now() - some.latestMs >= FORGET_MS) known.delete(key);
    }
    if (rest !== null) tell(rest, 'of many clients in a second');
    rest = null;
    if (known.size > 0) arm();
  };
  const arm = () => {
    if (isArmed) return;
    isArmed = true;
    clock.after(ROUND_MS, round);
  };

  return (line, fields) => {
    const key = `${fields.error} ${fields.client}`;
    const latestMs = clock.now();
    const earlier = known.get(key) ?? (known.size < MOST_KNOWN ? null : rest);
    if (earlier !== null) {
      Object.assign(earlier, { line, fields, latestMs, count: earlier.count + 1 });
      return;
    }
    if (known.size < MOST_KNOWN) {
      known.set(key, { line, fields, latestMs, count: 0 });
      log.warning(line, { event: 'request-refused', ...fields });
    } else rest = { line, fields, latestMs, count: 1 };
    arm();
  };
}
