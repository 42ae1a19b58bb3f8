import { seeded } from '../arrivals.ts';
import { percentile } from '../statistics.ts';

/** A median of ratios that were taken round by round, and its 95 % confidence interval. */
export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const DRAWS = 2000;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The median of `values` with the interval that a percentile bootstrap gives it; the same for the same values. */
export function medianOf(values: readonly number[]): Ratio {
  if (values.length === 0) throw new RangeError('nothing was measured');
  const random = seeded(values.length);
  const draw = () => values[Math.floor(random() * values.length)] ?? Number.NaN;
  const medians = Array.from({ length: DRAWS }, () => median(values.map(draw)));
  return { median: median(values), low: percentile(medians, 0.025), high: percentile(medians, 0.975) };
}

/** `of` over `against`, round by round. */
export function pairedRatio(of: readonly number[], against: readonly number[]): Ratio {
  const rounds = Math.min(of.length, against.length);
  return medianOf(
    Array.from({ length: rounds }, (_, round) => (of[round] ?? Number.NaN) / (against[round] ?? Number.NaN)),
  );
}

export type Judgement = 'reached' | 'missed' | 'not decided';

/**
 * Missed where the interval excludes the goal, reached where the median reaches it. Between the two nothing is decided: the
 * median misses the goal, and the interval has it.
 */
export function judged(
  { median: middle, low, high }: Ratio,
  sense: 'at least' | 'at most',
  goal: number,
): Judgement {
  const excluded = sense === 'at least' ? high < goal : low > goal;
  if (excluded) return 'missed';
  return (sense === 'at least' ? middle >= goal : middle <= goal) ? 'reached' : 'not decided';
}
