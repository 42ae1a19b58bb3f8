import type { CompanionStatus } from '../../process/status.ts';
import { Crew } from './crew.ts';
import type { CompanionEvent } from './event.ts';
import type { Assigned, CompanionPlan, Proof, Supervisor, Wanted } from './plan.ts';
import { Scheduled } from './scheduled.ts';
import type { SupervisorOptions } from './supervisor-options.ts';

/** The loop looks at least so often; what is later was stopped, or blocked by a hook. */
const TICK_MS = 1000;
const LATE_MS = 500;
/** Orphans are looked at so often. */
const LOOK_MS = 100;
const FORGET_MS = 1000;

/** A process group of an arbiter that has died. Times are of the arbiter's clock. */
interface Orphan {
  readonly group: number;
  readonly killAtMs: number;
  /** Infinity until it was sent KILL. */
  readonly forgetAtMs: number;
}

type Companion = Crew | Scheduled;

/** The companions of a service. */
export class Companions implements Supervisor {
  readonly #options: SupervisorOptions;
  /** By their names. */
  readonly #current = new Map<string, Companion>();
  /** Those that no generation has any more, or not in this form, until they have ended. */
  #leaving: Companion[] = [];
  /** Process groups of an arbiter that has died. */
  #orphans: readonly Orphan[] = [];
  #lastId = 0;
  /** Whether those of the present are run already: what is added then follows its schedule from now on. */
  #runs = false;
  #lookedMs: number;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#lookedMs = options.clock.now();
  }

  get groups(): readonly number[] {
    const own = this.#all.flatMap(({ processes }) => processes.map(({ pid }) => pid));
    return [...own.filter((pid) => pid > 0), ...this.#orphans.map(({ group }) => group)];
  }

  look(wanted: Wanted): number {
    this.#forgive();
    this.#clearOrphans();
    // Those of an arbiter that has died may still run.
    const runs = wanted.name === 'run' && this.#orphans.length === 0;
    if (runs) this.#part(wanted.assigned);
    for (const companion of this.#leaving)
      companion.end('removed from the configuration', wanted.name === 'end' ? wanted.mode : 'graceful');
    this.#leaving = this.#leaving.filter(({ processes }) => processes.length > 0);
    if (runs) this.#run({ ...wanted, ...(this.#runs ? { sinceMs: this.#options.wallMs() } : {}) });
    else if (wanted.name === 'end')
      for (const companion of this.#current.values()) companion.end(wanted.reason, wanted.mode);
    this.#runs = runs;
    return this.#wakeAtMs(runs);
  }

  adopt(groups: readonly number[], graceMs: number): void {
    const { signalGroup, clock } = this.#options;
    const killAtMs = clock.now() + graceMs;
    const living = groups.filter((group) => signalGroup(group, 'SIGTERM'));
    this.#orphans = [...this.#orphans, ...living.map((group) => ({ group, killAtMs, forgetAtMs: Infinity }))];
  }

  proofOf({ plan, generation }: Assigned): Proof {
    return this.#current.get(plan.name)?.proofOf(generation) ?? { name: 'proving' };
  }

  get statuses(): readonly CompanionStatus[] {
    return this.#all.map(({ status }) => status);
  }

  take(event: CompanionEvent): void {
    for (const companion of this.#all) {
      const process = companion.processes.find(({ id }) => id === event.id);
      if (process === undefined) continue;
      if (event.what === 'says') process.heard(event.message);
      else companion.ended(process, event.end);
    }
  }

  get #all(): readonly Companion[] {
    return [...this.#current.values(), ...this.#leaving];
  }

  #wakeAtMs(runs: boolean): number {
    const current = [...this.#current.values()];
    const processes = this.#all.flatMap((companion) => companion.processes);
    return Math.min(
      this.#orphans.length > 0 ? this.#options.clock.now() + LOOK_MS : Infinity,
      ...processes.map(({ wakeAtMs }) => wakeAtMs),
      ...(runs ? current.map(({ wakeAtMs }) => wakeAtMs) : []),
    );
  }

  #clearOrphans(): void {
    const { signalGroup, clock } = this.#options;
    const now = clock.now();
    this.#orphans = this.#orphans.flatMap((orphan) => {
      const { group, killAtMs, forgetAtMs } = orphan;
      // What is dead and not reaped is there for ever where its parent does not care.
      if (!signalGroup(group, 0) || now >= forgetAtMs) return [];
      if (now < killAtMs || forgetAtMs < Infinity) return [orphan];
      signalGroup(group, 'SIGKILL');
      return [{ ...orphan, forgetAtMs: now + FORGET_MS }];
    });
  }

  /** Companions that are removed, or change their form, leave. */
  #part(assigned: readonly Assigned[]): void {
    const kinds = new Map(
      assigned.map(({ plan }) => [plan.name, plan.timetable === null ? Crew : Scheduled]),
    );
    for (const [name, companion] of this.#current) {
      if (kinds.get(name) === companion.constructor) continue;
      this.#current.delete(name);
      this.#leaving.push(companion);
    }
  }

  #run({ assigned, sinceMs }: Wanted & { name: 'run' }): void {
    for (const { plan, generation } of assigned) {
      // One that has changed its form has to end first, as in a place of its own.
      if (this.#leaving.some(({ name }) => name === plan.name)) continue;
      const companion = this.#current.get(plan.name) ?? this.#create(plan, generation);
      companion.follow(plan, generation);
      companion.run(sinceMs);
    }
  }

  #create(plan: CompanionPlan, generation: number): Companion {
    const nextId = () => ++this.#lastId;
    const companion =
      plan.timetable === null
        ? new Crew(plan, generation, nextId, this.#options)
        : new Scheduled(plan, generation, nextId, this.#options);
    this.#current.set(plan.name, companion);
    return companion;
  }

  #forgive(): void {
    const now = this.#options.clock.now();
    const lateMs = now - this.#lookedMs - TICK_MS;
    this.#lookedMs = now;
    if (lateMs < LATE_MS) return;
    for (const { processes } of this.#all) for (const process of processes) process.forgive(lateMs);
  }
}
