/** Five numbers of a series, in its own unit. */
export interface Summary {
  readonly min: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly max: number;
}

function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  // Between two failures, which took for ever, there is no number.
  if (above === below) return below;
  return below + (above - below) * (position - Math.floor(position));
}

/** The smallest of at least one value that `share` of them do not exceed (nearest rank): 0.99 for the 99th percentile. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('nothing was measured');
  const sorted = values.toSorted((a, b) => a - b);
  // 0.99 × 100 is a little more than 99 in floating point.
  return sorted[Math.ceil(share * values.length - 1e-9) - 1] ?? Number.NaN;
}

/** Summarises at least one value; quartiles are interpolated between neighbours. */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('nothing was measured');
  const sorted = values.toSorted((a, b) => a - b);
  return {
    min: quantile(sorted, 0),
    q1: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q3: quantile(sorted, 0.75),
    max: quantile(sorted, 1),
  };
}

export type Mark = 'reached' | 'not reached' | 'within spread';

/**
 * Judges a series against a limit: the middle half of the rounds must lie on one side of it, or the spread hides
 * the answer.
 */
export function judge(summary: Summary, sense: 'at least' | 'at most', limit: number): Mark {
  const { q1, q3 } = summary;
  if (sense === 'at most') return q3 <= limit ? 'reached' : q1 > limit ? 'not reached' : 'within spread';
  return q1 >= limit ? 'reached' : q3 < limit ? 'not reached' : 'within spread';
}

/** `items` begun one place later each round, so that none always runs in the wake of the same neighbour. */
export function rotated<T>(items: readonly T[], round: number): readonly T[] {
  const first = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

/** The share at each end of a series that meanOf() replaces by the nearest value of the rest. */
const TRIMMED = 0.2;

/**
 * The trimmed mean of at least ten values, which a machine that others use does not move, and how far to both sides of it
 * 95 % of the confidence reaches (Tukey and McLaughlin, by the normal distribution).
 */
export function meanOf(values: readonly number[]): { readonly mean: number; readonly margin: number } {
  if (values.length < 10) throw new RangeError('too little was measured');
  const sorted = values.toSorted((a, b) => a - b);
  const cut = Math.floor(sorted.length * TRIMMED);
  const kept = sorted.slice(cut, sorted.length - cut);
  const [lowest = 0, highest = 0] = [kept[0], kept.at(-1)];
  const held = sorted.map((value) => Math.min(Math.max(value, lowest), highest));
  const middle = sumOf(held) / held.length;
  const squares = sumOf(held.map((value) => (value - middle) ** 2));
  const deviation = Math.sqrt(squares / (held.length - 1)) / (1 - 2 * TRIMMED);
  return { mean: sumOf(kept) / kept.length, margin: (1.96 * deviation) / Math.sqrt(held.length) };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
