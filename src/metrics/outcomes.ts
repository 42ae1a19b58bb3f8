import { DURATION_BOUNDS } from './catalogue.ts';
import { placeFor } from './layout.ts';
import { labelsOf } from './series.ts';
import type { Totals } from './store.ts';

/** How requests came out since the service was started: from two of them follow the rate of errors and the latency between. */
export interface Outcomes {
  /** How many were answered, or lost their client. */
  readonly ended: number;
  /** How many of them were answered with a status from 500 up. */
  readonly serverErrors: number;
  /** How many beside them lost their worker. */
  readonly died: number;
  /** How many of the ended took at most so long, by rising bounds; the last has none. */
  readonly durations: readonly Duration[];
}

export interface Duration {
  readonly withinSeconds: number | null;
  readonly count: number;
}

const DIED = placeFor('tsunicorn_requests_cut_total', 'worker_died') ?? 0;
const BOUNDS: readonly (number | null)[] = [...DURATION_BOUNDS, null];

/** Adds up the series of durations. */
export function outcomesOf({ figures, series }: Pick<Totals, 'figures' | 'series'>): Outcomes {
  const buckets = BOUNDS.map(() => 0);
  let serverErrors = 0;
  for (const [key, [, ...counts]] of series) {
    if (labelsOf(key).status >= 500) serverErrors += counts.reduce((sum, count) => sum + count, 0);
    for (const [index, count] of counts.entries()) buckets[index] = (buckets[index] ?? 0) + count;
  }
  let ended = 0;
  const durations = BOUNDS.map((withinSeconds, index) => {
    ended += buckets[index] ?? 0;
    return { withinSeconds, count: ended };
  });
  return { ended, serverErrors, died: figures[DIED] ?? 0, durations };
}
