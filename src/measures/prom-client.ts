import { createRequire } from 'node:module';
import type { Measure, Measured, MeasureSource } from '../metrics/measured.ts';

/** The part of prom-client that is used, as it has it since version 12. */
interface PromMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly PromValue[];
}

interface PromValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** With its suffix, of histograms and summaries. */
  readonly metricName?: string;
}

interface PromRegistry {
  getMetricsAsJSON(): PromMetric[] | Promise<PromMetric[]>;
}

const MODULE = /[\\/]prom-client[\\/]index\.js$/;
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary']);
/** More values of one metric are not taken: 1,000 series with 20 buckets. */
const MOST_VALUES = 20_000;

/** What the default registry of the application's own prom-client has. Quantiles of summaries have no sum, and are left out. */
export class PromClient implements MeasureSource {
  #latest: Measured | null = null;
  #isCollecting = false;

  /** What was collected when this was called last; begins to collect again. */
  take(): Measured | null {
    if (!this.#isCollecting) void this.#collect();
    return this.#latest;
  }

  async #collect(): Promise<void> {
    this.#isCollecting = true;
    try {
      const all = await Promise.all(loadedRegistries().map((registry) => registry.getMetricsAsJSON()));
      const metrics = all.flat().filter(({ type }) => TYPES.has(type));
      const folded = metrics.reduce(
        (sum, { values }) => sum + Math.max(0, values.length - mostOf(values)),
        0,
      );
      if (metrics.length > 0) this.#latest = { measures: metrics.map(measureOf), failing: {}, folded };
    } catch {
      // A collector of the application failed: what was there before stays.
    }
    this.#isCollecting = false;
  }
}

/** Those of every copy that the application has loaded; nothing is loaded for it. */
function loadedRegistries(): readonly PromRegistry[] {
  const { cache } = createRequire(import.meta.url);
  return Object.entries(cache).flatMap(([path, module]): readonly PromRegistry[] => {
    const register: unknown = MODULE.test(path) ? Reflect.get(module?.exports ?? {}, 'register') : null;
    return isRegistry(register) ? [register] : [];
  });
}

function isRegistry(value: unknown): value is PromRegistry {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'getMetricsAsJSON') === 'function'
  );
}

/** A metric as ours are; exported for its test. */
export function measureOf({ name, help, type, values }: PromMetric): Measure {
  const labels = [...new Set(values.flatMap(({ labels: own }) => Object.keys(own)))].filter(
    (label) => label !== 'le' && label !== 'quantile',
  );
  const bounds =
    type === 'histogram'
      ? [...new Set(values.map(({ labels: { le } }) => Number(le)))]
          .filter(Number.isFinite)
          .sort((a, b) => a - b)
      : [];
  const width = type === 'histogram' ? bounds.length + 2 : type === 'summary' ? 2 : 1;
  const series = new Map<string, readonly [string[], number[]]>();
  for (const { value, labels: own, metricName = name } of values.slice(0, mostOf(values))) {
    const given = labels.map((label) => `${own[label] ?? ''}`);
    const key = JSON.stringify(given);
    const known = series.get(key) ?? [given, Array.from({ length: width }, () => 0)];
    series.set(key, known);
    const at = placeOf(type, metricName, own, bounds);
    if (at !== null) known[1][at] = value;
  }
  const shown = [...series.values()];
  if (type === 'histogram') for (const [, numbers] of shown) separate(numbers);
  return {
    name,
    type: type as Measure['type'],
    help: help.replace(/\.$/, ''),
    labels,
    bounds,
    series: shown,
  };
}

/** Where a value is among the numbers of its series; null where it is none of them. */
function placeOf(
  type: string,
  name: string,
  { le, quantile }: PromValue['labels'],
  bounds: readonly number[],
): number | null {
  if (type === 'histogram') {
    if (le !== undefined) return le === '+Inf' ? bounds.length + 1 : bounds.indexOf(Number(le)) + 1;
    return name.endsWith('_sum') ? 0 : null;
  }
  if (type !== 'summary') return 0;
  if (quantile !== undefined) return null;
  return name.endsWith('_sum') ? 0 : 1;
}

/** A bucket has what is in those below, too; ours do not. */
function separate(numbers: number[]): void {
  for (let at = numbers.length - 1; at > 1; at--) numbers[at] = (numbers[at] ?? 0) - (numbers[at - 1] ?? 0);
}

function mostOf(values: readonly PromValue[]): number {
  return Math.min(values.length, MOST_VALUES);
}
