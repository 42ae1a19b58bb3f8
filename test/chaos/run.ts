import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Chance } from '../simulation/chance.ts';
import { signal } from '../support/members.ts';
import { drawn, type FaultName, faults, possible } from './faults.ts';
import { ChaosLoad } from './load.ts';
import { explain, type Losses } from './losses.ts';
import { answers, brokenParts, isTrueInTime } from './recovery.ts';
import { CLIENTS, WORKERS, World } from './world.ts';

/** How a run ended: what did not hold, or nothing. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly answered: number;
  /** Requests that were not answered. */
  readonly losses: Losses;
  /** How many workers were killed. */
  readonly kills: number;
  /** What was done when, in words. */
  readonly history: readonly string[];
  readonly log: string;
  /** Faults that need what this machine has not. */
  readonly left: readonly string[];
}

/** A fault that lasts: what takes it back, and when. */
interface Lasting {
  readonly name: FaultName;
  readonly untilMs: number;
  readonly undo: () => void | Promise<void>;
}

class Run {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #startedMs = performance.now();
  readonly #history: string[] = [];
  readonly #violations: string[] = [];
  #lasting: Lasting[] = [];
  /** When connections may be closed without an answer. */
  readonly #excused: { readonly fromMs: number; toMs: number }[] = [];

  constructor(seed: number, world: World) {
    this.#chance = new Chance(seed);
    this.#world = world;
  }

  async go(seed: number, seconds: number): Promise<Outcome> {
    const world = this.#world;
    try {
      await world.receive(true);
      world.start();
      if (!(await isTrueInTime(() => answers(world.url)))) throw new Error(`it does not start\n${world.log}`);
      const load = new ChaosLoad(world.url, CLIENTS);
      await this.#faults(seconds * 1000);
      const losses = await this.#recovers(load);
      await this.#ends();
      const names = Object.keys(possible(world.means));
      return {
        ...{ seed, violations: this.#violations, answered: load.answered },
        ...{ losses, kills: world.kills.length },
        ...{ history: this.#history, log: world.log },
        left: Object.keys(faults).filter((name) => !names.includes(name)),
      };
    } finally {
      await world.close();
    }
  }

  #say(text: string): void {
    const ms = Math.round(performance.now() - this.#startedMs);
    this.#history.push(`${String(ms).padStart(6)} ms  ${text}`);
  }

  async #faults(lastMs: number): Promise<void> {
    const weights = drawn(this.#world) as Readonly<Record<FaultName, number>>;
    const until = performance.now() + lastMs;
    while (performance.now() < until) {
      const name = this.#chance.weighted(weights);
      const [lastsMs, thenMs] = [this.#chance.between(50, 1500), this.#chance.between(20, 600)];
      const draws = new Chance(this.#chance.below(1_000_000_000));
      await this.#undo((one) => one.name === name);
      this.#say(name);
      const undo = this.#excusing(name, await faults[name].inject(this.#world, draws));
      this.#lasting.push({ name, undo, untilMs: performance.now() + lastsMs });
      await pause(thenMs);
      await this.#undo(({ untilMs }) => performance.now() >= untilMs);
      this.#supervise();
    }
    await this.#undo(() => true);
  }

  /**
   * libuv closes what the kernel has queued where no descriptor is left, until the worker has noticed that, which it looks
   * for once a second.
   */
  #excusing(name: FaultName, undo: Lasting['undo']): Lasting['undo'] {
    if (name !== 'no descriptors are left') return undo;
    const window = { fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY };
    this.#excused.push(window);
    return async () => {
      await undo();
      window.toMs = performance.now() + 500;
    };
  }

  async #undo(isDue: (one: Lasting) => boolean): Promise<void> {
    const due = this.#lasting.filter(isDue);
    this.#lasting = this.#lasting.filter((one) => !due.includes(one));
    for (const { undo } of due) await undo();
  }

  /** Starts it again where its arbiter has ended, as systemd does. */
  #supervise(): void {
    const world = this.#world;
    if (world.arbiters().length > 0) return;
    this.#say('the supervisor starts it again');
    world.start();
  }

  /** All of it works again in bounded time, and each request that was lost was so by what was killed. */
  async #recovers(load: ChaosLoad): Promise<Losses> {
    const world = this.#world;
    this.#say('everything is taken back');
    this.#violations.push(...(await brokenParts(world, () => this.#supervise())));
    if (!(await load.stop())) this.#violations.push('a request is never answered');
    if (load.answered === 0) this.#violations.push('no request is answered');
    const losses = explain(load.lost, world.kills, this.#excused, CLIENTS);
    const told = losses.unexplained.map(
      ({ outcome, atMs }) => `${outcome} at ${Math.round(atMs - this.#startedMs)} ms`,
    );
    if (told.length > 0)
      this.#violations.push(
        `${told.length} requests are lost by nothing that was killed: ${told.slice(0, 20)}`,
      );
    return losses;
  }

  /** TERM ends all of it, workers of arbiters that were killed included, and nothing is left. In an upgrade both are told. */
  async #ends(): Promise<void> {
    const world = this.#world;
    const told = new Set<number>();
    const isEnded = () => {
      for (const pid of world.arbiters().filter((one) => !told.has(one))) {
        told.add(pid);
        signal(pid, 'SIGTERM');
      }
      return world.members().length === 0;
    };
    if (!(await isTrueInTime(isEnded)))
      this.#violations.push(`processes are left: ${world.members().map(({ pid }) => pid)}`);
    for (const name of ['pid', 'control.sock'])
      if (existsSync(join(world.directory, name))) this.#violations.push(`${name} is left`);
  }
}

/** One run: what happens is drawn from the seed; what the machine makes of it is not. */
export async function runSeed(seed: number, seconds: number): Promise<Outcome> {
  return new Run(seed, await World.make(seed % 2 === 0)).go(seed, seconds);
}

/** How the requests of a run came out, in words. */
export function requestsText({ answered, losses: { killed, excused }, kills }: Outcome): string {
  const reset = excused.length === 0 ? '' : `, ${excused.length} reset while no descriptor was left`;
  return `${answered} requests answered, ${killed.length} lost with the ${kills} workers that were killed${reset}`;
}

/** What a person needs to know of a run that did not hold. */
export function report(outcome: Outcome): string {
  const { seed, violations, history, log } = outcome;
  return [
    `seed ${seed} (${WORKERS} workers, ${requestsText(outcome)}) does not hold:`,
    ...violations.map((one) => `  ${one}`),
    ...history,
    '--- log',
    ...log
      .split('\n')
      .filter((line) => !line.includes('[DEBUG]'))
      .slice(-120),
  ].join('\n');
}
