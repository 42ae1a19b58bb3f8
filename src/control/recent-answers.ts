import { ANY_STATUS, labelsOf } from '../metrics/series.ts';
import type { CounterStore } from '../metrics/store.ts';

const NOTE_MS = 15_000;
/** How many notes are kept: what was before the oldest of them is not recent. */
const KEPT = 4;
const FAILED = 500;

/** What was answered of late. */
export interface Answers {
  /** How long ago it begins, in seconds. */
  readonly seconds: number;
  readonly all: number;
  /** How many had a status from 500 up, by it. */
  readonly failed: ReadonlyMap<number, number>;
}

interface Note {
  readonly atMs: number;
  readonly all: number;
  readonly failed: ReadonlyMap<number, number>;
}

/** Notes now and then what was counted, so that one look at a service can tell what is recent. */
export class RecentAnswers {
  readonly #counters: Pick<CounterStore, 'totals'>;
  readonly #now: () => number;
  #notes: readonly Note[];

  /** `now` is in milliseconds, of any clock that is never set. `ended` ends the notes. */
  constructor(counters: Pick<CounterStore, 'totals'>, now: () => number, ended: AbortSignal) {
    this.#counters = counters;
    this.#now = now;
    this.#notes = [this.#note()];
    const timer = setInterval(() => this.note(), NOTE_MS).unref();
    ended.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  note(): void {
    this.#notes = [...this.#notes, this.#note()].slice(-KEPT);
  }

  /** Of the last minute, or since the start where that is later. */
  get recent(): Answers {
    const now = this.#note();
    const before = this.#notes[0] ?? now;
    const failed = [...now.failed].map(
      ([status, count]) => [status, count - (before.failed.get(status) ?? 0)] as const,
    );
    return {
      seconds: Math.max(1, Math.round((now.atMs - before.atMs) / 1000)),
      all: now.all - before.all,
      failed: new Map(failed.filter(([, count]) => count > 0)),
    };
  }

  #note(): Note {
    const failed = new Map<number, number>();
    let all = 0;
    for (const [key, [, ...buckets]] of this.#counters.totals().series) {
      const { status } = labelsOf(key);
      const count = buckets.reduce((sum, bucket) => sum + bucket, 0);
      if (status > ANY_STATUS) all += count;
      if (status >= FAILED) failed.set(status, (failed.get(status) ?? 0) + count);
    }
    return { atMs: this.#now(), all, failed };
  }
}
