import type { Measure, Measured, MeasureSource } from '../metrics/measured.ts';

/** A health check: it fails where it throws, rejects, or returns false. */
export type Check = () => unknown;

/** So many combinations of labels has a metric in a process; what is beyond is counted as `_OTHER`. */
const MOST_SERIES = 1000;
const OTHER = '_OTHER';
/** A check that takes longer fails. */
const CHECK_MS = 5000;

/** The numbers of one metric. */
export class Family {
  readonly about: Omit<Measure, 'series'>;
  readonly #series = new Map<string, [readonly string[], number[]]>();
  folded = 0;

  constructor(about: Omit<Measure, 'series'>) {
    this.about = about;
  }

  /** The numbers of the series with these labels. Throws a TypeError where one is missing or unknown. */
  numbers(given: Readonly<Record<string, string | number>>): number[] {
    const { name, labels } = this.about;
    const unknown = Object.keys(given).find((label) => !labels.includes(label));
    if (unknown !== undefined) throw new TypeError(`${name} has no label ${unknown}; list it in \`labels\``);
    const values = labels.map((label) => {
      if (given[label] === undefined) throw new TypeError(`${name}: the label ${label} has no value`);
      return `${given[label]}`;
    });
    const key = values.length === 1 ? `${values[0]}` : JSON.stringify(values);
    return this.#series.get(key)?.[1] ?? this.#add(key, values);
  }

  snapshot(): Measure {
    return { ...this.about, series: [...this.#series.values()] };
  }

  #add(key: string, values: readonly string[]): number[] {
    if (this.#series.size >= MOST_SERIES) {
      this.folded++;
      const others = values.map(() => OTHER);
      const last = this.#series.get(OTHER);
      if (last) return last[1];
      return this.#put(OTHER, others);
    }
    return this.#put(key, values);
  }

  #put(key: string, values: readonly string[]): number[] {
    const { type, bounds } = this.about;
    const numbers = type === 'histogram' ? Array.from({ length: bounds.length + 2 }, () => 0) : [0];
    this.#series.set(key, [values, numbers]);
    return numbers;
  }
}

/** All metrics and checks of this process. */
export class Registry implements MeasureSource {
  readonly #families = new Map<string, Family>();
  readonly #checks = new Map<string, CheckRun>();

  /** The metric of that name, which is made where there is none. Throws where it is of another kind. */
  family(about: Omit<Measure, 'series'>): Family {
    const known = this.#families.get(about.name);
    if (known === undefined) {
      const made = new Family(about);
      this.#families.set(about.name, made);
      return made;
    }
    const { type, labels, bounds } = known.about;
    if (type !== about.type || labels.join() !== about.labels.join() || bounds.join() !== about.bounds.join())
      throw new TypeError(`${about.name} is registered already, as a ${type} with other labels or buckets`);
    return known;
  }

  /** From now on the check runs once a second; one of the same name is replaced. */
  check(name: string, run: Check): void {
    this.#checks.set(name, new CheckRun(run));
  }

  /** The present state, and begins to run the checks again; null where nothing is registered. */
  take(): Measured | null {
    if (this.#families.size + this.#checks.size === 0) return null;
    const families = [...this.#families.values()];
    const failing: Record<string, string> = {};
    for (const [name, check] of this.#checks) {
      check.start();
      if (check.failure !== null) failing[name] = check.failure;
    }
    return {
      measures: families.map((family) => family.snapshot()),
      folded: families.reduce((sum, { folded }) => sum + folded, 0),
      failing,
      checks: this.#checks.size,
    };
  }
}

/** One check, which runs again and again. */
class CheckRun {
  readonly #run: Check;
  #failure: string | null = 'it has not run yet';
  #sinceMs: number | null = null;

  constructor(run: Check) {
    this.#run = run;
  }

  /** Why it fails; null where it does not. */
  get failure(): string | null {
    if (this.#sinceMs !== null && performance.now() - this.#sinceMs > CHECK_MS)
      return `it has not ended within ${CHECK_MS / 1000} s`;
    return this.#failure;
  }

  start(): void {
    if (this.#sinceMs !== null) return;
    this.#sinceMs = performance.now();
    void this.#ask();
  }

  async #ask(): Promise<void> {
    try {
      this.#failure = (await this.#run()) === false ? 'it returned false' : null;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : `${error}`;
    }
    this.#sinceMs = null;
  }
}
