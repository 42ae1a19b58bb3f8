import type { ArbiterMessage, Instigator, WorkerMessage } from '../../process/ipc/messages.ts';
import { moreUrgent, type RetirePurpose } from '../../process/ipc/retirement.ts';
import type { Clock } from '../../support/clock.ts';
import type { Generation } from '../change/generation.ts';
import type { ArbiterEvent } from '../events.ts';
import { isBooting, isLiving, killCauseOf, type WorkerState } from '../policy/worker-state.ts';
import type { SpawnOptions, WorkerHandle } from './handle.ts';

type Retiring = WorkerState & { readonly name: 'retiring' };

/** Workers that were told to quit are killed after this time. */
const QUICK_GRACE_MS = 2000;
/** What a worker may take beyond its grace period to cut its connections and run its last hooks. */
const EXIT_SLACK_MS = 1000;
/** KILL follows ABRT after this time, as a blocked event loop cannot handle ABRT. */
const ABORT_GRACE_MS = 1000;
/** The watchdog of a worker that is to be killed has this long to write the access lines of its requests, which takes milliseconds. */
const ACCOUNT_MS = 300;
/** Deadlines are extended where the arbiter's loop is later than this. */
const LATE_MS = 500;

/** Why a worker is replaced that somebody looks at. */
const HELD = 'its heap was asked for';

/** The workers that have not exited, by age, and what changes their state. Decides nothing. */
export class WorkerSet {
  readonly #workers = new Map<number, WorkerHandle>();
  readonly #clock: Clock;
  readonly #spawn: (options: SpawnOptions) => WorkerHandle;
  /** Of each worker by its age; see SpawnOptions. */
  readonly #numbers = new Map<number, number>();
  #lastAge = 0;

  constructor(clock: Clock, spawn: (options: SpawnOptions) => WorkerHandle) {
    this.#clock = clock;
    this.#spawn = spawn;
  }

  get all(): readonly WorkerHandle[] {
    return [...this.#workers.values()];
  }

  get size(): number {
    return this.#workers.size;
  }

  get(age: number): WorkerHandle | undefined {
    return this.#workers.get(age);
  }

  /** The age that the next worker will have. */
  get nextAge(): number {
    return this.#lastAge + 1;
  }

  spawn(slot: number | null, generation: Generation, emit: (event: ArbiterEvent) => void): void {
    this.#lastAge++;
    const age = this.#lastAge;
    const number = this.#freeNumber();
    this.#numbers.set(age, number);
    this.#workers.set(age, this.#spawn({ age, slot, number, generation, now: this.#clock.now(), emit }));
  }

  #freeNumber(): number {
    const taken = new Set(this.#numbers.values());
    let number = 0;
    while (taken.has(number)) number++;
    return number;
  }

  /** Forgets a worker that has exited and returns it as it was. */
  remove(age: number): WorkerHandle | undefined {
    const worker = this.#workers.get(age);
    this.#workers.delete(age);
    this.#numbers.delete(age);
    return worker;
  }

  /** Updates the state of a worker by its message. */
  note(worker: WorkerHandle, message: WorkerMessage): void {
    const { state } = worker;
    switch (message.tsunicorn) {
      case 'hello':
        if (state.name === 'spawning') worker.state = { name: 'booting', sinceMs: state.sinceMs };
        return;
      case 'standby':
        // One with a slot does not wait to be told.
        if (worker.slot === null && (state.name === 'spawning' || state.name === 'booting'))
          worker.state = { name: 'standby', sinceMs: this.#clock.now(), heartbeatMs: this.#clock.now() };
        return;
      case 'ready':
        // This message and the one that told it to end have crossed: it serves by now, and finishes what it accepted.
        if (state.name === 'cancelled') worker.state = this.#retiring(worker, state.reason, 'replace');
        return;
      case 'heartbeat':
      case 'debugged':
        if (state.name === 'ready' || state.name === 'standby')
          worker.state = { ...state, heartbeatMs: this.#clock.now() };
        return;
      case 'outgoing':
        if (state.name === 'ready') worker.state = { ...state, outgoing: message.reason };
        return;
      case 'leaving':
        return this.noteLeaving(worker, message.reason, message.by);
      case 'flights':
        return worker.requests.note(message);
      case 'memory':
        return worker.known.noteMemory(message, this.#clock.now());
      case 'drained':
        return worker.known.noteDrained();
      case 'ending':
        return worker.known.noteEnding(message);
      case 'accounted':
        return this.#accounted(worker, message.complete);
      case 'bootFailed':
        worker.state = { name: 'failed', killAtMs: this.#clock.now() + EXIT_SLACK_MS };
        return;
    }
  }

  /** Lets a worker that stands by open its sockets and serve in that slot. */
  accept(worker: WorkerHandle, slot: number): void {
    if (worker.state.name !== 'standby') return;
    worker.slot = slot;
    worker.state = { name: 'opening', sinceMs: this.#clock.now(), standbyMs: worker.state.sinceMs };
    worker.send({ tsunicorn: 'accept', slot });
  }

  /** Asks a worker to finish what it accepted and exit. */
  retire(worker: WorkerHandle, reason: string, asked: RetirePurpose, emptyQueue: boolean): void {
    const { heldUntilMs, limits } = worker;
    // While it is held its clients should be elsewhere soon, and what it has accepted may have to wait for its end.
    const purpose = heldUntilMs === undefined ? asked : moreUrgent(asked, 'hurry');
    const heldMs = heldUntilMs === undefined ? 0 : Math.max(0, heldUntilMs - this.#clock.now());
    this.#leaves(worker, reason, purpose);
    worker.send({ tsunicorn: 'retire', purpose, emptyQueue, graceMs: limits.graceMs + heldMs });
  }

  /** A worker that is ready is to be replaced, and from now on only a command ends it, for `forMs`. */
  hold(worker: WorkerHandle, forMs: number): void {
    const { state } = worker;
    if (state.name === 'ready') worker.state = { ...state, outgoing: state.outgoing ?? HELD };
    worker.heldUntilMs = this.#clock.now() + forMs;
    worker.hold({ tsunicorn: 'hold', forMs });
  }

  /** Ends a hold, if there is one: the limits of the worker begin anew. */
  release(worker: WorkerHandle): void {
    const { state, limits } = worker;
    if (worker.heldUntilMs === undefined) return;
    worker.heldUntilMs = undefined;
    worker.hold({ tsunicorn: 'hold', forMs: 0 });
    if (state.name === 'ready') worker.state = { ...state, heartbeatMs: this.#clock.now() };
    if (state.name !== 'retiring') return;
    const { purpose, reason } = state;
    worker.state = { ...state, ...this.#retiring(worker, reason, purpose) };
    worker.send({ tsunicorn: 'retire', purpose, emptyQueue: false, graceMs: limits.graceMs });
  }

  /** Tells a worker that retires already that it is more urgent now. */
  hasten(worker: WorkerHandle, purpose: RetirePurpose): void {
    if (worker.state.name !== 'retiring') return;
    worker.state = { ...worker.state, purpose };
    worker.send({ tsunicorn: 'retire', purpose, emptyQueue: false, graceMs: worker.limits.graceMs });
  }

  /** The worker ends of its own accord. */
  noteLeaving(worker: WorkerHandle, reason: string, by?: Instigator): void {
    this.#leaves(worker, reason, 'replace', by);
  }

  #leaves(worker: WorkerHandle, reason: string, purpose: RetirePurpose, by?: Instigator): void {
    if (!isLiving(worker)) return;
    const now = this.#clock.now();
    // A worker that was never ready has nothing to finish, and may be stuck in the application's import.
    worker.state = isBooting(worker.state)
      ? { name: 'cancelled', reason, killAtMs: now + QUICK_GRACE_MS }
      : { ...this.#retiring(worker, reason, purpose), ...(by === undefined ? {} : { by }) };
  }

  #retiring({ limits }: WorkerHandle, reason: string, purpose: RetirePurpose): Retiring {
    const killAtMs = this.#clock.now() + limits.graceMs + EXIT_SLACK_MS;
    return { name: 'retiring', reason, purpose, killAtMs };
  }

  /** `cause` is by default that its state is overdue. */
  kill(
    worker: WorkerHandle,
    signal: 'SIGABRT' | 'SIGKILL',
    reason: string,
    cause = killCauseOf(worker.state),
  ): void {
    if (signal === 'SIGKILL' && this.#isAsked(worker)) {
      worker.state = { name: 'killed', reason, escalateAtMs: this.#clock.now() + ACCOUNT_MS, cause };
      return;
    }
    const escalateAtMs = signal === 'SIGKILL' ? Infinity : this.#clock.now() + ABORT_GRACE_MS;
    worker.state = { name: 'killed', reason, escalateAtMs, cause };
    worker.kill(signal);
  }

  /** Asks the worker's watchdog to write what it knows; the kill follows when it has. Returns whether it could be asked. */
  #isAsked(worker: WorkerHandle): boolean {
    if (worker.requests.account !== 'open' || isBooting(worker.state)) return false;
    if (!worker.account(worker.state.name === 'retiring' ? 'grace' : 'killed')) return false;
    worker.requests.asked();
    return true;
  }

  #accounted(worker: WorkerHandle, complete: boolean): void {
    const awaited = worker.requests.account === 'asked';
    worker.requests.accounted(complete);
    if (awaited && worker.state.name === 'killed')
      this.kill(worker, 'SIGKILL', worker.state.reason, worker.state.cause);
  }

  quitAll(reason: string): void {
    const killAtMs = this.#clock.now() + QUICK_GRACE_MS;
    for (const worker of this.#workers.values()) {
      worker.send({ tsunicorn: 'quit' });
      if (isLiving(worker) || worker.state.name === 'retiring' || worker.state.name === 'cancelled')
        worker.state = { name: 'retiring', reason, purpose: 'stop', killAtMs };
    }
  }

  killAll(reason: string): void {
    for (const worker of this.#workers.values()) this.kill(worker, 'SIGKILL', reason, 'forced');
  }

  sendAll(message: ArbiterMessage): void {
    for (const worker of this.#workers.values()) worker.send(message);
  }

  /** Extends the deadlines where the arbiter was stopped, or blocked by a hook, and runs later than `expectedMs`. */
  forgiveSince(expectedMs: number): void {
    const lateMs = this.#clock.now() - expectedMs;
    if (lateMs > LATE_MS) this.forgive(lateMs);
  }

  /**
   * Extends the deadlines after the arbiter itself was stopped or starved for `lateMs`: the messages that workers sent in
   * time still wait to be read. A deadline that began after that time, behind a hook that blocked, is not extended beyond its
   * full length.
   */
  forgive(lateMs: number): void {
    const now = this.#clock.now();
    for (const worker of this.#workers.values()) {
      const { state } = worker;
      const { graceMs } = worker.limits;
      if (state.name === 'ready' || state.name === 'standby') worker.state = { ...state, heartbeatMs: now };
      if (state.name === 'spawning' || state.name === 'booting' || state.name === 'opening')
        worker.state = { ...state, sinceMs: Math.min(now, state.sinceMs + lateMs) };
      if (state.name === 'retiring' || state.name === 'cancelled' || state.name === 'failed') {
        const mostMs =
          state.name === 'retiring' ? Math.max(graceMs + EXIT_SLACK_MS, QUICK_GRACE_MS) : QUICK_GRACE_MS;
        worker.state = { ...state, killAtMs: Math.min(now + mostMs, state.killAtMs + lateMs) };
      }
    }
  }
}
