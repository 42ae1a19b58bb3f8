import type { Observer } from '../../src/http/observer.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import { availableMemory, inMiB } from '../../src/process/available-memory.ts';
import type { RetirePurpose } from '../../src/process/ipc/retirement.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { type Clock, every } from '../../src/support/clock.ts';
import { beatEveryMs } from '../health/heartbeat.ts';
import { memoryUsage } from '../health/memory-usage.ts';
import { drawLimits, jittersOf, type RecycleLimits } from './limits.ts';

/** A worker that takes this many times its limit, this long after it asked for its replacement, logs a warning. */
const RUNAWAY = { times: 1.5, afterMs: 5000 };
// A longer timer would fire at once.
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface RecyclerOptions {
  readonly settings: Settings;
  readonly limits: RecycleLimits;
  readonly clock: Clock;
  readonly log: WorkerLog;
  /** Returns null if the memory cannot be read now. */
  readonly measure: () => { readonly rss: number; readonly heapUsed: number } | null;
}

/** Asks once for the replacement of its worker, when the worker has reached a limit. */
export class Recycler {
  readonly #options: RecyclerOptions;
  #requests = 0;
  #reason: string | null = null;
  #purpose: RetirePurpose = 'replace';
  #ask: ((reason: string) => void) | null = null;
  #askedMs = Infinity;
  #hasWarned = false;
  #cancel: () => void = () => {};

  constructor(options: RecyclerOptions) {
    this.#options = options;
  }

  /** Makes the recycler of this process. */
  static of(settings: Settings, log: WorkerLog, clock: Clock): Recycler {
    const limits = drawLimits(settings, Math.random, availableMemory());
    return new Recycler({ settings, limits, clock, log, measure: memoryUsage });
  }

  /** The purpose for which the worker leaves: one that takes too much memory does not wait for long. */
  get purpose(): RetirePurpose {
    return this.#purpose;
  }

  /** Counts requests; null where they are not limited. */
  get observer(): Observer | null {
    const { requests } = this.#options.limits;
    if (requests === Infinity) return null;
    return () => {
      this.#requests++;
      if (this.#requests >= requests) this.#reachedRequests();
    };
  }

  /** The worker is ready: from now on it may be replaced. */
  begin(ask: (reason: string) => void): void {
    const { limits, clock, settings } = this.#options;
    this.#ask = ask;
    if (this.#reason !== null) ask(this.#reason);
    if (limits.lifetimeMs < Infinity) this.#watchLifetime(clock.now() + limits.lifetimeMs);
    if (Math.min(limits.memoryBytes, limits.heapBytes) < Infinity) this.#watchMemory(beatEveryMs(settings));
  }

  /** To be called when the worker leaves. */
  end(): void {
    this.#cancel();
    this.#reason ??= 'it goes';
  }

  #due(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#askedMs = this.#options.clock.now();
    this.#ask?.(reason);
  }

  #reachedRequests(): void {
    if (this.#reason !== null) return;
    const { settings } = this.#options;
    const { requests } = jittersOf(settings);
    this.#due(
      `served ${this.#requests} request${this.#requests === 1 ? '' : 's'} (--max-requests ${settings.maxRequests}, jitter ${requests})`,
    );
  }

  #watchLifetime(untilMs: number): void {
    const { clock } = this.#options;
    clock.after(Math.min(untilMs - clock.now(), MAX_TIMER_MS), () => {
      if (clock.now() < untilMs) this.#watchLifetime(untilMs);
      else this.#reachedLifetime();
    });
  }

  #reachedLifetime(): void {
    const { limits, settings } = this.#options;
    const { lifetime } = jittersOf(settings);
    this.#due(
      `lived for ${seconds(limits.lifetimeMs / 1000)} s (--max-lifetime ${settings.maxLifetime}, jitter ${seconds(lifetime)})`,
    );
  }

  #watchMemory(everyMs: number): void {
    this.#cancel = every(this.#options.clock, everyMs, () => this.#check());
  }

  #check(): void {
    const { limits, measure, clock } = this.#options;
    const usage = measure();
    if (usage === null) return;
    const { rss, heapUsed } = usage;
    if (rss >= limits.memoryBytes || heapUsed >= limits.heapBytes) this.#purpose = 'hurry';
    if (rss >= limits.memoryBytes) this.#due(`uses ${inMiB(rss)} of memory (${this.#memorySetting})`);
    if (heapUsed >= limits.heapBytes)
      this.#due(`uses ${inMiB(heapUsed)} of heap (--max-heap ${inMiB(limits.heapBytes)})`);
    const waitedMs = clock.now() - this.#askedMs;
    if (rss >= limits.memoryBytes * RUNAWAY.times && waitedMs >= RUNAWAY.afterMs) this.#warnOnce(rss);
  }

  #warnOnce(rss: number): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const reason = `uses ${inMiB(rss)} of memory (${this.#memorySetting})`;
    this.#options.log.warning(`This worker ${reason} and has not been replaced yet; it keeps serving`, {
      event: 'recycling-overdue',
      reason,
    });
  }

  get #memorySetting(): string {
    const { limits, settings } = this.#options;
    const { maxMemory } = settings;
    const each = inMiB(limits.memoryBytes);
    if (maxMemory === null || 'bytes' in maxMemory) return `--max-memory ${each}`;
    return `--max-memory ${maxMemory.percent}%, ${each} for each worker`;
  }
}

function seconds(value: number): string {
  return String(Math.round(value * 10) / 10);
}
