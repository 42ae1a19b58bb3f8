import type { ProcessEnd } from '../../process/process-end.ts';
import type { CompanionStatus } from '../../process/status.ts';
import { inSeconds } from '../../support/duration.ts';
import {
  type Failures,
  NO_FAILURES,
  RESTART_POLICY,
  recordFailure,
  restartDelay,
} from '../policy/restart.ts';
import { after, logExit, pidOf } from './log-exit.ts';
import type { CompanionPlan, Proof } from './plan.ts';
import { CompanionProcess } from './process.ts';
import type { SupervisorOptions } from './supervisor-options.ts';

/** A place of a crew, which one process at a time takes. */
interface Place {
  readonly index: number;
  process: CompanionProcess | null;
  failures: Failures;
  startAtMs: number;
  /** Whether its process was started in place of one of an earlier generation, and has not lasted yet. */
  isTrial: boolean;
}

/** Gives the next process its id. */
export type NextId = () => number;

/**
 * The processes of a companion that always runs. In each place a new version starts when the old one has ended, so that no
 * more than `count` ever run; the places are replaced one after the other, each when the one before has lasted.
 */
export class Crew {
  readonly name: string;
  readonly #options: SupervisorOptions;
  readonly #nextId: NextId;
  readonly #places: Place[] = [];
  #plan: CompanionPlan;
  #generation: number;
  /** How a process of this generation ended by itself, with its name; null where none has. */
  #failure: string | null = null;

  constructor(plan: CompanionPlan, generation: number, nextId: NextId, options: SupervisorOptions) {
    this.name = plan.name;
    this.#plan = plan;
    this.#generation = generation;
    this.#nextId = nextId;
    this.#options = options;
  }

  /** Its processes of which something is left. */
  get processes(): readonly CompanionProcess[] {
    return this.#places.flatMap(({ process }) => process ?? []);
  }

  get status(): CompanionStatus {
    const processes = this.processes.map(({ status }) => status);
    return { name: this.name, wanted: this.#plan.count, nextRun: null, processes };
  }

  /** Whether that generation of it works; it has to be told to follow it first. */
  proofOf(generation: number): Proof {
    if (generation !== this.#generation) return { name: 'proving' };
    if (this.#failure !== null) return { name: 'failed', reason: this.#failure };
    const wanted = this.#places.slice(0, this.#plan.count);
    const isProved =
      wanted.length === this.#plan.count &&
      wanted.every((place) => this.#isSteady(place) && place.process?.generation === this.#generation);
    return { name: isProved ? 'proved' : 'proving' };
  }

  get wakeAtMs(): number {
    const now = this.#options.clock.now();
    return Math.min(
      Infinity,
      ...this.#places.map(({ index, process, startAtMs }) => {
        if (process === null) return index < this.#plan.count ? startAtMs : Infinity;
        const settlesMs = process.startedMs + RESTART_POLICY.settledMs;
        return Math.min(process.wakeAtMs, process.isRunning && settlesMs > now ? settlesMs : Infinity);
      }),
    );
  }

  /** Follows another generation. */
  follow(plan: CompanionPlan, generation: number): void {
    if (generation === this.#generation) return;
    this.#plan = plan;
    this.#generation = generation;
    // What failed may be mended.
    this.#failure = null;
    for (const place of this.#places) {
      place.failures = NO_FAILURES;
      place.startAtMs = 0;
    }
  }

  /** Starts what is missing, and replaces what is outdated. */
  run(): void {
    while (this.#places.length < this.#plan.count) this.#places.push(emptyPlace(this.#places.length));
    for (const place of this.#places) this.#lookAt(place);
    const surplus = this.#places.slice(this.#plan.count);
    for (const { process } of surplus) process?.end('fewer are wanted');
    while (this.#places.length > this.#plan.count && this.#places.at(-1)?.process === null)
      this.#places.pop();
    const wanted = this.#places.slice(0, this.#plan.count);
    for (const place of wanted) if (place.process === null) this.#start(place);
    if (!wanted.every((place) => this.#isSteady(place))) return;
    const outdated = wanted.find(({ process }) => process?.generation !== this.#generation);
    if (!outdated) return;
    outdated.isTrial = true;
    outdated.process?.end('replaced by another generation');
  }

  /** Ends all of it. */
  end(reason: string, mode: 'graceful' | 'quick' | 'forced'): void {
    for (const place of this.#places) {
      const { process } = place;
      if (mode === 'forced') process?.force();
      else process?.end(reason, mode);
      this.#lookAt(place);
    }
  }

  /** One of its processes has ended. */
  ended(process: CompanionProcess, end: ProcessEnd): void {
    const place = this.#places.find((one) => one.process === process);
    const wasRunning = process.isRunning;
    const { level, reason, cause } = process.ended(end);
    const { log, clock } = this.#options;
    const now = clock.now();
    const livedMs = now - process.startedMs;
    const isOwn = wasRunning || cause === 'silent';
    const retryMs = place && isOwn ? this.#failed(place, livedMs) : null;
    const gone =
      place?.isTrial && isOwn ? '; the version before it has ended, so nothing runs in its place' : '';
    const next = retryMs === null ? '' : `; next start ${inSeconds(retryMs)}`;
    const lived = isOwn ? after(process, livedMs) : '';
    if (isOwn && process.generation === this.#generation)
      this.#failure = `${process.label}${pidOf(process)} ${reason}${lived}`;
    logExit(log, process, { level, reason, cause, livedMs, retryMs, end }, `${lived}${next}${gone}`);
    if (place) this.#lookAt(place);
  }

  /** It ended of its own accord. Returns the delay until the next start. */
  #failed(place: Place, livedMs: number): number {
    const { clock, random } = this.#options;
    const now = clock.now();
    if (livedMs > RESTART_POLICY.settledMs) return 0;
    place.failures = recordFailure(place.failures, now, random());
    const delayMs = restartDelay(place.failures);
    place.startAtMs = now + delayMs;
    return delayMs;
  }

  #lookAt(place: Place): void {
    place.process?.look();
    if (place.process?.isGone) place.process = null;
    if (place.process?.isRunning && this.#isSteady(place)) place.isTrial = false;
  }

  #start(place: Place): void {
    if (this.#options.clock.now() < place.startAtMs) return;
    const { index } = place;
    place.process = new CompanionProcess(
      { id: this.#nextId(), plan: this.#plan, index, generation: this.#generation },
      this.#options,
    );
  }

  /** Whether its process has lasted, so that it may be left alone. */
  #isSteady({ process }: Place): boolean {
    if (!process?.isRunning) return false;
    return process.isReady || this.#options.clock.now() - process.startedMs >= RESTART_POLICY.settledMs;
  }
}

function emptyPlace(index: number): Place {
  return { index, process: null, failures: NO_FAILURES, startAtMs: 0, isTrial: false };
}
