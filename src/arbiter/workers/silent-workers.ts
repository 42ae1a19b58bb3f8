import { aboutWorker } from '../../log/about-worker.ts';
import { Condition, type Course, type Phase } from '../../log/condition.ts';
import type { RecordLog } from '../../log/records.ts';
import type { Clock } from '../../support/clock.ts';
import type { WorkerHandle } from './handle.ts';
import { nameOf } from './obituary.ts';

/** A worker is looked at once it was silent for this long; one that serves sends a heartbeat every second. */
const QUIET_MS = 3000;
/** A boot may block the event loop this long before that is logged: every large application does so for a while. */
const BOOT_BLOCKED_MS = 5000;
/** The arbiter looks once a second: of a longer interval only this much counts, as the arbiter itself was held up. */
const LONGEST_LOOK_MS = 1500;

type Worker = Pick<WorkerHandle, 'pid' | 'slot' | 'age' | 'generation' | 'state'>;

interface Quiet {
  readonly ms: number;
  readonly stopped: Condition<string> | null;
}

/** Logs why a worker is silent: its process is stopped, or blocks its event loop while it loads the application. */
export class SilentWorkers {
  readonly #clock: Clock;
  readonly #log: RecordLog;
  readonly #isStopped: (pid: number) => boolean;
  /** How long each worker from which messages are due has been silent, by age. */
  readonly #quiet = new Map<number, Quiet>();
  /** The generations of which it was logged that they block while they boot. */
  readonly #slow = new Set<number>();
  #lookedMs: number;

  constructor(clock: Clock, log: RecordLog, isStopped: (pid: number) => boolean) {
    this.#clock = clock;
    this.#log = log;
    this.#isStopped = isStopped;
    this.#lookedMs = clock.now();
  }

  /** A message of the worker has come. */
  heard({ age }: Worker): void {
    const quiet = this.#quiet.get(age);
    if (quiet === undefined) return;
    quiet.stopped?.end();
    this.#quiet.set(age, { ms: 0, stopped: null });
  }

  /** To be called at least once a second. */
  look(workers: readonly Worker[]): void {
    const now = this.#clock.now();
    const passedMs = Math.min(LONGEST_LOOK_MS, now - this.#lookedMs);
    this.#lookedMs = now;
    const awaited = workers.filter(({ state }) => isAwaited(state));
    const ages = new Set(awaited.map(({ age }) => age));
    for (const age of this.#quiet.keys()) if (!ages.has(age)) this.#quiet.delete(age);
    for (const worker of awaited) {
      const { ms = 0, stopped = null } = this.#quiet.get(worker.age) ?? {};
      const quiet = { ms: ms + passedMs, stopped };
      this.#quiet.set(worker.age, quiet.ms < QUIET_MS ? quiet : this.#explain(worker, quiet));
    }
  }

  #explain(worker: Worker, { ms, stopped }: Quiet): Quiet {
    if (this.#isStopped(worker.pid)) {
      const condition = stopped ?? this.#stoppedCondition(worker);
      condition.note(worker.state.name, 0);
      return { ms, stopped: condition };
    }
    stopped?.end();
    // The time counts anew from when the process goes on.
    if (stopped) return { ms: 0, stopped: null };
    if (worker.state.name === 'booting' && ms >= BOOT_BLOCKED_MS) this.#sayBlocked(worker, ms);
    return { ms, stopped: null };
  }

  #stoppedCondition(worker: Worker): Condition<string> {
    return new Condition({
      clock: this.#clock,
      say: (phase, course) => this.#sayStopped(worker, phase, course),
    });
  }

  #sayStopped(worker: Worker, phase: Phase, { durationMs }: Course<string>): void {
    const fields = {
      event: 'worker-stopped',
      ...aboutWorker(worker),
      phase,
      durationMs: durationMs + QUIET_MS,
      reason: STOPPED,
    } as const;
    const lasted = `${((durationMs + QUIET_MS) / 1000).toFixed(0)} s`;
    if (phase === 'ends')
      return this.#log.info(`${nameOf(worker)} continues; it was stopped for about ${lasted}`, fields);
    this.#log.warning(
      `${nameOf(worker)} is stopped, for about ${lasted} so far: ${STOPPED}; send SIGCONT to continue it`,
      fields,
    );
  }

  #sayBlocked(worker: Worker, ms: number): void {
    const { generation } = worker;
    if (this.#slow.has(generation)) return;
    this.#slow.add(generation);
    this.#log.warning(
      `${nameOf(worker)} has blocked its event loop for ${(ms / 1000).toFixed(0)} s while it loads the application; logged once a generation`,
      { event: 'boot-blocked', ...aboutWorker(worker), durationMs: Math.round(ms) },
    );
  }
}

/** Why a process that lives is silent. */
export const STOPPED = 'state T in /proc, by SIGSTOP, SIGTSTP or a debugger';

function isAwaited({ name }: Worker['state']): boolean {
  return name === 'booting' || name === 'standby' || name === 'ready';
}
