import { statusPage } from '../admin/status-page.ts';
import type { Controlled } from '../control/controlled.ts';
import { RecentRows } from '../listeners/queue.ts';
import { Conditions } from '../log/conditions.ts';
import type { AnyRecord } from '../log/records.ts';
import { makeFile } from '../metrics/place.ts';
import type { CounterStore, Totals } from '../metrics/store.ts';
import { fs } from '../support/builtins.ts';
import { closeQuietly } from '../support/close-quietly.ts';
import type { Mark, Sample } from './history/figures.ts';
import { markOf } from './history/marks.ts';
import { HistoryRing } from './history/ring.ts';
import { Sampler, type WorkerRate } from './history/sampler.ts';

const SAMPLE_MS = 1000;
/** More than a ring of ours can be. */
const MOST_BYTES = 4 * 1024 * 1024;

/** What is known once a second. */
export interface Tick {
  readonly sample: Sample;
  readonly totals: Totals;
  readonly page: ReturnType<typeof statusPage>;
  /** By the age of the worker. */
  readonly rates: ReadonlyMap<number, WorkerRate>;
}

/** Keeps the history of a service: a sample a second, and marks. */
export class Recorder {
  readonly ring = new HistoryRing();
  readonly conditions = new Conditions();
  /** The queues of the kernel, which it reads once a second. */
  readonly rows = new RecentRows();
  readonly #service: Controlled;
  readonly #counters: CounterStore;
  readonly #sampler = new Sampler();
  readonly #watchers = new Set<(tick: Tick) => void>();
  readonly #timer: NodeJS.Timeout;
  readonly #endFollowing: () => void;
  #wanted: number | null = null;
  #pending: Mark[] = [];

  /** `handed` is the descriptor of what an old arbiter has kept. */
  constructor(service: Controlled, counters: CounterStore, handed: number | null) {
    this.#service = service;
    this.#counters = counters;
    if (handed !== null) restore(this.ring, handed);
    this.#endFollowing = service.journal.follow((record) => this.#took(record));
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
    this.#timer.unref();
  }

  /** Calls `watch` once a second; returns what ends that. */
  watch(watch: (tick: Tick) => void): () => void {
    this.#watchers.add(watch);
    return () => void this.#watchers.delete(watch);
  }

  /** The marks since this was called last. */
  newMarks(): readonly Mark[] {
    return this.#pending.splice(0);
  }

  /** A descriptor of what is kept, for a new arbiter, to be closed when it has it; null where /dev/shm cannot be used. */
  handOver(): number | null {
    let fd: number | null = null;
    try {
      fd = makeFile();
      const encoded = this.ring.encode();
      fs.writeSync(fd, encoded, 0, encoded.length, 0);
      return fd;
    } catch {
      // The new arbiter begins its own history.
      if (fd !== null) fs.closeSync(fd);
      return null;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#endFollowing();
  }

  #sample(): void {
    const { version, listeners, loaded, journal } = this.#service;
    const totals = this.#counters.totals();
    const page = statusPage({
      ...{ version, listeners, totals, status: journal.status, rows: this.rows.now() },
      settings: () => loaded().settings,
    });
    const nowMs = performance.now();
    const blockedSeconds = (age: number) => this.conditions.blockedMs(age, nowMs) / 1000;
    const { sample, rates } = this.#sampler.take({ at: wallSeconds(), totals, page, blockedSeconds });
    this.ring.add(sample);
    this.#noteScaling(page.workers.wanted, sample.at);
    for (const watch of this.#watchers) {
      try {
        watch({ sample, totals, page, rates });
      } catch {
        // The page misses a second; the service does not end for it.
      }
    }
  }

  #noteScaling(wanted: number, at: number): void {
    if (this.#wanted !== null && this.#wanted !== wanted && wanted > 0)
      this.#mark({ at, kind: 'scaling', text: `scaled from ${this.#wanted} to ${wanted} workers` });
    if (wanted > 0) this.#wanted = wanted;
  }

  #took(record: AnyRecord): void {
    this.conditions.took(record, performance.now());
    const mark = markOf(record, wallSeconds());
    if (mark !== null) this.#mark(mark);
  }

  #mark(mark: Mark): void {
    this.ring.mark(mark);
    if (this.#watchers.size > 0) this.#pending.push(mark);
  }
}

/** In seconds since 1970, and never less than before: a clock that is set back does not bring samples into disorder. */
function wallSeconds(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}

function restore(ring: HistoryRing, fd: number): void {
  try {
    const { size } = fs.fstatSync(fd);
    const encoded = new Uint8Array(Math.min(size, MOST_BYTES));
    fs.readSync(fd, encoded, 0, encoded.length, 0);
    ring.restore(encoded, wallSeconds());
  } catch {
    // It was not handed over after all.
  } finally {
    closeQuietly(fd);
  }
}
