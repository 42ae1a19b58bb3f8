import type { ArbiterEvent } from '../../src/arbiter/events.ts';
import type { ServiceStatus } from '../../src/process/status.ts';
import { LONGEST_TRIAL_MS } from './companions.ts';
import type { ObservedWorld } from './observed-world.ts';

/** Reading may take this long, with all that comes before and after the reader's own limit. */
const READ_MS = 36_000;
const SLACK_MS = 2000;

/** A reload ends once, in time, and is promoted, refused, undone, or dropped for a reason. */
export class ReloadInvariants {
  readonly #world: ObservedWorld;
  readonly #fail: (what: string) => void;
  underWay: number | null = null;
  #step = 'none';
  #endsAtMs = Infinity;
  #promoted: number | null = null;
  readonly #over = new Set<number>();
  #isOwed = false;

  constructor(world: ObservedWorld, fail: (what: string) => void) {
    this.#world = world;
    this.#fail = fail;
  }

  forgive(ms: number): void {
    this.#endsAtMs += ms;
  }

  promoted(generation: number): void {
    if (generation !== this.underWay) this.#fail(`generation ${generation} was promoted, and not under way`);
    this.#promoted = generation;
  }

  observed(status: ServiceStatus, event: ArbiterEvent | null): void {
    const { steps } = this.#world.arbiter;
    if (status.reload !== this.underWay) {
      if (this.underWay !== null) this.#ended(this.underWay, status, event);
      if (status.reload !== null && this.#over.has(status.reload))
        this.#fail(`reload ${status.reload} began twice`);
      this.underWay = status.reload;
      this.#step = 'none';
      this.#endsAtMs = Infinity;
    }
    const { name } = steps.intent;
    if ((name === 'resting' || name === 'lingering' || name === 'stopping') && steps.reload !== 'none')
      this.#fail(`a reload is ${steps.reload} although the service is ${name}`);
    if (name === 'resting') this.#isOwed = false;
    if (steps.reload !== this.#step) this.#endsAtMs = this.#world.clock.now() + this.#limitMs(status);
    this.#step = steps.reload;
    this.#promoted = null;
  }

  /** Somebody asked for a reload that was not refused; `read` is called when one is read. */
  asked(): void {
    this.#isOwed = true;
  }

  read(): void {
    this.#isOwed = false;
  }

  /** To be called after a time without failures. */
  calm(): void {
    if (this.#isOwed) this.#fail('a reload was asked for, and nobody has read the configuration since');
  }

  afterStep(): void {
    const { clock, arbiter, readers } = this.#world;
    if (clock.now() > this.#endsAtMs)
      this.#fail(`reload ${this.underWay} is ${this.#step} longer than its limits`);
    const busy = readers.filter(({ isAlive, isKilled, hasAnswered }) => isAlive && !isKilled && !hasAnswered);
    if (busy.length > (arbiter.steps.reload === 'reading' ? 1 : 0))
      this.#fail(`${busy.length} readers are left`);
  }

  #ended(
    attempt: number,
    { generation, reloadFailure, reload }: ServiceStatus,
    event: ArbiterEvent | null,
  ): void {
    this.#over.add(attempt);
    const { intent } = this.#world.arbiter.steps;
    const isPromoted = this.#promoted === attempt && generation === attempt;
    const isRefused = event?.type === 'reloadRead' && !event.result.ok && reloadFailure !== null;
    const isUndone = this.#step === 'proving' && generation < attempt && reloadFailure !== null;
    const isDropped = intent.name !== 'serving' && intent.name !== 'starting';
    const isSuperseded = reload !== null && reload > attempt;
    // With --reload new code replaces the candidate; another HUP has to wait.
    if (this.#step === 'proving' && isSuperseded && !isPromoted && !isUndone && !this.#world.settings.reload)
      this.#fail(`reload ${attempt} was proving itself, and another took its place`);
    const outcomes = [isPromoted, isRefused || isUndone || isSuperseded || isDropped].filter(Boolean).length;
    if (outcomes === 0) this.#fail(`reload ${attempt} ended, and nobody knows how`);
    const isHup = event?.type === 'signal' && event.signal === 'SIGHUP';
    // It may be promoted by its companions in the turn of that signal.
    if (this.#step === 'proving' && isSuperseded && isHup && !isPromoted)
      this.#fail(`reload ${attempt} was proved, and another one took its place`);
    if (isPromoted && isRefused) this.#fail(`reload ${attempt} was promoted and refused`);
  }

  #limitMs({ bootMs }: ServiceStatus): number {
    const { reload } = this.#world.arbiter.steps;
    if (reload === 'reading') return READ_MS + SLACK_MS;
    // A worker that stands by may then take its time to open its sockets, and be silent between the two.
    const { workers } = this.#world;
    const canary = workers.findLast((worker) => worker.generation === this.underWay);
    const limits = canary?.limits ?? { bootMs, heartbeatMs: Infinity };
    const trialMs = this.#world.hasCompanions ? LONGEST_TRIAL_MS : 0;
    return reload === 'proving' ? 2 * limits.bootMs + limits.heartbeatMs + trialMs + SLACK_MS : Infinity;
  }
}
