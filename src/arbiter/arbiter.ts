import { EXIT } from '../errors.ts';
import type { ArbiterView } from '../hooks.ts';
import type { WorkerMessage } from '../ipc.ts';
import { describeListeners } from '../listeners/listener.ts';
import type { Logger } from '../log/logger.ts';
import type { ArbiterEvent, ArbiterSignal, WorkerEnd } from './events.ts';
import type { Generation } from './generation.ts';
import { HookCaller, viewOf } from './hook-caller.ts';
import { type BootFailure, bootTimedOut, logEnd, nameOf, stackFields } from './obituary.ts';
import type { ArbiterOptions } from './options.ts';
import { type Action, isBooting, reconcile, type WorkerState } from './reconcile.ts';
import { Reload, sameListeners } from './reload.ts';
import { CrashLoop, inSeconds } from './restart-policy.ts';
import { type Intent, type StopMode, stopMode, toStopping } from './shutdown.ts';
import { endStalled } from './stall.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { WorkerSet } from './worker-set.ts';

/** The loop wakes at least this often, so that a late wake-up tells that the arbiter itself was stopped. */
const TICK_MS = 1000;

/** Supervises workers: takes one event, handles it, reconciles. No handler waits. */
export class Arbiter {
  readonly #options: ArbiterOptions;
  readonly #workers: WorkerSet;
  readonly #reload: Reload;
  readonly #crashLoop: CrashLoop;
  readonly #hooks: HookCaller;
  readonly #emit: (event: ArbiterEvent) => void;
  #log: Logger;
  #current: Generation;
  #count: number;
  #intent: Intent = { name: 'starting' };

  constructor(options: ArbiterOptions) {
    const { first, queue, clock } = options;
    this.#options = options;
    this.#emit = (event) => queue.push(event);
    this.#workers = new WorkerSet(clock, options.spawn);
    this.#reload = new Reload(options.reread, this.#emit, first.number);
    this.#crashLoop = new CrashLoop(clock, options.random);
    this.#hooks = new HookCaller(() => ({ hooks: this.#current.hooks, view: this.#view }));
    this.#log = options.log;
    this.#current = first;
    this.#count = first.loaded.settings.workers;
  }

  /** Serves until told to stop; resolves with the exit status once every worker is gone. */
  async run(): Promise<number> {
    const { queue, clock } = this.#options;
    this.#hooks.call('nworkersChanged', (hook, view) => hook(view, this.#count, null));
    for (;;) {
      const wakeAtMs = Math.min(this.#reconcile(), clock.now() + TICK_MS);
      if (this.#intent.name === 'stopping' && this.#workers.size === 0) break;
      const event = await queue.next(wakeAtMs);
      this.#workers.forgiveSince(wakeAtMs);
      const wokeMs = clock.now();
      if (event) this.#handle(event);
      this.#workers.forgiveSince(wokeMs);
    }
    this.#hooks.call('onExit', (hook, view) => hook(view));
    return this.#intent.exitStatus;
  }

  #handle(event: ArbiterEvent): void {
    switch (event.type) {
      case 'signal':
        return this.#signalled(event.signal);
      case 'message': {
        const worker = this.#workers.get(event.worker);
        return worker && this.#heard(worker, event.message);
      }
      case 'exit': {
        const worker = this.#workers.remove(event.worker);
        return worker && this.#reap(worker, event.end);
      }
      case 'reloadRead':
        return this.#reloadRead(event);
    }
  }

  #reconcile(): number {
    const desired = {
      workers: this.#intent.name === 'stopping' ? 0 : this.#count,
      generation: this.#current.number,
      canary: this.#reload.candidate?.number ?? null,
      spawnAfterMs: this.#crashLoop.spawnAfterMs,
    };
    const now = this.#options.clock.now();
    const { actions, wakeAtMs } = reconcile(desired, this.#workers.all, now);
    for (const action of actions) {
      this.#perform(action);
      // It may have halted the service or undone a reload: the rest of the plan is void.
      if (action.type === 'kill') break;
    }
    // What was done has deadlines of its own.
    return actions.length === 0 ? wakeAtMs : now;
  }

  #perform(action: Action): void {
    if (action.type === 'spawn') return this.#spawn(action.slot, action.generation);
    const worker = this.#workers.get(action.age);
    if (worker === undefined) return;
    if (action.type === 'kill') return this.#kill(worker, action);
    const kept = worker.listeners.every((listener) => this.#current.listeners.includes(listener));
    this.#workers.retire(worker, action.reason, this.#intent.name === 'stopping' || !kept);
  }

  #spawn(slot: number, number: number): void {
    const generation = this.#reload.candidate?.number === number ? this.#reload.candidate : this.#current;
    const unborn = { pid: 0, age: this.#workers.nextAge, slot, generation: number, log: this.#log };
    this.#hooks.call('preFork', (hook, view) => hook(view, unborn));
    this.#workers.spawn(slot, generation, this.#emit);
  }

  #kill(worker: WorkerHandle, { signal, reason }: Action & { type: 'kill' }): void {
    const { state } = worker;
    this.#workers.kill(worker, signal, reason);
    if (isBooting(state)) return this.#bootFailed(worker, bootTimedOut(worker, reason));
    if (state.name !== 'killed') this.#log.critical(`${nameOf(worker)}: ${reason}; ending it with ${signal}`);
  }

  #signalled(signal: ArbiterSignal): void {
    this.#log.info(`Handling signal: ${signal.slice(3).toLowerCase()}`);
    switch (signal) {
      case 'SIGTERM':
      case 'SIGINT':
      case 'SIGQUIT':
        return this.#stop(stopMode(signal, this.#intent), EXIT.ok);
      case 'SIGUSR1':
        this.#log.reopen();
        return this.#workers.sendAll({ tsunicorn: 'reopenLogs' });
      case 'SIGHUP':
        if (this.#intent.name !== 'stopping') this.#reload.start(this.#current);
        return;
      case 'SIGTTIN':
        return this.#setCount(this.#count + 1);
      case 'SIGTTOU':
        return this.#setCount(Math.max(1, this.#count - 1));
      default:
        return this.#log.warning(`${signal} is not supported; nothing was changed`);
    }
  }

  #setCount(count: number): void {
    const before = this.#count;
    if (this.#intent.name === 'stopping' || count === before) return;
    this.#count = count;
    this.#hooks.call('nworkersChanged', (hook, view) => hook(view, count, before));
  }

  #stop(mode: StopMode, status: number): void {
    this.#intent = toStopping(this.#intent, mode, status);
    this.#reload.abandon(this.#current);
    // The sockets first: while the workers empty the queue nothing may be added that nobody would answer.
    for (const listener of this.#current.listeners) listener.close();
    if (mode === 'quick') this.#workers.quitAll('the service stops at once');
    if (mode === 'forced') this.#workers.killAll('the service is forced to stop');
  }

  #reloadRead(event: ArbiterEvent & { type: 'reloadRead' }): void {
    const failure = this.#reload.take(event, this.#current);
    const { candidate } = this.#reload;
    if (failure !== null) this.#log.error(`Reload refused, the workers serve on unchanged: ${failure}`);
    else if (candidate) this.#hooks.call('onReload', (hook, view) => hook(view), candidate.hooks);
  }

  #promote(candidate: Generation): void {
    const before = this.#current;
    this.#reload.promote(candidate, before);
    this.#current = candidate;
    this.#log = this.#options.promoted(candidate, before) ?? this.#log;
    const { workers } = candidate.loaded.settings;
    // TTIN and TTOU outlive a reload, unless the setting itself was changed.
    if (workers !== before.loaded.settings.workers) this.#setCount(workers);
    this.#log.info(`Generation ${candidate.number} is ready: replacing the workers of the one before`);
  }

  #heard(worker: WorkerHandle, message: WorkerMessage): void {
    switch (message.tsunicorn) {
      case 'hello':
        this.#log.info(`Booting worker with pid: ${worker.pid}`, { pid: worker.pid });
        return this.#workers.note(worker, message);
      case 'ready':
        if (isBooting(worker.state)) this.#ready(worker, message.urls);
        return;
      case 'bootFailed':
        this.#workers.note(worker, message);
        return this.#bootFailed(worker, message);
      case 'leaving':
        if (!message.reason.startsWith('SIG')) this.#slowDown(worker.state);
        return this.#workers.note(worker, message);
      case 'stalled':
        return endStalled(this.#workers, this.#log, worker, message, this.#intent.name !== 'stopping');
      default:
        return this.#workers.note(worker, message);
    }
  }

  #ready(worker: WorkerHandle, urls: readonly string[]): void {
    const now = this.#options.clock.now();
    worker.state = { name: 'ready', sinceMs: now, heartbeatMs: now, outgoing: null };
    this.#crashLoop.forget();
    const proved = this.#reload.candidate?.number === worker.generation ? this.#reload.candidate : null;
    const moved = proved && !sameListeners(proved, this.#current);
    if (proved) this.#promote(proved);
    if (moved || this.#intent.name === 'starting')
      this.#log.info(`Listening at: ${describeListeners(worker.listeners, urls)} (${process.pid})`);
    if (this.#intent.name !== 'starting') return;
    this.#intent = { name: 'serving' };
    this.#hooks.call('whenReady', (hook, view) => hook(view));
  }

  #reap(worker: WorkerHandle, end: WorkerEnd): void {
    const { state } = worker;
    worker.state = { name: 'exited' };
    if (end.how === 'status') this.#slowDown(state);
    const cause = logEnd(this.#log, worker, end, state, this.#options.judgeKill);
    this.#hooks.call('childExit', (hook, view) => hook(view, viewOf(worker, this.#log)));
    if (isBooting(state))
      this.#bootFailed(worker, { exitStatus: EXIT.workerBoot, message: `a worker ${cause}` });
  }

  /** A worker that was never ready: undoes a reload, halts a service that starts, delays the next try otherwise. */
  #bootFailed(worker: WorkerHandle, failure: BootFailure): void {
    const { exitStatus, message } = failure;
    const fields = stackFields(failure);
    if (worker.generation === this.#reload.candidate?.number) {
      this.#reload.abandon(this.#current);
      return this.#log.error(`Reload undone, the old workers serve on: ${message}`, fields);
    }
    if (this.#intent.name === 'stopping' || worker.generation !== this.#current.number) return;
    if (this.#intent.name === 'starting') {
      this.#log.critical(message, fields);
      return this.#stop('quick', exitStatus);
    }
    const delayMs = this.#crashLoop.failed();
    this.#log.error(`${message}; next try ${inSeconds(delayMs)}`, fields);
  }

  #slowDown(state: WorkerState): void {
    const delayMs = this.#crashLoop.ended(state);
    if (delayMs > 0)
      this.#log.warning(`Workers end soon after they were ready; next try ${inSeconds(delayMs)}`);
  }

  get #view(): ArbiterView {
    return { pid: process.pid, workers: this.#count, generation: this.#current.number, log: this.#log };
  }
}
