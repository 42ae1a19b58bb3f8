import { type Desired, reconcile } from '../../../src/arbiter/policy/reconcile.ts';
import type { WorkerSnapshot, WorkerState } from '../../../src/arbiter/policy/worker-state.ts';

const limits = { bootMs: 60_000, heartbeatMs: 30_000, graceMs: 30_000 };
export const desired: Desired = {
  workers: 2,
  spares: 1,
  purpose: 'serving',
  generation: 1,
  canary: null,
  spawnAfterMs: 0,
  surge: 1,
  replaceAfterMs: 0,
  retirePurpose: 'replace',
};

export const ready = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: null } satisfies WorkerState;
export const outgoing = { ...ready, outgoing: 'SIGTERM' } satisfies WorkerState;
export const standby = { name: 'standby', sinceMs: 0, heartbeatMs: 0 } satisfies WorkerState;
export const opening = { name: 'opening', sinceMs: 0, standbyMs: 0 } satisfies WorkerState;
export const booting = { name: 'booting', sinceMs: 0 } satisfies WorkerState;

/** Where no slot is given: one that serves is in the slot before its age, one that does not has none. */
export function worker(
  age: number,
  state: WorkerState,
  generation = 1,
  slot = state.name === 'ready' || state.name === 'opening' ? age - 1 : null,
): WorkerSnapshot {
  return { age, slot, generation, limits, state };
}

/** The same numbers in [0, 1) for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A world without an arbiter: does what the plans say, and lets workers get on or die as chance has it. */
export class World {
  want: Desired;
  readonly log: string[] = [];
  workers: (WorkerSnapshot & { state: WorkerState })[] = [];
  #age = 0;
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.want = { ...desired, workers: 1 + this.pick(4), spares: this.pick(3) };
    for (let slot = 0; slot < this.want.workers; slot++) this.#spawn(1, ready, slot);
  }

  pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  get ready(): number {
    return this.workers.filter(({ state }) => state.name === 'ready').length;
  }

  get living(): number {
    const living = ['spawning', 'booting', 'standby', 'opening', 'ready'];
    return this.workers.filter(({ state }) => living.includes(state.name)).length;
  }

  /** Follows the plans until they are empty; `look` sees the world after each action. */
  settle(look: () => void): void {
    for (let turns = 0; ; turns++) {
      const { actions: planned } = reconcile(this.want, this.workers, 0);
      if (planned.length === 0) return;
      if (turns > 20) throw new Error(`no rest: ${JSON.stringify(planned)}`);
      for (const action of planned) {
        this.log.push(JSON.stringify(action));
        if (action.type === 'spawn') {
          const slot = this.want.spares > 0 ? null : action.slot;
          this.#spawn(action.generation, { name: 'spawning', sinceMs: 0 }, slot);
        } else if (action.type === 'accept') this.#set(action.age, opening, action.slot);
        else this.#set(action.age, this.#leaving(action.age));
        look();
      }
    }
  }

  /** Somebody gets on or dies, or something else is wanted. Returns how many that served are gone by it. */
  happen(): number {
    const one = this.workers[this.pick(this.workers.length)];
    const what = this.pick(12);
    this.log.push(`${what} to ${one?.age} ${one?.state.name}`);
    if (what === 0) this.want = { ...this.want, workers: 1 + this.pick(4) };
    else if (what === 1 && this.want.canary === null)
      this.want = { ...this.want, canary: this.want.generation + 1 };
    else if (what === 2) this.want = { ...this.want, canary: null };
    else if (one && what === 3) {
      this.#set(one.age, { name: 'exited' });
      return one.state.name === 'ready' ? 1 : 0;
    } else if (one && what === 4 && one.state.name === 'ready') this.#set(one.age, outgoing);
    else if (one) this.getOn(one);
    return 0;
  }

  getOn({ age, state, generation }: WorkerSnapshot): void {
    const canary = generation === this.want.canary;
    const spares = this.want.spares > 0;
    if (state.name === 'spawning') this.#set(age, booting);
    else if (state.name === 'booting' && spares) this.#set(age, standby);
    else if (state.name === 'opening' || state.name === 'booting') this.#set(age, ready);
    else if (state.name === 'retiring' || state.name === 'cancelled') this.#set(age, { name: 'exited' });
    const { state: now } = this.workers.find((one) => one.age === age) ?? {};
    if (canary && now?.name === 'ready') this.want = { ...this.want, generation, canary: null };
  }

  #leaving(age: number): WorkerState {
    const { state } = this.workers.find((one) => one.age === age) ?? {};
    return state?.name === 'ready'
      ? { name: 'retiring', reason: '', purpose: 'replace', killAtMs: 1 }
      : { name: 'cancelled', reason: '', killAtMs: 1 };
  }

  #spawn(generation: number, state: WorkerState, slot: number | null): void {
    this.#age++;
    this.workers.push(worker(this.#age, state, generation, slot));
  }

  #set(age: number, state: WorkerState, slot?: number): void {
    this.workers = this.workers
      .map((one) => (one.age === age ? { ...one, state, slot: slot ?? one.slot } : one))
      .filter((one) => one.state.name !== 'exited');
  }
}
