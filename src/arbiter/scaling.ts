import type { WorkerLoad } from '../process/ipc.ts';
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

/** Workers report every second; between two samples there is at least this. */
const SAMPLE_MS = 800;
/** A worker that has said nothing for so long has no turn of its event loop to spare. */
const SILENT_MS = 2500;

/** A change of the number of workers, and why, in words. */
export interface Change {
  readonly workers: number;
  readonly reason: string;
  readonly figures: Omit<Verdict, 'workers'>;
}

/** What the workers of one generation report of their load, and the number of workers that follows from it. */
export class Scaling {
  readonly #limits: ScalingLimits;
  readonly #clock: Clock;
  readonly #reports = new Map<number, WorkerLoad & { readonly atMs: number }>();
  #samples: readonly Sample[] = [];
  #count = 0;
  /** Since when exactly those serve that are wanted. */
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

  /** Takes down what a worker reports. */
  note(age: number, load: WorkerLoad): void {
    this.#reports.set(age, { ...load, atMs: this.#clock.now() });
  }

  /**
   * To be called as often as anything happens; looks about once a second. Null where the number of workers is right, or
   * nothing can be said: during a reload, in a crash loop, and while any that is wanted does not serve. A worker that is
   * replaced is a mere pause, since some services always replace one.
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

  /** What was measured with another number of workers, or in other conditions, says nothing of these. */
  #startAnew(count: number, now: number): void {
    this.#count = count;
    this.#servingSinceMs = now;
    this.#samples = [];
    this.#reports.clear();
  }

  /** Adds a sample of all; false while one of them has had no time to report. */
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

/** Whether exactly those serve that are wanted. */
function serve({ workers, generation }: Desired, serving: readonly WorkerSnapshot[]): boolean {
  if (workers === 0 || serving.length !== workers) return false;
  return serving.every(
    ({ generation: of, state }) => of === generation && state.name === 'ready' && state.outgoing === null,
  );
}
