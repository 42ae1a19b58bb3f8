import type { Figure } from '../figure.ts';

/** A number with as many digits as it needs to be told from its neighbours. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

/** The median of a figure, and from which to which its rounds reach. */
export function spreadOf(values: readonly number[]): string {
  const sorted = values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b);
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return '–';
  const middle = digits(medianOfSorted(sorted));
  return low === high ? middle : `${middle} (${digits(low)}–${digits(high)})`;
}

function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The median of the rounds that have a number. */
export function middleOf(values: readonly number[]): number {
  return medianOfSorted(values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b));
}

/** The figures of each group, in the order of their coming. */
export function byGroup(figures: readonly Figure[]): ReadonlyMap<string, readonly Figure[]> {
  return Map.groupBy(figures, ({ group }) => group);
}

/** A table of one group: a row a subject and size, a column a metric. */
export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}

export function tableOf(title: string, figures: readonly Figure[]): Table {
  const metrics = [...new Set(figures.map(({ metric }) => metric))];
  const grows = figures.some(({ x }) => x !== undefined);
  const rows = Map.groupBy(figures, ({ subject, x }) => `${subject}\n${x ?? ''}`);
  return {
    title,
    header: [...(grows ? [title.replace(/^growth: /, '')] : ['']), ...metrics],
    rows: [...rows.values()].map((row) => [
      grows ? `${row[0]?.x ?? ''}` : (row[0]?.subject ?? ''),
      ...metrics.map((metric) => spreadOf(row.find((one) => one.metric === metric)?.values ?? [])),
    ]),
    commands: [...new Set(figures.map(({ command }) => command))],
    notes: figures.flatMap(({ subject, metric, note }) => (note ? [`${subject}, ${metric}: ${note}`] : [])),
  };
}
