import { describe, expect, it } from 'vitest';
import { type Action, type Desired, reconcile } from '../../../../src/arbiter/policy/reconcile.ts';
import {
  isLiving,
  type WorkerSnapshot,
  type WorkerState,
} from '../../../../src/arbiter/policy/worker-state.ts';

const limits = { bootMs: Infinity, heartbeatMs: Infinity, graceMs: 0 };
const ready: WorkerState = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: null };

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A world that does what the plan says, and where anything may happen to any worker. */
class World {
  desired: Desired;
  workers: WorkerSnapshot[] = [];
  readonly #random: () => number;
  #age = 0;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    const workers = 1 + this.#below(6);
    const surge = 1 + this.#below(3);
    const none = {
      spares: 0,
      canary: null,
      spawnAfterMs: 0,
      replaceAfterMs: 0,
      retirePurpose: 'replace',
    } as const;
    this.desired = { ...none, purpose: 'serving', workers, generation: 1, surge };
  }

  get ready(): number {
    return this.workers.filter(({ state }) => state.name === 'ready').length;
  }

  get living(): number {
    return this.workers.filter((worker) => isLiving(worker) && worker.generation !== this.desired.canary)
      .length;
  }

  /** Carries out plans until there is nothing left to do; every retirement is looked at. */
  settle(): void {
    for (let turn = 0; turn < 20; turn++) {
      const { actions } = reconcile(this.desired, this.workers, 0);
      if (actions.length === 0) return;
      const wasReady = this.ready;
      for (const action of actions) this.#perform(action);
      const { workers } = this.desired;
      if (this.ready < wasReady && this.ready < workers)
        throw new Error(`${wasReady} were ready, ${this.ready} are, of ${workers}`);
    }
    throw new Error('it does not come to rest');
  }

  happen(): void {
    const worker = this.workers[this.#below(this.workers.length)];
    const kind = this.#below(10);
    if (kind === 0) return this.#reload();
    if (worker === undefined) return;
    const { state } = worker;
    if (kind === 1 || state.name === 'retiring' || state.name === 'cancelled') this.#end(worker);
    else if (kind < 4 && state.name === 'ready') this.#become(worker, { ...state, outgoing: 'due' });
    else if (state.name === 'spawning') this.getReady(worker);
  }

  getReady(worker: WorkerSnapshot): void {
    this.#become(worker, ready);
    if (worker.generation === this.desired.canary)
      this.desired = { ...this.desired, generation: worker.generation, canary: null };
  }

  #reload(): void {
    const newest = Math.max(this.desired.generation, this.desired.canary ?? 0);
    this.desired = { ...this.desired, canary: newest + 1 };
  }

  #perform(action: Action): void {
    if (action.type === 'spawn') {
      this.#age++;
      const { slot, generation } = action;
      const state: WorkerState = { name: 'spawning', sinceMs: 0 };
      this.workers.push({ age: this.#age, slot, generation, limits, state });
      return;
    }
    const worker = this.workers.find(({ age }) => age === action.age);
    if (worker === undefined) return;
    const { state } = worker;
    if (action.type === 'hasten' && state.name === 'retiring')
      return this.#become(worker, { ...state, purpose: action.purpose });
    const end = { reason: 'x', killAtMs: Infinity };
    this.#become(
      worker,
      state.name === 'ready'
        ? { name: 'retiring', purpose: 'replace', ...end }
        : { name: 'cancelled', ...end },
    );
  }

  #become(worker: WorkerSnapshot, state: WorkerState): void {
    this.workers = this.workers.map((one) => (one === worker ? { ...one, state } : one));
  }

  #end(worker: WorkerSnapshot): void {
    this.workers = this.workers.filter((one) => one !== worker);
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

describe('whatever happens to workers while they are replaced', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'no retirement lets fewer be ready than wanted, and no more live than the surge allows (%i)',
    (seed) => {
      const world = new World(seed);
      for (let event = 0; event < 300; event++) {
        world.settle();
        expect(world.living).toBeLessThanOrEqual(world.desired.workers + world.desired.surge);
        world.happen();
      }
    },
  );

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'all are new and none too many in the end (%i)',
    (seed) => {
      const world = new World(seed);
      for (let event = 0; event < 100; event++) {
        world.settle();
        world.happen();
      }
      for (let turn = 0; turn < 100; turn++) {
        world.settle();
        const next = world.workers.find(({ state }) => state.name === 'spawning');
        if (next) world.getReady(next);
      }
      const living = world.workers.filter(isLiving);
      expect(living).toHaveLength(world.desired.workers);
      expect(living.every(({ generation }) => generation === world.desired.generation)).toBe(true);
      expect(living.every(({ state }) => state.name === 'ready' && state.outgoing === null)).toBe(true);
    },
  );
});
