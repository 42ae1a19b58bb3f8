import type { RetirePurpose } from '../../process/ipc/retirement.ts';
import { missingSlots, orderOfRetirement } from './slots.ts';
import { deadlineOf, isBooting, isLiving, type WorkerSnapshot, type WorkerState } from './worker-state.ts';

/** What the arbiter wants to be true. */
export interface Desired {
  /**
   * A service that rests or stops wants no workers. While it rests the sockets stay open, so that clients wait.
   */
  readonly purpose: 'serving' | 'resting' | 'stopping';
  readonly workers: number;
  /** How many more workers stand by; above 0 every worker stands by first, and accepts when it is told to. */
  readonly spares: number;
  readonly generation: number;
  /** A new generation whose first worker, the canary, has yet to get ready; the other workers are not affected by it. */
  readonly canary: number | null;
  /** In a crash loop: no spawn before this time, and then one at a time. 0 otherwise. */
  readonly spawnAfterMs: number;
  /**
   * How many workers beyond the wanted number may live while old ones are replaced, and so how many are replaced at a time.
   * With Infinity (in development) all workers of other generations retire as soon as one of the present one is ready.
   */
  readonly surge: number;
  /** Before this time no worker is replaced because it asked for it. */
  readonly replaceAfterMs: number;
  /** What retiring workers are told. */
  readonly retirePurpose: RetirePurpose;
}

export type Action =
  /** `slot` is the place that lacks a worker; null for a spare. */
  | { readonly type: 'spawn'; readonly slot: number | null; readonly generation: number }
  | { readonly type: 'accept'; readonly age: number; readonly slot: number }
  | {
      readonly type: 'retire';
      readonly age: number;
      readonly reason: string;
      readonly purpose: RetirePurpose;
    }
  /** For a worker that retires already. */
  | { readonly type: 'hasten'; readonly age: number; readonly purpose: RetirePurpose }
  | {
      readonly type: 'kill';
      readonly age: number;
      readonly signal: 'SIGABRT' | 'SIGKILL';
      readonly reason: string;
    };

export interface Plan {
  readonly actions: readonly Action[];
  /** When to plan again if no event comes before; Infinity where only an event can change the plan. */
  readonly wakeAtMs: number;
}

/**
 * Decides, without effects, which workers to spawn, retire and kill so that the workers become as desired. A worker is
 * retired only while more than the wanted number are ready, so capacity never dips.
 */
export function reconcile(desired: Desired, workers: readonly WorkerSnapshot[], now: number): Plan {
  const overdue = workers.flatMap((worker) => overdueAction(worker, now));
  const dying = new Set(overdue.map((action) => action.age));
  const living = workers.filter((worker) => isLiving(worker) && !dying.has(worker.age));
  const held = now < desired.replaceAfterMs && living.some(isOutgoing);
  // A boot would take processor time from a worker that is about to serve: spares are spawned after that.
  const seen = held ? living.map(staying) : living;
  const accepts = planAccepts(desired, seen);
  const opening = accepts.length > 0 || living.some(({ state }) => state.name === 'opening');
  const wanted = wantedSpawns(opening ? { ...desired, spares: 0 } : desired, seen);
  const mayGo =
    now < desired.spawnAfterMs ? wanted.filter((generation) => generation === desired.canary) : wanted;
  const waiting = mayGo.length < wanted.length;
  const spawns = inMissingSlots(mayGo, desired, seen);
  const others = workers.filter((worker) => !dying.has(worker.age));
  const deadlines = others.map(deadlineOf);
  const retirements = planRetirements(desired, living, workers);
  return {
    actions: [...overdue, ...accepts, ...planHaste(desired, others), ...retirements, ...spawns],
    wakeAtMs: Math.min(
      waiting ? desired.spawnAfterMs : Infinity,
      held ? desired.replaceAfterMs : Infinity,
      ...deadlines,
    ),
  };
}

function isOutgoing({ state }: WorkerSnapshot): boolean {
  return state.name === 'ready' && state.outgoing !== null;
}

/** The worker as if it had not asked to be replaced. */
function staying(worker: WorkerSnapshot): WorkerSnapshot {
  const { age, slot, generation, limits, state } = worker;
  return state.name === 'ready'
    ? { age, slot, generation, limits, state: { ...state, outgoing: null } }
    : worker;
}

/** Whether the worker is as desired: of the generation, in a slot that is wanted, and not about to leave. */
function isFresh(worker: WorkerSnapshot, desired: Desired): boolean {
  const { generation, slot } = worker;
  return generation === desired.generation && isWanted(slot, desired) && !isOutgoing(worker);
}

function isWanted(slot: number | null, desired: Desired): boolean {
  return slot === null || slot < desired.workers;
}

function overdueAction(worker: WorkerSnapshot, now: number): (Action & { type: 'kill' })[] {
  const { age, state, limits } = worker;
  if (now < deadlineOf(worker)) return [];
  switch (state.name) {
    case 'spawning':
    case 'booting':
    case 'opening':
      return [{ type: 'kill', age, signal: 'SIGKILL', reason: `not ready within ${limits.bootMs / 1000} s` }];
    case 'standby':
    case 'ready':
      // ABRT first: where the event loop still runs, it calls the workerAbort hook or leaves a core dump.
      return [{ type: 'kill', age, signal: 'SIGABRT', reason: `silent for ${limits.heartbeatMs / 1000} s` }];
    case 'retiring':
    case 'failed':
    case 'cancelled':
      return [{ type: 'kill', age, signal: 'SIGKILL', reason: 'did not exit within its grace period' }];
    case 'killed':
      return [{ type: 'kill', age, signal: 'SIGKILL', reason: state.reason }];
    case 'exited':
      return [];
  }
}

/** The generations of the workers to spawn. */
function wantedSpawns(desired: Desired, living: readonly WorkerSnapshot[]): readonly number[] {
  const canary = living.some(({ generation }) => generation === desired.canary);
  const probe = desired.canary === null || canary ? [] : [desired.canary];
  const others = living.filter(({ generation }) => generation !== desired.canary);
  const fresh = others.filter((worker) => isFresh(worker, desired));
  const wanted = desired.workers + desired.spares;
  const room = mostLiving(desired, others) - others.length;
  const pending = fresh.filter(({ state }) => isBooting(state) && state.name !== 'standby').length;
  const tries = desired.spawnAfterMs > 0 ? 1 - pending : Infinity;
  const count = Math.max(0, Math.min(wanted - fresh.length, room, tries));
  return [...probe, ...new Array<number>(count).fill(desired.generation)];
}

/** How many may live, the canary apart: more than wanted only while some of them are to be replaced. */
function mostLiving(desired: Desired, others: readonly WorkerSnapshot[]): number {
  const isReplacing = others.some((worker) => !isFresh(worker, desired));
  return desired.workers + desired.spares + (isReplacing ? desired.surge : 0);
}

/**
 * The workers that stand by and are to serve: one for each slot whose worker is missing or has to be replaced, the oldest
 * first, and a canary, which has to listen to get ready.
 */
function planAccepts(desired: Desired, living: readonly WorkerSnapshot[]): Action[] {
  const standby = living
    .filter((worker) => isFresh(worker, desired) && worker.state.name === 'standby')
    .toSorted((a, b) => a.age - b.age);
  const canary = living.find((one) => one.generation === desired.canary && one.state.name === 'standby');
  const slots = slotsToFill(desired, living);
  const called = standby.slice(0, slots.length).map(({ age }, index) => ({ age, slot: slots[index] ?? 0 }));
  const proof = canary === undefined ? [] : [{ age: canary.age, slot: CANARY_SLOT }];
  return [...called, ...proof].map((one) => ({ type: 'accept', ...one }));
}

/** There is always one, however many workers the new generation has. */
const CANARY_SLOT = 0;

/** The slots that are wanted and have no worker that is as desired, in the order in which they get one. */
function slotsToFill(desired: Desired, living: readonly WorkerSnapshot[]): readonly number[] {
  const others = living.filter(({ generation }) => generation !== desired.canary);
  return missingSlots(desired.workers, others, (worker) => isFresh(worker, desired));
}

function inMissingSlots(
  generations: readonly number[],
  desired: Desired,
  living: readonly WorkerSnapshot[],
): Action[] {
  const missing = slotsToFill(desired, living).values();
  return generations.map((generation) => {
    const slot = generation === desired.canary ? CANARY_SLOT : (missing.next().value ?? null);
    return { type: 'spawn', slot, generation };
  });
}

/**
 * When the service stops, workers that serve retire last: while a process that does not accept holds the sockets, the kernel
 * queues connections that nobody answers.
 */
function mayRetireReady(desired: Desired, all: readonly WorkerSnapshot[]): boolean {
  if (desired.purpose !== 'stopping') return true;
  return all.every(({ state }) => state.name === 'ready' || state.name === 'retiring');
}

function planRetirements(
  desired: Desired,
  living: readonly WorkerSnapshot[],
  all: readonly WorkerSnapshot[],
): Action[] {
  const others = living.filter(({ generation }) => generation !== desired.canary);
  const ready = others.filter(({ state }) => state.name === 'ready');
  const mayRetire = mayRetireReady(desired, all);
  const spare = mayRetire ? Math.max(0, ready.length - desired.workers) : 0;
  const inOrder = orderOfRetirement(ready, desired.workers, (worker) => isFresh(worker, desired));
  const outdated = ready.filter(({ generation }) => generation !== desired.generation);
  const isAtOnce = mayRetire && desired.surge === Infinity && outdated.length < ready.length;
  const atOnce = isAtOnce ? outdated : [];
  const retired = [...new Set([...atOnce, ...inOrder])].slice(0, Math.max(spare, atOnce.length));
  // Workers that boot serve nobody: outdated ones retire at once, then those beyond the wanted number, the least useful first.
  const booting = others.filter(({ state }) => state.name !== 'ready');
  const abandoned = booting.filter((worker) => !isFresh(worker, desired));
  const fresh = others.filter((worker) => isFresh(worker, desired) && !retired.includes(worker));
  const staying = others.length - retired.length - abandoned.length;
  const surplus = Math.max(
    0,
    fresh.length - desired.workers - desired.spares,
    // Fewer are wanted than when the last ones were spawned, and none that serves may retire yet.
    staying - mostLiving(desired, others),
  );
  const leastUseful = booting
    .filter((worker) => isFresh(worker, desired))
    .toSorted((a, b) => progressOf(a.state) - progressOf(b.state) || b.age - a.age);
  return [...retired, ...abandoned, ...leastUseful.slice(0, surplus)].map((worker) => ({
    type: 'retire',
    age: worker.age,
    reason: reasonToRetire(worker, desired),
    purpose: desired.retirePurpose,
  }));
}

/**
 * Retiring workers that have to end sooner than they were told, because the service stops or because they are too many. A
 * reload may double the memory that the workers take, not more: at most as many retire slowly as are wanted. The oldest
 * are hastened first.
 */
function planHaste(desired: Desired, workers: readonly WorkerSnapshot[]): Action[] {
  const waiting = workers.filter(({ state }) => state.name === 'retiring' && state.purpose === 'replace');
  if (desired.retirePurpose === 'stop')
    return workers
      .filter(({ state }) => state.name === 'retiring' && state.purpose !== 'stop')
      .map(({ age }) => ({ type: 'hasten', age, purpose: 'stop' }));
  if (desired.purpose !== 'serving') return [];
  return waiting
    .toSorted((a, b) => a.age - b.age)
    .slice(0, Math.max(0, waiting.length - desired.workers))
    .map(({ age }) => ({ type: 'hasten', age, purpose: 'hurry' }));
}

/** The order in which surplus workers retire: booting ones, then those that open their sockets, then those that stand by. */
function progressOf({ name }: WorkerState): number {
  return ['opening', 'standby'].indexOf(name);
}

function reasonToRetire({ generation, state }: WorkerSnapshot, desired: Desired): string {
  if (desired.purpose === 'resting') return 'all workers retire (WINCH)';
  if (desired.purpose === 'stopping') return 'the service stops';
  if (state.name === 'ready' && state.outgoing !== null) return state.outgoing;
  return generation === desired.generation ? 'fewer workers are wanted' : 'replaced by another generation';
}
