import { counterPlaces } from '../metrics/layout.ts';
import type { Totals } from '../metrics/store.ts';

const COUNTERS = counterPlaces();

/** What was counted since another moment; gauges are those of now. */
export function since(before: Pick<Totals, 'figures' | 'series'>, now: Totals): Totals {
  const figures = Float64Array.from(now.figures);
  for (const at of COUNTERS) figures[at] = Math.max(0, (figures[at] ?? 0) - (before.figures[at] ?? 0));
  const series = new Map(
    [...now.series].map(([key, sums]) => {
      const old = before.series.get(key);
      return [key, old === undefined ? sums : sums.map((sum, at) => Math.max(0, sum - (old[at] ?? 0)))];
    }),
  );
  return { ...now, figures, series };
}
