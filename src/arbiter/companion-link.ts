import type { RecordLog } from '../log/records.ts';
import type { CompanionStatus } from '../process/status.ts';
import type { Generation } from './change/generation.ts';
import { Ownership } from './change/ownership.ts';
import type { Upgrade } from './change/upgrade.ts';
import type { CompanionEvent } from './companions/event.ts';
import type { Assigned, CompanionPlans, Proof, Supervisor, Wanted } from './companions/plan.ts';
import type { ArbiterEvent } from './events.ts';
import type { ArbiterOptions } from './options.ts';
import type { Service } from './service.ts';

const NONE: readonly CompanionStatus[] = [];

/** Between the loop and the companions, whose code is loaded only where a generation has some. */
export class CompanionLink {
  readonly #service: Service;
  readonly #upgrade: Upgrade;
  readonly #options: ArbiterOptions;
  readonly #emit: (event: ArbiterEvent) => void;
  readonly #ownership: Ownership;
  #supervisor: Supervisor | null = null;
  /** Process groups of an arbiter that has died, until the supervisor has them. */
  #orphans: readonly number[] = [];
  #wanted = false;
  /** Schedules are followed from then on (Date.now()). */
  #sinceMs = 0;

  constructor(
    service: Service,
    upgrade: Upgrade,
    options: ArbiterOptions,
    emit: (event: ArbiterEvent) => void,
  ) {
    const { oldArbiter, tell } = options.upgrade;
    this.#service = service;
    this.#upgrade = upgrade;
    this.#options = options;
    this.#emit = emit;
    this.#ownership = new Ownership(oldArbiter !== null, tell, options.system.wallMs);
  }

  /** Whether no process of theirs is left. */
  get areGone(): boolean {
    return (this.#supervisor?.groups.length ?? 0) === 0;
  }

  take(event: CompanionEvent | (ArbiterEvent & { readonly type: 'peer' })): void {
    if (event.type === 'companion') this.#supervisor?.take(event);
    else this.#ownership.told(event.message);
  }

  /** Does what is due; returns when there is more to do if no event comes before. */
  look(): number {
    const { clock, system } = this.#options;
    const { intent, current } = this.#service;
    const wants = intent.name === 'serving' || intent.name === 'lingering';
    if (wants && !this.#wanted) this.#sinceMs = system.wallMs();
    this.#wanted = wants;
    const companions = current.companions ?? this.#service.trial.generation?.companions;
    if (wants && this.#supervisor === null && companions) this.#begin(companions);
    const wakeAtMs = this.#supervisor?.look(this.#desired(wants)) ?? Infinity;
    const groups = this.#supervisor?.groups ?? [];
    const gained = this.#ownership.look({ hasPeer: this.#upgrade.hasPeer, wants, groups });
    if (gained === null) return wakeAtMs;
    this.#sinceMs = gained.untilMs;
    this.#orphans = gained.orphans;
    for (const group of gained.orphans) system.signalGroup(group, 'SIGTERM');
    if (this.#supervisor === null) return Infinity;
    this.#adopt(this.#supervisor);
    this.#log.info('The companions are run by this arbiter from now on', { event: 'companions-taken' });
    return clock.now();
  }

  /** What each of them does; empty where there are none. */
  get statuses(): readonly CompanionStatus[] {
    return this.#supervisor?.statuses ?? NONE;
  }

  /** Ends the trial of a reload, if its companions have shown what they are: before one that has failed is started again. */
  advance(): void {
    const { trial } = this.#service;
    if (trial.generation === null) return;
    const proofs = requiredOf(trial.generation).map((one) => this.#proofOf(one));
    const failure = proofs.find((proof) => proof.name === 'failed');
    if (failure) trial.fail(failure.reason);
    else if (proofs.every(({ name }) => name === 'proved')) this.#service.companionsProved();
  }

  /** Where the other arbiter runs them, there is nothing to try. */
  #proofOf(one: Assigned): Proof {
    if (!this.#ownership.isMine) return { name: 'proved' };
    return this.#supervisor?.proofOf(one) ?? { name: 'proving' };
  }

  /** Nothing is started before what an arbiter has left behind when it died is gone. */
  #adopt(supervisor: Supervisor): void {
    const graces = this.#service.current.companions?.plans.map(({ graceMs }) => graceMs) ?? [];
    supervisor.adopt(this.#orphans, Math.max(0, ...graces));
    this.#orphans = [];
  }

  #begin({ supervise, unbound }: CompanionPlans): void {
    this.#supervisor = supervise(this.#supervisorOptions());
    this.#adopt(this.#supervisor);
    if (unbound.length === 0) return;
    const reason = `setpriv of util-linux, with --pdeathsig, is not in PATH, so these companions may go on when this arbiter is killed: ${unbound.join(', ')}; install it, or import tsunicorn/companion in them`;
    this.#log.warning(reason, { event: 'companions-unbound', reason });
  }

  get #log(): RecordLog {
    return this.#options.log;
  }

  #desired(wants: boolean): Wanted {
    const { intent } = this.#service;
    if (intent.name === 'stopping') return { name: 'end', mode: intent.mode, reason: 'the service stops' };
    if (!wants) return { name: 'end', mode: 'graceful', reason: 'the workers retire (WINCH)' };
    if (!this.#ownership.isMine)
      return { name: 'end', mode: 'graceful', reason: 'the other arbiter runs the companions' };
    return { name: 'run', assigned: this.#assigned, sinceMs: this.#sinceMs };
  }

  /** Those of the generation that serves, and of a candidate those that it requires. */
  get #assigned(): readonly Assigned[] {
    const { current, trial } = this.#service;
    const tried = trial.generation === null ? [] : requiredOf(trial.generation);
    const isTried = (name: string) => tried.some(({ plan }) => plan.name === name);
    return [...assignedOf(current).filter(({ plan }) => !isTried(plan.name)), ...tried];
  }

  #supervisorOptions() {
    const { clock, random, log, judgeKill, system } = this.#options;
    return { clock, random, log, judgeKill, ...system, emit: this.#emit };
  }
}

function assignedOf({ companions, number }: Generation): readonly Assigned[] {
  return companions?.plans.map((plan) => ({ plan, generation: number })) ?? [];
}

function requiredOf(generation: Generation): readonly Assigned[] {
  return assignedOf(generation).filter(({ plan }) => plan.required);
}
