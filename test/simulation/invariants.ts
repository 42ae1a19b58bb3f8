import type { Generation } from '../../src/arbiter/change/generation.ts';
import { isEnding } from '../../src/arbiter/change/shutdown.ts';
import type { ArbiterEvent } from '../../src/arbiter/events.ts';
import { deadlineOf, isLiving } from '../../src/arbiter/policy/worker-state.ts';
import type { WorkerHandle } from '../../src/arbiter/workers/handle.ts';
import type { ServiceStatus } from '../../src/process/status.ts';
import { LONGEST_END_MS } from './companions.ts';
import type { ObservedWorld } from './observed-world.ts';
import { ReloadInvariants } from './reload-invariants.ts';
import { UpgradeInvariants } from './upgrade-invariants.ts';
import type { Transition } from './watched.ts';

/** The arbiter's loop wakes at least this often. */
const TICK_MS = 1000;
/** What a stop may take beyond the grace period: booting workers, ABRT, the kill, the last hook. */
const STOP_SLACK_MS = 12_000;

/** Checks what must always hold; the first violation is kept as the failure. */
export class Invariants {
  readonly #world: ObservedWorld;
  readonly upgrade: UpgradeInvariants;
  readonly reload: ReloadInvariants;
  failure: string | null = null;
  current: Generation;
  /** The event of the present turn of the loop, and the changes of state in it. */
  #event: ArbiterEvent | null = null;
  #transitions: Transition[] = [];
  /** The workers that have not exited. */
  #living: WorkerHandle[] = [];
  #endsAtMs = Infinity;
  #wanted = 0;
  /** When the present turn began: a hook may block in it. */
  #sinceMs = 0;

  constructor(world: ObservedWorld, first: Generation) {
    this.#world = world;
    this.current = first;
    this.upgrade = new UpgradeInvariants(world, (what) => this.fail(what));
    this.reload = new ReloadInvariants(world, (what) => this.fail(what));
  }

  fail(what: string): void {
    this.failure ??= what;
  }

  took(event: ArbiterEvent | null): void {
    const { intent } = this.#world.arbiter.steps;
    const isReload =
      (event?.type === 'signal' && event.signal === 'SIGHUP') ||
      (event?.type === 'asked' && event.command.name === 'reload');
    if (isReload && !isEnding(intent)) this.reload.asked();
    this.#event = event;
    this.#sinceMs = this.#world.clock.now();
  }

  changed(transition: Transition): void {
    const { from, to } = transition;
    this.#world.coverage.changed(this.#world, transition);
    // From ABRT to KILL too.
    if (from.name !== to.name || to.name === 'killed') this.#transitions.push(transition);
  }

  spawned(worker: WorkerHandle): void {
    this.#living.push(worker);
  }

  promoted(generation: Generation, before: Generation): void {
    if (before !== this.current)
      this.fail(`generation ${before.number} was replaced, which was not the current`);
    if (generation.number <= before.number)
      this.fail(`generation ${generation.number} follows ${before.number}`);
    this.current = generation;
    this.reload.promoted(generation.number);
  }

  /** The arbiter, or the whole machine, was stopped for so long. */
  forgive(ms: number): void {
    this.#endsAtMs += ms;
    this.reload.forgive(ms);
  }

  /** After each turn of the loop. Returns when it is to be called again at the latest. */
  observed(status: ServiceStatus): number {
    this.#living = this.#living.filter(({ state }) => state.name !== 'exited');
    const living = this.#living;
    this.#wanted = status.workers.wanted;
    this.#slots(living);
    this.#capacity(status, living);
    this.#surplus(status, living);
    this.#deadlines(living);
    this.#retirements(status, living);
    this.#orderOfRetirement(status, living);
    this.#end(living);
    this.reload.observed(status, this.#event);
    this.#transitions = [];
    return Infinity;
  }

  /** To be called when everything that could run has run. */
  afterStep(): void {
    const { queue, clock, status, machine } = this.#world;
    if (status !== null || machine.isFrozen) return;
    if (queue.pushed !== queue.taken) this.fail(`${queue.pushed - queue.taken} events are left in the queue`);
    if (clock.nextMs > clock.now() + TICK_MS) this.fail('nothing will wake the loop within a second');
    if (clock.now() > this.#endsAtMs) this.fail('the stop takes longer than its limits');
    this.#listeners();
    this.#sideListens();
    this.upgrade.afterStep(this.current.listeners);
    this.reload.afterStep();
  }

  /** Once the arbiter has ended, and everything after it. */
  ended(): void {
    const { workers, machine, sockets, queue, companions } = this.#world;
    companions.ended();
    for (const { age, state } of workers)
      if (state.name !== 'exited') this.fail(`worker ${age} is left ${state.name}`);
    const left = machine.living.filter((process) => 'age' in process);
    if (left.length > 0) this.fail(`${left.length} processes of workers are left`);
    // Where another arbiter lives, the sockets are its own.
    for (const listener of sockets.open) if (!listener.isShared()) this.fail(`${listener.url} is left open`);
    for (const place of this.#world.sideListens.ofArbiter) this.fail(`${place} is left open`);
    if (this.#world.watcher === 'open') this.fail('files are still watched');
    if (queue.pushed < queue.taken) this.fail('an event was taken twice');
  }

  /** To be called after a time without failures. */
  calm(): void {
    const { arbiter, workers, clock } = this.#world;
    const { intent, reload, upgrade } = arbiter.steps;
    if (intent.name !== 'serving') return this.fail(`the service is ${intent.name} after ${clock.now()} ms`);
    if (reload !== 'none') this.fail(`a reload is ${reload} for ever`);
    this.reload.calm();
    if (upgrade !== 'none' && upgrade !== 'failed') this.fail(`an upgrade is ${upgrade} for ever`);
    this.#world.companions.calm(this.current.companions, this.current.number);
    const { spareWorkers } = this.current.loaded.settings;
    const slots = workers.flatMap(({ slot, state }) => (state.name === 'ready' ? [slot] : [])).sort();
    if (slots.join() !== [...Array(this.#wanted).keys()].sort().join())
      this.fail(`the slots that serve are ${slots}, and ${this.#wanted} workers are wanted`);
    const states = workers.flatMap(({ age, generation, state }) => {
      if (state.name === 'exited') return [];
      // A worker may be retiring because the load has just fallen.
      if (state.name === 'retiring' && state.killAtMs > clock.now()) return [];
      const isFresh = generation === this.current.number && !('outgoing' in state && state.outgoing);
      return isFresh ? state.name : `${age} of generation ${generation} ${state.name}`;
    });
    const wanted = [...Array(this.#wanted).fill('ready'), ...Array(spareWorkers).fill('standby')];
    if (states.sort().join() !== wanted.join())
      this.fail(`there are ${states}, and there should be ${wanted}`);
  }

  /** No slot is taken twice but by a worker and its replacement; who serves, or is about to, has one. */
  #slots(living: readonly WorkerHandle[]): void {
    const staying = living.filter(
      (worker) =>
        isLiving(worker) &&
        worker.generation === this.current.number &&
        !('outgoing' in worker.state && worker.state.outgoing),
    );
    const held = staying.flatMap(({ slot }) => (slot === null ? [] : [slot]));
    if (new Set(held).size < held.length)
      this.fail(`a slot is taken twice: ${staying.map(({ age, slot }) => `${age} in ${slot}`).join(', ')}`);
    for (const { age, slot, state, origin } of living) {
      const serves = state.name === 'ready' || state.name === 'opening';
      const standsBy = origin.loaded.settings.spareWorkers > 0;
      if (slot === null ? serves || !standsBy : standsBy && state.name === 'standby')
        this.fail(`worker ${age}, which is ${state.name}, has the slot ${slot}`);
    }
  }

  /** A worker that serves is retired only where enough others do. */
  #capacity({ workers: { wanted, ready } }: ServiceStatus, living: readonly WorkerHandle[]): void {
    this.#slotsStayServed(living);
    const serving = living.filter(({ state }) => state.name === 'ready').length;
    if (serving !== ready) this.fail(`${serving} workers are ready, and the status says ${ready}`);
    const retired = this.#transitions.some(
      ({ worker, from, to }) =>
        from.name === 'ready' && to.name === 'retiring' && worker.age !== this.#leftBy,
    );
    // In development all that are outdated go as soon as one is ready.
    const least = this.#world.settings.reload ? Math.min(1, wanted) : wanted;
    if (retired && ready < least) this.fail(`a worker was retired, and ${ready} of ${wanted} are ready`);
  }

  /** A worker that serves in a wanted slot is retired only where another one serves there. */
  #slotsStayServed(living: readonly WorkerHandle[]): void {
    if (this.#world.settings.reload) return;
    for (const { worker, from, to } of this.#transitions) {
      const { slot, age } = worker;
      if (from.name !== 'ready' || to.name !== 'retiring' || age === this.#leftBy) continue;
      if (slot === null || slot >= this.#wanted) continue;
      if (!living.some((one) => one.slot === slot && one.state.name === 'ready'))
        this.fail(`worker ${age} was retired, and no other serves in its slot ${slot}`);
    }
  }

  #surplus({ phase, reload, workers: { wanted } }: ServiceStatus, all: readonly WorkerHandle[]): void {
    // A kill ends the turn, and the next one goes on at once.
    if ((phase === 'stopping' && wanted === 0) || this.#hasKilled) return;
    const { spareWorkers, reloadBatch } = this.current.loaded.settings;
    const living = all.filter(isLiving);
    // One of a reload that was undone after it got ready serves on where it is needed.
    const canaries = living.filter(
      ({ generation }) => generation > this.current.number && generation === reload,
    ).length;
    if (canaries > 1) this.fail(`${canaries} workers prove a generation`);
    const surge = this.#world.settings.reload ? wanted + spareWorkers : reloadBatch;
    const most = wanted === 0 ? 0 : wanted + spareWorkers + surge;
    if (living.length - canaries > most)
      this.fail(`${living.length - canaries} workers live where ${wanted} are wanted and ${most} may be`);
  }

  #deadlines(living: readonly WorkerHandle[]): void {
    const now = this.#world.clock.now();
    for (const worker of living) {
      const { state, limits, age } = worker;
      const deadlineMs = deadlineOf(worker);
      const isBounded =
        deadlineMs < Infinity ||
        (state.name === 'killed' && this.#isKilled(worker)) ||
        ((state.name === 'ready' || state.name === 'standby') && limits.heartbeatMs === Infinity) ||
        (['spawning', 'booting', 'opening'].includes(state.name) && limits.bootMs === Infinity);
      if (!isBounded) this.fail(`worker ${age} may be ${state.name} for ever`);
      if (deadlineMs <= now && now === this.#sinceMs && !this.#hasKilled)
        this.fail(`worker ${age} is ${state.name} beyond its time`);
    }
  }

  /** At most as many workers retire slowly as are wanted, and none where no arbiter serves afterwards. */
  #retirements({ workers: { wanted } }: ServiceStatus, living: readonly WorkerHandle[]): void {
    // A worker that has just retired, or that a turn with a kill did not get to, is told in the next turn, which follows at once.
    if (this.#hasKilled || this.#transitions.some(({ to }) => to.name === 'retiring')) return;
    const { intent } = this.#world.arbiter.steps;
    const purposes = living.flatMap(({ state }) => (state.name === 'retiring' ? [state.purpose] : []));
    const waiting = purposes.filter((purpose) => purpose === 'replace').length;
    if (intent.name === 'serving' && waiting > wanted)
      this.fail(`${waiting} retiring workers wait where ${wanted} are wanted`);
    const isLast = !this.current.listeners.some((listener) => listener.isShared());
    if (intent.name === 'stopping' && isLast && purposes.some((purpose) => purpose !== 'stop'))
      this.fail(`the service stops, and its workers retire to ${purposes}`);
  }

  /** Outdated workers retire before current ones, and when the service stops those that serve retire last. */
  #orderOfRetirement({ reload }: ServiceStatus, living: readonly WorkerHandle[]): void {
    const { intent } = this.#world.arbiter.steps;
    const isOutdated = ({ generation }: WorkerHandle, state: WorkerHandle['state']) =>
      (generation !== this.current.number && generation !== reload) ||
      (state.name === 'ready' && state.outgoing !== null);
    const waits = living.some(({ state }) => state.name !== 'ready' && state.name !== 'retiring');
    const stale = living.filter(
      (worker) => worker.state.name === 'ready' && isOutdated(worker, worker.state),
    );
    for (const { worker, from, to } of this.#transitions) {
      if (from.name !== 'ready' || to.name !== 'retiring' || worker.age === this.#leftBy) continue;
      const isSurplus = (worker.slot ?? 0) >= this.#wanted;
      if (stale.length > 0 && !isOutdated(worker, from) && !isSurplus)
        this.fail(`worker ${worker.age} was retired, and ${stale[0]?.age}, which is outdated, stays`);
      if (intent.name === 'stopping' && intent.mode === 'graceful' && waits)
        this.fail(`worker ${worker.age} was retired while others hold the sockets and do not serve`);
    }
  }

  /** The worker that has just said that it leaves. */
  get #leftBy(): number {
    const event = this.#event;
    return event?.type === 'message' && event.message.tsunicorn === 'leaving' ? event.worker : 0;
  }

  get #hasKilled(): boolean {
    return this.#transitions.some(({ to }) => to.name === 'killed');
  }

  #isKilled({ pid }: WorkerHandle): boolean {
    return (
      pid === 0 ||
      this.#world.machine.processes.some((one) => one.pid === pid && (one.isKilled || !one.isAlive))
    );
  }

  /** From the moment in which the service stops, its end can be computed. */
  #end(living: readonly WorkerHandle[]): void {
    const { arbiter, clock } = this.#world;
    if (arbiter.steps.intent.name !== 'stopping' || this.#endsAtMs < Infinity) return;
    const least = this.#world.hasCompanions ? LONGEST_END_MS : 0;
    const graceMs = Math.max(least, ...living.map(({ limits }) => limits.graceMs));
    this.#endsAtMs = clock.now() + graceMs + STOP_SLACK_MS;
  }

  /** Each side socket that the arbiter has is wanted by the application that serves or by one that boots, or is used. */
  #sideListens(): void {
    const { sideListens, workers } = this.#world;
    const open = sideListens.ofArbiter;
    if (new Set(open).size < open.length) this.fail(`the arbiter has ${open} twice`);
    if (this.#world.arbiter.steps.intent.name === 'stopping' && open.length > 0)
      this.fail(`${open} is open although the service stops`);
    // What a worker was handed that ends before it was ready, it may yet use.
    const isBooting = workers.some(({ state }) => !['ready', 'retiring', 'exited'].includes(state.name));
    for (const place of open)
      if (!isBooting && !sideListens.isWanted(place, this.current.number))
        this.fail(`${place} is open, and nobody needs it`);
  }

  /** Where no reload is under way the open sockets are those of the generation that serves, and where it stops there is none. */
  #listeners(): void {
    const { arbiter, sockets } = this.#world;
    const { intent, reload } = arbiter.steps;
    if (reload !== 'none') return;
    const needed = this.current.listeners;
    for (const listener of sockets.open) {
      if (listener.isShared()) continue;
      if (intent.name === 'stopping') this.fail(`${listener.url} is open although the service stops`);
      else if (!needed.includes(listener)) this.fail(`${listener.url} is open, and nobody needs it`);
    }
    if (intent.name === 'stopping') return;
    for (const listener of needed) if (!sockets.open.has(listener)) this.fail(`${listener.url} is closed`);
  }
}
