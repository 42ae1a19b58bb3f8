import type { ProcessEnd } from '../../process/process-end.ts';
import type { CompanionStatus } from '../../process/status.ts';
import type { NextId } from './crew.ts';
import { after, logExit } from './log-exit.ts';
import type { CompanionPlan, Proof } from './plan.ts';
import { CompanionProcess } from './process.ts';
import type { SupervisorOptions } from './supervisor-options.ts';

/** A run that is later than this, since the machine slept or the arbiter was stopped, is missed. */
const LATE_MS = 30_000;
/** So many times are looked at for one line about missed runs. */
const MOST_TIMES = 100;
/** A clock that was set back by more than this is taken to have been wrong before. */
const STEP_BACK_MS = 3 * 3_600_000;

/** A companion that runs by a schedule. A run that an earlier one, or a stopped arbiter, prevents is said to be missed. */
export class Scheduled {
  readonly name: string;
  readonly #options: SupervisorOptions;
  readonly #nextId: NextId;
  #plan: CompanionPlan;
  #generation: number;
  #processes: CompanionProcess[] = [];
  /** Whether the schedule is followed, and until when it was (Date.now()). */
  #isFollowed = false;
  #untilMs = 0;
  /** The next time; null where there is none. */
  #dueMs: number | null = null;

  constructor(plan: CompanionPlan, generation: number, nextId: NextId, options: SupervisorOptions) {
    this.name = plan.name;
    this.#plan = plan;
    this.#generation = generation;
    this.#nextId = nextId;
    this.#options = options;
  }

  get processes(): readonly CompanionProcess[] {
    return this.#processes;
  }

  get status(): CompanionStatus {
    const nextRun = this.#dueMs === null ? null : new Date(this.#dueMs).toISOString();
    const processes = this.#processes.map(({ status }) => status);
    return { name: this.name, wanted: processes.length, nextRun, processes };
  }

  /** A schedule proves nothing: its next run may be far away. */
  proofOf(): Proof {
    return { name: 'proved' };
  }

  get wakeAtMs(): number {
    const { clock, wallMs } = this.#options;
    const dueMs = this.#dueMs === null ? Infinity : clock.now() + this.#dueMs - wallMs();
    return Math.min(dueMs, ...this.#processes.map(({ wakeAtMs }) => wakeAtMs));
  }

  /** Follows another generation; a run that goes on ends as the version that it is. */
  follow(plan: CompanionPlan, generation: number): void {
    if (generation === this.#generation) return;
    this.#plan = plan;
    this.#generation = generation;
    this.#dueMs = this.#next(this.#untilMs);
  }

  /** Starts a run that is due. `sinceMs` is since when the schedule is to be followed, where it was not. */
  run(sinceMs: number): void {
    this.#look();
    const now = this.#options.wallMs();
    if (!this.#isFollowed) this.#followFrom(sinceMs);
    else if (now < this.#untilMs - STEP_BACK_MS) this.#followFrom(now);
    else this.#untilMs = Math.max(now, this.#untilMs);
    if (this.#dueMs === null || now < this.#dueMs) return;
    const { last, missed } = this.#takeDue(now);
    if (now - last > LATE_MS) return this.#missed(missed + 1, last, 'the arbiter did not run at that time');
    if (missed > 0) this.#missed(missed, last, 'the arbiter did not run at that time');
    const [running] = this.#processes;
    if (running !== undefined && !this.#plan.overlap)
      return this.#missed(1, last, `the run before it has not ended (pid: ${running.pid})`);
    this.#processes.push(
      new CompanionProcess(
        { id: this.#nextId(), plan: this.#plan, index: 0, generation: this.#generation },
        this.#options,
      ),
    );
  }

  end(reason: string, mode: 'graceful' | 'quick' | 'forced'): void {
    for (const process of this.#processes) {
      if (mode === 'forced') process.force();
      else process.end(reason, mode);
    }
    this.#look();
    this.#isFollowed = false;
  }

  ended(process: CompanionProcess, end: ProcessEnd): void {
    const wasRunning = process.isRunning;
    const isDone = wasRunning && end.how === 'status' && end.status === 0;
    const { level, reason, cause } = process.ended(end);
    const { log, clock } = this.#options;
    const livedMs = clock.now() - process.startedMs;
    const account = isDone
      ? ({ level: 'info', reason: 'is done', cause: 'done' } as const)
      : { level, reason, cause };
    const more = wasRunning || cause === 'silent' ? `${after(process, livedMs)}${this.#nextSaid()}` : '';
    logExit(log, process, { ...account, livedMs, end, retryMs: null }, more);
    this.#look();
  }

  #followFrom(sinceMs: number): void {
    this.#isFollowed = true;
    this.#untilMs = sinceMs;
    this.#dueMs = this.#next(sinceMs);
  }

  #look(): void {
    for (const process of this.#processes) process.look();
    this.#processes = this.#processes.filter(({ isGone }) => !isGone);
  }

  /** Takes the times that are due; returns the last, and how many were before it. */
  #takeDue(now: number): { readonly last: number; readonly missed: number } {
    let last = this.#dueMs ?? now;
    let missed = 0;
    for (let next = this.#next(last); next !== null && next <= now; next = this.#next(last)) {
      last = missed < MOST_TIMES ? next : now;
      missed++;
    }
    this.#dueMs = this.#next(last);
    return { last, missed };
  }

  #missed(count: number, lastMs: number, why: string): void {
    const at = new Date(lastMs).toISOString();
    const what =
      count === 1
        ? `Companion ${this.name}: the run of ${at} is left out`
        : `Companion ${this.name}: ${count} runs until ${at} are left out`;
    this.#options.log.warning(`${what}: ${why}${this.#nextSaid()}`, {
      event: 'companion-missed',
      companion: { name: this.name, index: 0, pid: null, generation: this.#generation },
      count,
      reason: why,
    });
  }

  #nextSaid(): string {
    return this.#dueMs === null
      ? '; there is no next run'
      : `; next run ${new Date(this.#dueMs).toISOString()}`;
  }

  #next(afterMs: number): number | null {
    return this.#plan.timetable?.next(afterMs) ?? null;
  }
}
