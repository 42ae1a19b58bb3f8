import type { WorkerLoad } from '../process/ipc/messages.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import type { Clock } from '../support/clock.ts';
import type { Desired } from './policy/reconcile.ts';
import {
  DOWN_MS,
  judge,
  type Sample,
  type ScalingLimits,
  UP_MS,
  type Verdict,
  worthKeeping,
} from './policy/scaling.ts';
import type { WorkerSnapshot } from './policy/worker-state.ts';

/** The least time between two samples; workers report every second. */
const SAMPLE_MS = 800;
/** A worker that has not reported for this long counts as fully busy: its event loop is blocked. */
const SILENT_MS = 2500;

/** A change of the number of workers, and the reason for the log. */
export interface Change {
  readonly workers: number;
  readonly reason: string;
  readonly figures: Omit<Verdict, 'workers'>;
}

/** Derives the number of workers of one generation from the load that they report. */
export class Scaling {
  readonly #limits: ScalingLimits;
  readonly #clock: Clock;
  readonly #reports = new Map<number, WorkerLoad & { readonly atMs: number }>();
  #samples: readonly Sample[] = [];
  #count = 0;
  /** Since when exactly the wanted workers serve. */
  #servingSinceMs = 0;

  constructor({ workers, workersMin, workersMax, workerConnections }: Settings, clock: Clock) {
    this.#limits = {
      min: workersMin ?? workers,
      max: workersMax ?? workers,
      capacity: workerConnections,
    };
    this.#clock = clock;
  }

  /** The number nearest to `workers` that the limits allow. */
  allowed(workers: number): number {
    return Math.min(Math.max(workers, this.#limits.min), this.#limits.max);
  }

  /** Records what a worker reports. */
  note(age: number, load: WorkerLoad): void {
    this.#reports.set(age, { ...load, atMs: this.#clock.now() });
  }

  /**
   * May be called at any time; takes a sample about once a second. Returns null where the number of workers is right, and
   * where nothing can be concluded: during a reload, in a crash loop, and while a wanted worker does not serve. The
   * replacement of a worker only pauses the measurement, since some services always replace one.
   */
  evaluate(desired: Desired, workers: readonly WorkerSnapshot[], reloading: boolean): Change | null {
    const now = this.#clock.now();
    const serving = workers.filter(({ state }) => state.name === 'ready');
    const steady = !reloading && desired.canary === null && now >= desired.spawnAfterMs;
    if (!steady || desired.workers !== this.#count) {
      this.#startAnew(desired.workers, now);
      return null;
    }
    if (!serve(desired, serving)) {
      this.#servingSinceMs = now;
      return null;
    }
    const last = this.#samples.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    if (now - last < SAMPLE_MS || !this.#take(serving, now)) return null;
    const verdict = judge(this.#samples, this.#count, now, this.#limits);
    if (verdict === null) return null;
    const { utilisation, inFlight } = verdict;
    const up = verdict.workers > this.#count;
    const figures = `utilisation ${utilisation.toFixed(2)} and ${inFlight.toFixed(1)} requests in flight a worker`;
    const lasting = `${up ? '' : 'at most '}${figures} for ${Math.round((up ? UP_MS : DOWN_MS) / 1000)} s`;
    const change = `Scaling workers ${up ? 'up' : 'down'} from ${this.#count} to ${verdict.workers}`;
    return { workers: verdict.workers, reason: `${change}: ${lasting}`, figures: { utilisation, inFlight } };
  }

  /** Drops what was measured with another number of workers or under other conditions. */
  #startAnew(count: number, now: number): void {
    this.#count = count;
    this.#servingSinceMs = now;
    this.#samples = [];
    this.#reports.clear();
  }

  /** Adds a sample of all workers; returns false while one of them has not had time to report. */
  #take(serving: readonly WorkerSnapshot[], now: number): boolean {
    const loads = serving.map(({ age }) => this.#loadOf(age, now));
    if (loads.includes(null)) return false;
    const ages = new Set(serving.map(({ age }) => age));
    for (const age of this.#reports.keys()) if (!ages.has(age)) this.#reports.delete(age);
    const mean = (of: (load: WorkerLoad) => number) =>
      loads.reduce((sum, load) => sum + (load ? of(load) : 0), 0) / loads.length;
    const sample = {
      atMs: now,
      utilisation: mean(({ utilisation }) => utilisation),
      inFlight: mean(({ inFlight }) => inFlight),
    };
    this.#samples = worthKeeping([...this.#samples, sample], now);
    return true;
  }

  #loadOf(age: number, now: number): WorkerLoad | null {
    const report = this.#reports.get(age);
    if (now - (report?.atMs ?? this.#servingSinceMs) < SILENT_MS) return report ?? null;
    return { utilisation: 1, inFlight: report?.inFlight ?? 0 };
  }
}

/** Whether exactly the wanted workers serve, and none of them is to be replaced. */
function serve({ workers, generation }: Desired, serving: readonly WorkerSnapshot[]): boolean {
  if (workers === 0 || serving.length !== workers) return false;
  return serving.every(
    ({ generation: of, state }) => of === generation && state.name === 'ready' && state.outgoing === null,
  );
}
