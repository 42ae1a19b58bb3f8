import type { Instigator } from '../../process/ipc/messages.ts';
import type { Clock } from '../../support/clock.ts';
import { EXIT } from '../../support/errors.ts';
import type { Intent } from '../change/shutdown.ts';
import { CRASH_SIGNALS, type ProcessEnd } from '../events.ts';
import type { WorkerState } from './worker-state.ts';

/** How long failures delay the next worker. */
export const RESTART_POLICY = {
  /** After so long without a failure, half of them are forgotten. */
  halfLifeMs: 30_000,
  /** The delay after the second failure; each further one doubles it. The first may be a manual `kill -9`. */
  baseDelayMs: 500,
  maxDelayMs: 30_000,
  /** The longest delay while no worker serves: clients wait then, and a boot takes the processor from nobody. */
  maxUnservedDelayMs: 5000,
  /** The part by which a delay is longer or shorter, so that the services of a host do not restart in step. */
  jitter: 0.2,
  /** A worker that ends, or asks to be replaced, within this time after it got ready counts as a failure. */
  settledMs: 5000,
} as const;

/** Failures of one kind, which fade with time. */
export interface Failures {
  /** What is left of them as of `atMs`, the time of the last one. */
  readonly count: number;
  readonly atMs: number;
  /** In [0, 1), drawn at the last one for the jitter of its delay. */
  readonly random: number;
}

/** Nothing has failed yet. */
export const NO_FAILURES: Failures = { count: 0, atMs: 0, random: 0 };

/** Adds one failure at `now` to what is left of the earlier ones. */
export function recordFailure(failures: Failures, now: number, random: number): Failures {
  const decayed = failures.count * 0.5 ** ((now - failures.atMs) / RESTART_POLICY.halfLifeMs);
  return { count: decayed + 1, atMs: now, random };
}

/** How long to wait after the last of these failures, in milliseconds. */
export function restartDelay({ count, random }: Failures, maxMs: number = RESTART_POLICY.maxDelayMs): number {
  if (count < 1.5) return 0;
  const { baseDelayMs, jitter } = RESTART_POLICY;
  const delay = Math.min(maxMs, baseDelayMs * 2 ** (count - 2));
  return delay * (1 - jitter + 2 * jitter * random);
}

/** Whether a process ended by its own doing: by an exit or a crash, and not by a signal from outside or for want of memory. */
export function isOwnDoing(end: ProcessEnd): boolean {
  return end.how === 'signal' ? CRASH_SIGNALS.has(end.signal) : end.how === 'status';
}

export interface RestartsOptions {
  readonly clock: Clock;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  /** Whether any worker serves now. */
  readonly isServed: () => boolean;
}

/** Says when the next worker may be spawned, by the failures of those before it. */
export class Restarts {
  readonly #options: RestartsOptions;
  /** Workers that were never ready. */
  #boots: Failures = NO_FAILURES;
  /** Workers that ended of their own accord soon after they got ready. */
  #relapses: Failures = NO_FAILURES;
  /** Workers that asked to be replaced soon after they got ready. */
  #requests: Failures = NO_FAILURES;
  #replaceAfterMs = 0;

  constructor(options: RestartsOptions) {
    this.#options = options;
  }

  /**
   * Before this time no worker is spawned; it is sooner while no worker serves. 0 where nothing is held back. After failures
   * to boot it stays above 0, even once it has passed: workers are then spawned one at a time.
   */
  get spawnAfterMs(): number {
    const relapseMs = this.#relapses.atMs + this.#delayAfter(this.#relapses);
    const now = this.#options.clock.now();
    return Math.max(this.#boots.atMs + this.#delayAfter(this.#boots), now < relapseMs ? relapseMs : 0);
  }

  /** Before this time no worker is replaced because it asked for it. */
  get replaceAfterMs(): number {
    return this.#replaceAfterMs;
  }

  /** A worker was never ready. Returns the delay until the next try in milliseconds. */
  failed(): number {
    this.#boots = this.#record(this.#boots);
    return this.#delayAfter(this.#boots);
  }

  /** A worker got ready: earlier failures to boot count no longer. */
  ready(): void {
    this.#boots = NO_FAILURES;
  }

  /**
   * A worker in `state` has ended of its own accord. Where it had just got ready, the next one is delayed; that count only
   * fades with time, also where other workers get ready. Returns the delay in milliseconds.
   */
  ended(state: WorkerState): number {
    if (!this.#hasJustGotReady(state)) return 0;
    this.#relapses = this.#record(this.#relapses);
    return this.#delayAfter(this.#relapses);
  }

  /**
   * A worker in `state` asks to be replaced. Where it has just got ready, as with a memory limit below what the application
   * needs at once, its replacement is delayed: another worker would do the same, and it serves on meanwhile. A request by
   * signal is never delayed. Returns the delay in milliseconds.
   */
  asked(state: WorkerState, by: Instigator): number {
    if (by === 'signal') {
      this.#forgetRequests();
      return 0;
    }
    if (!this.#hasJustGotReady(state)) return 0;
    this.#requests = this.#record(this.#requests);
    const delayMs = restartDelay(this.#requests);
    this.#replaceAfterMs = Math.max(this.#replaceAfterMs, this.#requests.atMs + delayMs);
    return delayMs;
  }

  /** Another generation serves: the failures of the one before it count no longer. */
  promoted(): void {
    this.#boots = NO_FAILURES;
    this.#relapses = NO_FAILURES;
    this.#forgetRequests();
  }

  #forgetRequests(): void {
    this.#requests = NO_FAILURES;
    this.#replaceAfterMs = 0;
  }

  #record(failures: Failures): Failures {
    return recordFailure(failures, this.#options.clock.now(), this.#options.random());
  }

  #delayAfter(failures: Failures): number {
    const { maxDelayMs, maxUnservedDelayMs } = RESTART_POLICY;
    return restartDelay(failures, this.#options.isServed() ? maxDelayMs : maxUnservedDelayMs);
  }

  #hasJustGotReady(state: WorkerState): boolean {
    return state.name === 'ready' && this.#options.clock.now() - state.sinceMs <= RESTART_POLICY.settledMs;
  }
}

/** A worker that was never ready, and what the service was doing. */
export interface BootFailureFacts {
  /** Whose worker it was: of the generation that serves, of the candidate of a reload, or of another one. */
  readonly generation: 'current' | 'candidate' | 'other';
  readonly intent: Intent['name'];
  /** What the worker exits with; see EXIT. */
  readonly exitStatus: number;
  /** Null without --reload and --debug; `isWaiting` where no generation could be loaded and a change is awaited. */
  readonly development: { readonly isWaiting: boolean } | null;
}

/** What follows from a boot failure. */
export type BootVerdict =
  /** Nothing: no worker of that generation is wanted any more. */
  | 'ignore'
  | 'undo reload'
  /** In development: nothing is tried before a file changes. */
  | 'await change'
  /** The service ends with the worker's status. */
  | 'halt'
  /** Another worker is spawned, after the delay that `Restarts` says. */
  | 'retry';

/** Decides whether a worker that was never ready halts the service, undoes a reload, or is followed by another one. */
export function judgeBootFailure(facts: BootFailureFacts): BootVerdict {
  const { generation, intent, exitStatus, development } = facts;
  // By a change of the application's files.
  const isMendable = development !== null && exitStatus !== EXIT.usage;
  if (generation === 'other') return 'ignore';
  if (generation === 'candidate') {
    if (isMendable) return 'await change';
    // Where no generation could be loaded, there are no old workers that serve on.
    if (!development?.isWaiting) return 'undo reload';
  } else if (intent === 'stopping') return 'ignore';
  if (intent === 'starting') return isMendable ? 'await change' : 'halt';
  return 'retry';
}
