// What applications measure by `tsunicorn/metrics`: a snapshot of each process, and their sum.

/** Where a worker finds what its application has registered, whichever copy of the package did. */
export const MEASURES = Symbol.for('tsunicorn.measures');

/** What is there. */
export interface MeasureSource {
  /** The present state, and begins to run the checks again; null where nothing is registered. */
  take(): Measured | null;
}

/** One metric of a process: its series are [the values of its labels, its numbers], of a histogram [sum, …buckets], of a summary [sum, count]. */
export interface Measure {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** A sentence without its full stop. */
  readonly help: string;
  readonly labels: readonly string[];
  /** The upper bounds of a histogram; otherwise empty. */
  readonly bounds: readonly number[];
  readonly series: readonly (readonly [values: readonly string[], numbers: readonly number[]])[];
}

/** What a process has measured so far, and its checks that fail: their names and why. */
export interface Measured {
  readonly measures: readonly Measure[];
  readonly failing: Readonly<Record<string, string>>;
  /** How many changes were counted in the series `_OTHER`, for there were too many. */
  readonly folded: number;
  /** How many checks there are. */
  readonly checks?: number;
}

/** A process that has checks, or metrics, reports once a second: one that is silent for so long hangs. */
const STALE_MS = 5000;

/** The latest report of one process. */
interface Report {
  readonly measured: Measured;
  readonly atMs: number;
}

/** All that the processes of a service have measured: sums of counters and histograms, gauges of the living. */
export interface MeasuredTotals {
  readonly measures: readonly Measure[];
  readonly folded: number;
  /** The pids of processes that have reported and do not any more. */
  readonly stale: readonly number[];
}

/** Keeps what processes report, in the arbiter, or what threads do, in a worker of theirs, by a number of each. */
export class MeasuredStore {
  readonly #reports = new Map<number, Report>();
  /** Of processes that have ended, without gauges. */
  #ended: readonly Measure[] = [];
  #foldedEnded = 0;

  heard(pid: number, measured: Measured, nowMs = performance.now()): void {
    this.#reports.set(pid, { measured, atMs: nowMs });
  }

  /** Adds what the process counted to the sum. */
  ended(pid: number): void {
    const report = this.#reports.get(pid);
    if (!this.#reports.delete(pid) || report === undefined) return;
    this.add(report.measured.measures, report.measured.folded);
  }

  /** Adds what processes have counted that have ended. */
  add(measures: readonly Measure[], folded: number): void {
    this.#ended = summed([this.#ended, measures.filter(({ type }) => type !== 'gauge')]);
    this.#foldedEnded += folded;
  }

  totals(nowMs = performance.now()): MeasuredTotals {
    const reports = [...this.#reports.values()].map(({ measured }) => measured);
    return {
      measures: summed([this.#ended, ...reports.map(({ measures }) => measures)]),
      folded: reports.reduce((sum, { folded }) => sum + folded, this.#foldedEnded),
      stale: [...this.#reports].filter(([, report]) => isStale(report, nowMs)).map(([pid]) => pid),
    };
  }

  /** All that is known, as one report; a thread that hangs fails where it has checks. Null where nobody has reported. */
  report(nowMs = performance.now()): Measured | null {
    if (this.#reports.size === 0 && this.#ended.length === 0) return null;
    const failing: Record<string, string> = {};
    let checks = 0;
    for (const { measured, atMs } of this.#reports.values()) {
      checks += measured.checks ?? 0;
      Object.assign(failing, measured.failing);
      if ((measured.checks ?? 0) > 0 && isStale({ measured, atMs }, nowMs))
        failing.thread = 'a thread does not report, so that the state of its checks is not known';
    }
    const { measures, folded } = this.totals(nowMs);
    return { measures, folded, failing, checks };
  }

  /** Why no client should be sent to a process, by its pid: a check that fails, or that nobody knows the state of. */
  unfit(nowMs = performance.now()): ReadonlyMap<number, string> {
    const reasons = new Map<number, string>();
    for (const [pid, report] of this.#reports) {
      const { failing } = report.measured;
      const [first] = Object.entries(failing);
      if (first !== undefined) reasons.set(pid, `check ${first[0]}: ${first[1]}`);
      else if (isStale(report, nowMs)) reasons.set(pid, 'its checks are not known: it does not report');
    }
    return reasons;
  }
}

/** What several sources measure, as one. */
export function together(all: readonly (Measured | null)[]): Measured | null {
  const known = all.filter((one) => one !== null);
  const [first] = known;
  if (first === undefined || known.length === 1) return first ?? null;
  return {
    measures: summed(known.map(({ measures }) => measures)),
    failing: Object.assign({}, ...known.map(({ failing }) => failing)),
    folded: known.reduce((sum, { folded }) => sum + folded, 0),
    checks: known.reduce((sum, { checks = 0 }) => sum + checks, 0),
  };
}

function isStale({ atMs }: Report, nowMs: number): boolean {
  return nowMs - atMs > STALE_MS;
}

/** The sum by name and labels. A metric that differs between processes, as during a reload, is that of the first. */
export function summed(all: readonly (readonly Measure[])[]): readonly Measure[] {
  const byName = new Map<string, { about: Measure; series: Map<string, [readonly string[], number[]]> }>();
  for (const measure of all.flat()) {
    const { name, type, labels, bounds } = measure;
    const known = byName.get(name) ?? { about: measure, series: new Map() };
    byName.set(name, known);
    const isSame = type === known.about.type && String(labels) === String(known.about.labels);
    if (!isSame || String(bounds) !== String(known.about.bounds)) continue;
    for (const [values, numbers] of measure.series) {
      const key = JSON.stringify(values);
      const sum = known.series.get(key);
      if (sum) for (const [at, number] of numbers.entries()) sum[1][at] = (sum[1][at] ?? 0) + number;
      else known.series.set(key, [values, [...numbers]]);
    }
  }
  return [...byName.values()].map(({ about, series }) => ({ ...about, series: [...series.values()] }));
}
