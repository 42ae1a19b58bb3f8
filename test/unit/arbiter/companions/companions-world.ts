import { Companions } from '../../../../src/arbiter/companions/companions.ts';
import type { CompanionPlan, Wanted } from '../../../../src/arbiter/companions/plan.ts';
import type { CompanionMessage } from '../../../../src/process/companion.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';
import { FakeChild } from '../../../support/fake-spawn.ts';

/** The times of day begin here. */
export const MIDNIGHT = Date.parse('2026-06-01T00:00:00Z');

/** A plan that always runs, but for `changed`. */
export function planOf(name: string, changed: Partial<CompanionPlan> = {}): CompanionPlan {
  return {
    name,
    count: 1,
    timetable: null,
    overlap: false,
    required: false,
    graceMs: 10_000,
    beatMs: 30_000,
    childSpec: (index, generation) => ({ command: [name, `${index}`, `${generation}`] }),
    ...changed,
  };
}

/** Comes every so many milliseconds of the day. */
export function everyMs(ms: number): CompanionPlan['timetable'] {
  return { next: (afterMs) => (Math.floor(afterMs / ms) + 1) * ms };
}

/** Companions over fake processes and time, looked at in each turn as the loop does it. */
export class CompanionsWorld {
  readonly clock = new FakeClock();
  readonly log = new FakeLogger();
  readonly children: FakeChild[] = [];
  /** The groups of which something lives besides the leader. */
  readonly others = new Set<number>();
  /** `TERM 1001`, as they were sent to groups. */
  readonly signals: string[] = [];
  readonly #living = new Set<number>();
  readonly companions: Companions;
  wanted: Wanted = { name: 'end', mode: 'graceful', reason: 'nothing is wanted' };
  #wakeAtMs = 0;
  /** What a clock that was set wrong shows more. */
  wrongMs = 0;
  readonly #startMs: number;

  constructor() {
    this.#startMs = this.clock.now();
    this.companions = new Companions({
      clock: this.clock,
      wallMs: () => this.wallMs,
      random: () => 0.5,
      log: this.log,
      judgeKill: () => null,
      emit: (event) => {
        this.companions.take(event);
        this.look();
      },
      spawn: (...call) => {
        const pid = 1001 + this.children.length;
        const child = new FakeChild(call, pid);
        this.children.push(child);
        this.#living.add(pid);
        return child.asChild();
      },
      signalGroup: (group, signal) => {
        const lives = this.#living.has(group) || this.others.has(group);
        if (signal !== 0 && lives) this.signals.push(`${signal.slice(3)} ${group}`);
        return lives;
      },
    });
  }

  get wallMs(): number {
    return MIDNIGHT + this.clock.now() - this.#startMs + this.wrongMs;
  }

  /** What was logged: a line each, behind its level. */
  get said(): string {
    return this.log.lines.map(({ level, message }) => `${level.toUpperCase()} ${message}`).join('\n');
  }

  /** What runs: `jobs 0 1` is the place 0 of jobs, of generation 1. */
  get running(): string[] {
    return this.children
      .filter(({ pid = 0 }) => this.#living.has(pid))
      .map(({ file, args }) => [file, ...args].join(' '));
  }

  run(generation: number, ...plans: CompanionPlan[]): void {
    const assigned = plans.map((plan) => ({ plan, generation }));
    this.wanted = { name: 'run', assigned, sinceMs: this.wallMs };
    this.look();
  }

  end(mode: 'graceful' | 'quick' | 'forced' = 'graceful'): void {
    this.wanted = { name: 'end', mode, reason: 'the service stops' };
    this.look();
  }

  look(): void {
    this.#wakeAtMs = this.companions.look(this.wanted);
  }

  /** Lets time pass as the loop does, which looks at least once a second. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.now() + ms;
    while (this.clock.now() < untilMs) {
      const wakeMs = Math.max(this.clock.now() + 1, this.#wakeAtMs);
      await this.clock.advance(Math.min(wakeMs, this.clock.now() + 1000, untilMs) - this.clock.now());
      this.look();
    }
  }

  /** The process of that order, from 0, ends. */
  async exits(order: number, how: number | NodeJS.Signals = 0): Promise<void> {
    const child = this.children[order];
    if (child?.pid === undefined) throw new Error(`there are ${this.children.length} processes`);
    this.#living.delete(child.pid);
    if (typeof how === 'number') child.ends(how);
    else child.ends(null, how);
    await this.clock.settle();
  }

  says(order: number, message: CompanionMessage['tsunicorn']): void {
    this.children[order]?.emit('message', { tsunicorn: message });
  }
}
