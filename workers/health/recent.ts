import { workerFamilies } from '../../src/metrics/catalogue.ts';
import { HEADER, placeOf } from '../../src/metrics/layout.ts';
import { addSeries, countOf } from '../../src/metrics/series.ts';

/** The seconds that a rate is of: a look at the status is too short for one. */
const SPAN_MS = 5000;
const SHARE = 0.99;

const DELAYS = placeOf('tsunicorn_eventloop_delay_seconds') + 1;
const { bounds: BOUNDS } = workerFamilies.tsunicorn_eventloop_delay_seconds;

/** What was counted until then. */
interface Look {
  readonly atMs: number;
  readonly ended: number;
  readonly delays: Float64Array;
}

/** Returns what writes into the header of a block, when it is called once a second, how its worker did in the last seconds. */
export function noteRecent(values: Float64Array): () => void {
  const looks: Look[] = [];
  return () => {
    const series = new Map<number, Float64Array>();
    addSeries(values, series);
    const now: Look = {
      atMs: performance.now(),
      ended: countOf(series),
      delays: values.slice(DELAYS, DELAYS + BOUNDS.length + 1),
    };
    // One that is as old as the span is kept.
    while (looks[1] !== undefined && now.atMs - looks[1].atMs >= SPAN_MS) looks.shift();
    const before = looks[0] ?? { atMs: now.atMs - 1, ended: now.ended, delays: now.delays };
    looks.push(now);
    values[HEADER.perSecond] = ((now.ended - before.ended) * 1000) / (now.atMs - before.atMs);
    values[HEADER.delaySeconds] = delayOf(now.delays.map((count, at) => count - (before.delays[at] ?? 0)));
    values[HEADER.measuredMs] = Date.now();
  };
}

/** The upper bound of the bucket that has the 99th percentile, in seconds; NaN where nothing was measured. */
function delayOf(buckets: Float64Array): number {
  const all = buckets.reduce((sum, count) => sum + count, 0);
  if (all === 0) return Number.NaN;
  let seen = 0;
  const found = buckets.findIndex((count) => {
    seen += count;
    return seen >= all * SHARE;
  });
  return BOUNDS[found] ?? BOUNDS.at(-1) ?? 0;
}
