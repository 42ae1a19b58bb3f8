import { Companions } from '../../src/arbiter/companions/companions.ts';
import type { CompanionPlan, CompanionPlans } from '../../src/arbiter/companions/plan.ts';
import type { Spawn } from '../../src/process/child.ts';
import type { PeerMessage } from '../../src/process/peer.ts';
import type { Chance } from './chance.ts';
import type { SimulatedClock } from './clock.ts';
import { type Machine, Process } from './machine.ts';

/** No companion takes longer to end, with all of its group, nor what another arbiter has left. */
export const LONGEST_END_MS = 7000;
/** Two places, one after the other: the old process ends, what is left of its group, and the new one lasts. */
export const LONGEST_TRIAL_MS = 2 * (LONGEST_END_MS + 5000) + LONGEST_END_MS;

/** The companions of one generation; none in most worlds. */
export function drawCompanions(chance: Chance): { readonly companions?: CompanionPlans } {
  const plans = ['jobs', 'single', 'tick'].flatMap((name) =>
    chance.happens(0.8) ? [drawPlan(name, chance)] : [],
  );
  if (plans.length === 0) return {};
  return { companions: { plans, unbound: [], supervise: (options) => new Companions(options) } };
}

function drawPlan(name: string, chance: Chance): CompanionPlan {
  // Each may change its form, but the one that is always a singleton.
  const isScheduled = name !== 'single' && chance.happens(name === 'tick' ? 0.9 : 0.1);
  const periodMs = chance.of([1000, 7000, 20_000]);
  return {
    name,
    count: name === 'jobs' && !isScheduled ? chance.between(1, 2) : 1,
    timetable: isScheduled ? { next: (afterMs) => (Math.floor(afterMs / periodMs) + 1) * periodMs } : null,
    overlap: false,
    required: !isScheduled && chance.happens(0.25),
    graceMs: chance.of([0, 500, 2000]),
    beatMs: chance.of([3000, Infinity]),
    childSpec: (index, generation) => ({
      command: ['companion', name, `${index}`, `${generation}`, `${isScheduled ? periodMs : 0}`],
    }),
  };
}

/** A process group of a companion, of this arbiter or of the other one of an upgrade. */
interface Group {
  readonly pid: number;
  /** `jobs 1`: no two groups have the same place at a time. */
  readonly place: string;
  readonly owner: 'arbiter' | 'peer';
  /** Whether any process of it lives. */
  readonly lives: boolean;
  signalledAll(signal: NodeJS.Signals): void;
}

/** All groups of companions that there ever were, and what must hold of them. */
export class CompanionGroups {
  readonly #fail: (what: string) => void;
  readonly all: Group[] = [];
  readonly #runs = new Set<string>();

  constructor(fail: (what: string) => void) {
    this.#fail = fail;
  }

  readonly signalGroup = (pid: number, signal: NodeJS.Signals | 0): boolean => {
    const group = this.all.find((one) => one.pid === pid && one.lives);
    if (group && signal !== 0) group.signalledAll(signal);
    return group !== undefined;
  };

  living(owner: Group['owner']): readonly Group[] {
    return this.all.filter((group) => group.owner === owner && group.lives);
  }

  started(group: Group): void {
    const twin = this.all.find(({ place, lives }) => place === group.place && lives);
    if (twin) this.#fail(`${group.place} was started (${group.pid}), and ${twin.pid} of it lives`);
    const other = this.living(group.owner === 'arbiter' ? 'peer' : 'arbiter');
    if (other.length > 0)
      this.#fail(
        `${group.place} was started by the ${group.owner}, and ${other[0]?.place} of the other one lives`,
      );
    this.all.push(group);
  }

  /** A run of a schedule; `due` is its time. */
  ran(due: string): void {
    if (this.#runs.has(due)) this.#fail(`${due} was run twice`);
    this.#runs.add(due);
  }

  /** Once the arbiter has ended. */
  ended(): void {
    for (const { place, pid } of this.living('arbiter')) this.#fail(`${place} (${pid}) is left`);
  }

  /** After a time without failures. */
  calm(companions: CompanionPlans | undefined, generation: number): void {
    const wanted = (companions?.plans ?? []).flatMap(({ name, count, timetable }) =>
      timetable === null
        ? Array.from({ length: count }, (_, index) => `${name} ${index} of ${generation}`)
        : [],
    );
    const running = this.living('arbiter').flatMap((group) =>
      group instanceof CompanionModel && group.periodMs === 0
        ? [`${group.place} of ${group.generation}`]
        : [],
    );
    if (running.toSorted().join() !== wanted.toSorted().join())
      this.#fail(`the companions ${running} run, and ${wanted} are wanted`);
    if (this.living('peer').length > 0) this.#fail('what the other arbiter left behind lives');
  }
}

/** A process of a companion, with the group that it leads. */
export class CompanionModel extends Process implements Group {
  readonly owner = 'arbiter';
  readonly place: string;
  readonly generation: number;
  /** Of its schedule; 0 where it has none. */
  readonly periodMs: number;
  readonly #chance: Chance;
  #isDeaf: boolean;
  /** Of the others in its group, by the machine's clock: they end also while the arbiter oversleeps. */
  #othersEndMs: number;
  #isTold = false;

  constructor(
    groups: CompanionGroups,
    isCalm: boolean,
    chance: Chance,
    ...process: [Machine, Parameters<Spawn>, number]
  ) {
    super(...process);
    const [, [, [name, index, generation, period]]] = process;
    this.place = `${name} ${index}`;
    this.generation = Number(generation);
    this.periodMs = Number(period);
    this.#chance = chance;
    this.#isDeaf = !isCalm && chance.happens(0.1);
    this.#othersEndMs = !isCalm && chance.happens(0.1) ? Infinity : 0;
    groups.started(this);
    if (this.periodMs > 0)
      groups.ran(
        `${name} of ${Math.floor(this.machine.clock.now() / this.periodMs) * this.periodMs} by ${period}`,
      );
    this.#live(isCalm);
  }

  get lives(): boolean {
    return this.isAlive || this.machine.clock.now() < this.#othersEndMs;
  }

  signalledAll(signal: NodeJS.Signals): void {
    if (this.isAlive) this.signalled(signal);
    if (this.#othersEndMs === 0 || (this.#isDeaf && signal !== 'SIGKILL')) return;
    this.#othersEndMs = Math.min(this.#othersEndMs, this.machine.clock.now() + this.#chance.between(1, 300));
  }

  received(): void {}

  heal(): void {
    this.#isDeaf = false;
    if (this.#isTold) this.later(1, () => this.end(null, 'SIGTERM'));
  }

  protected caught(signal: NodeJS.Signals): void {
    this.#isTold = true;
    if (!this.#isDeaf) this.later(this.#chance.between(1, 1500), () => this.end(null, signal));
  }

  #live(isCalm: boolean): void {
    const chance = this.#chance;
    const fate = isCalm ? 'lasts' : chance.weighted({ lasts: 6, fails: 2, ends: 1, 'is silent': 1 });
    if (this.periodMs > 0) this.later(chance.between(1, isCalm ? 900 : 3 * this.periodMs), () => this.end(0));
    else if (fate === 'fails') this.later(chance.between(1, 4000), () => this.end(1));
    else if (fate === 'ends') this.later(chance.between(5001, 20_000), () => this.end(0));
    else if (fate === 'is silent') this.later(10, () => this.say({ tsunicorn: 'companionBeat' }));
    if (chance.happens(0.3))
      this.later(chance.between(1, 500), () => this.say({ tsunicorn: 'companionReady' }));
  }
}

/** A companion of the other arbiter. */
class PeerGroup implements Group {
  readonly owner = 'peer';
  readonly pid: number;
  readonly place: string;
  readonly #clock: SimulatedClock;
  readonly #endMs: number;
  #endsAtMs = Infinity;

  constructor(pid: number, place: string, clock: SimulatedClock, endMs: number) {
    this.pid = pid;
    this.place = place;
    this.#clock = clock;
    this.#endMs = endMs;
  }

  get lives(): boolean {
    return this.#clock.now() < this.#endsAtMs;
  }

  signalledAll(signal: NodeJS.Signals): void {
    this.ends(signal === 'SIGKILL' ? 1 : this.#endMs);
  }

  ends(ms: number, then: () => void = () => {}): void {
    this.#endsAtMs = Math.min(this.#endsAtMs, this.#clock.now() + ms);
    this.#clock.after(ms, then);
  }
}

export interface PeerOptions {
  readonly groups: CompanionGroups;
  readonly clock: SimulatedClock;
  readonly chance: Chance;
  /** Whether it has the companions: it is the old arbiter. */
  readonly owns: boolean;
  /** Tells the arbiter. */
  readonly tell: (message: PeerMessage) => void;
}

/** What the other arbiter of an upgrade does about companions: it rests, serves again, and dies. */
export class PeerModel {
  readonly #options: PeerOptions;
  #owns: boolean;
  #wants = true;
  #isAlive = true;
  #arbiterWants = false;
  #unwantedMs = 0;
  #groups: PeerGroup[] = [];

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#owns = options.owns;
    this.#look();
    this.#turn(options.chance.between(0, 6));
  }

  told(message: PeerMessage): void {
    if (!this.#isAlive) return;
    if (message.tsunicorn === 'peerState') this.#arbiterWants = message.wants;
    else this.#owns = true;
    this.#look();
  }

  /** It has ended: in order, or and left behind what it had. */
  ended(inOrder: boolean): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    const { chance } = this.#options;
    for (const group of this.#groups)
      if (inOrder) group.ends(0);
      else if (chance.happens(0.5)) group.ends(chance.between(1, 100));
  }

  /** It rests, or serves again, a few times. */
  #turn(left: number): void {
    if (left === 0) return;
    const { clock, chance } = this.#options;
    clock.after(chance.between(500, 20_000), () => {
      if (!this.#isAlive) return;
      this.#wants = !this.#wants;
      if (!this.#wants) {
        this.#unwantedMs = clock.now();
        for (const group of this.#groups) group.ends(chance.between(1, 2000), () => this.#look());
      }
      this.#look();
      this.#turn(left - 1);
    });
  }

  #look(): void {
    if (!this.#isAlive) return;
    const { groups, tell, clock, chance } = this.#options;
    this.#groups = this.#groups.filter(({ lives }) => lives);
    if (this.#owns && this.#wants && this.#groups.length === 0) {
      for (const place of ['jobs 0', 'single 0', 'tick 0']) {
        const group = new PeerGroup(50_000 + groups.all.length, place, clock, chance.of([1, 300, 60_000]));
        groups.started(group);
        this.#groups.push(group);
      }
    }
    tell({ tsunicorn: 'peerState', wants: this.#wants, groups: this.#groups.map(({ pid }) => pid) });
    if (!this.#owns || this.#wants || this.#groups.length > 0 || !this.#arbiterWants) return;
    this.#owns = false;
    tell({ tsunicorn: 'peerGives', untilMs: this.#unwantedMs });
  }
}
