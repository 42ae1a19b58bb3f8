import { EXIT } from '../errors.ts';
import type { ArbiterView } from '../hooks.ts';
import { describeListeners } from '../listeners/listener.ts';
import type { Logger } from '../log/logger.ts';
import type { ArbiterEvent, WorkerEnd } from './events.ts';
import { countAfter, type Generation } from './generation.ts';
import { HookCaller, viewOf } from './hook-caller.ts';
import { type BootFailure, logEnd, stackFields } from './obituary.ts';
import type { ArbiterOptions } from './options.ts';
import { type Desired, isBooting, type WorkerState } from './reconcile.ts';
import { Reload, sameListeners } from './reload.ts';
import { CrashLoop, inSeconds } from './restart-policy.ts';
import { type Intent, type StopMode, toStopping } from './shutdown.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { WorkerSet } from './worker-set.ts';

/**
 * What the arbiter wants and why: the intent, the generation that serves, how many workers there are to be, and what
 * follows when one of them gets ready, fails or ends. Nothing here waits; the loop (arbiter.ts) makes it come true.
 */
export class Service {
  readonly workers: WorkerSet;
  readonly hooks: HookCaller;
  readonly #options: ArbiterOptions;
  readonly #reload: Reload;
  readonly #crashLoop: CrashLoop;
  #log: Logger;
  #current: Generation;
  #count: number;
  #intent: Intent = { name: 'starting' };

  constructor(options: ArbiterOptions, emit: (event: ArbiterEvent) => void) {
    const { first, clock } = options;
    this.#options = options;
    this.workers = new WorkerSet(clock, options.spawn);
    this.#reload = new Reload(options.reread, emit, first.number);
    this.#crashLoop = new CrashLoop(clock, options.random);
    this.hooks = new HookCaller(() => ({ hooks: this.#current.hooks, view: this.view }));
    this.#log = options.log;
    this.#current = first;
    this.#count = first.loaded.settings.workers;
  }

  get log(): Logger {
    return this.#log;
  }

  get intent(): Intent {
    return this.#intent;
  }

  /** The generation that serves. */
  get current(): Generation {
    return this.#current;
  }

  get desired(): Desired {
    const workers = this.#intent.name === 'stopping' ? 0 : this.#count;
    return {
      workers,
      spares: workers === 0 ? 0 : this.#current.loaded.settings.spareWorkers,
      generation: this.#current.number,
      canary: this.#reload.candidate?.number ?? null,
      spawnAfterMs: this.#crashLoop.spawnAfterMs,
    };
  }

  get view(): ArbiterView {
    return { pid: process.pid, workers: this.#count, generation: this.#current.number, log: this.#log };
  }

  /** The generation of that number: the one that serves, or the one that has yet to prove itself. */
  generation(number: number): Generation {
    return this.#reload.candidate?.number === number ? this.#reload.candidate : this.#current;
  }

  /** Wants `change` workers more, or fewer; never less than one, nor beyond the limits where there are any. */
  scaleBy(change: number): void {
    const wanted = this.#count + change;
    const { scaling } = this.#current;
    const count = scaling ? scaling.allowed(wanted) : Math.max(1, wanted);
    if (scaling && count !== wanted)
      this.#log.warning(
        `The number of workers stays ${count}: ${change > 0 ? 'workers-max' : 'workers-min'} is reached`,
      );
    this.#setCount(count);
  }

  /** Lets the load of the workers say how many there are to be, where the settings leave it to that. */
  scaleByLoad(): void {
    const change = this.#current.scaling?.evaluate(this.desired, this.workers.all, this.#reload.isUnderWay);
    if (!change) return;
    this.#log.info(change.reason, change.figures);
    this.#setCount(change.workers);
  }

  /** Begins to read the configuration again. */
  reload(): void {
    if (this.#intent.name !== 'stopping') this.#reload.start(this.#current);
  }

  stop(mode: StopMode, status: number): void {
    this.#intent = toStopping(this.#intent, mode, status);
    this.#reload.abandon(this.#current);
    // The sockets first: while the workers empty the queue nothing may be added that nobody would answer.
    for (const listener of this.#current.listeners) listener.close();
    if (mode === 'quick') this.workers.quitAll('the service stops at once');
    if (mode === 'forced') this.workers.killAll('the service is forced to stop');
  }

  /** The configuration was read again, or could not be. */
  reloadRead(event: ArbiterEvent & { type: 'reloadRead' }): void {
    const failure = this.#reload.take(event, this.#current);
    const { candidate } = this.#reload;
    if (failure !== null) this.#log.error(`Reload refused, the workers serve on unchanged: ${failure}`);
    else if (candidate) this.hooks.call('onReload', (hook, view) => hook(view), candidate.hooks);
  }

  /** A worker has loaded the application and accepts. */
  ready(worker: WorkerHandle, urls: readonly string[]): void {
    const now = this.#options.clock.now();
    this.#noteTakeOver(worker, now);
    worker.state = { name: 'ready', sinceMs: now, heartbeatMs: now, outgoing: null };
    this.#crashLoop.forget();
    const proved = this.#reload.candidate?.number === worker.generation ? this.#reload.candidate : null;
    const moved = proved && !sameListeners(proved, this.#current);
    if (proved) this.#promote(proved);
    if (moved || this.#intent.name === 'starting')
      this.#log.info(`Listening at: ${describeListeners(worker.listeners, urls)} (${process.pid})`);
    if (this.#intent.name !== 'starting') return;
    this.#intent = { name: 'serving' };
    this.hooks.call('whenReady', (hook, view) => hook(view));
  }

  /** A worker's process has ended. */
  reap(worker: WorkerHandle, end: WorkerEnd): void {
    const { state } = worker;
    worker.state = { name: 'exited' };
    if (end.how === 'status') this.slowDown(state);
    const cause = logEnd(this.#log, worker, end, state, this.#options.judgeKill);
    this.hooks.call('childExit', (hook, view) => hook(view, viewOf(worker, this.#log)));
    if (isBooting(state))
      this.bootFailed(worker, { exitStatus: EXIT.workerBoot, message: `a worker ${cause}` });
  }

  /** A worker that was never ready: undoes a reload, halts a service that starts, delays the next try otherwise. */
  bootFailed(worker: WorkerHandle, failure: BootFailure): void {
    const { exitStatus, message } = failure;
    const fields = stackFields(failure);
    if (worker.generation === this.#reload.candidate?.number) {
      this.#reload.abandon(this.#current);
      return this.#log.error(`Reload undone, the old workers serve on: ${message}`, fields);
    }
    if (this.#intent.name === 'stopping' || worker.generation !== this.#current.number) return;
    if (this.#intent.name === 'starting') {
      this.#log.critical(message, fields);
      return this.stop('quick', exitStatus);
    }
    const delayMs = this.#crashLoop.failed();
    this.#log.error(`${message}; next try ${inSeconds(delayMs)}`, fields);
  }

  /** A worker in `state` ends of its own accord: where that is soon after it got ready, the next waits. */
  slowDown(state: WorkerState): void {
    const delayMs = this.#crashLoop.ended(state);
    if (delayMs > 0)
      this.#log.warning(`Workers end soon after they were ready; next try ${inSeconds(delayMs)}`);
  }

  #noteTakeOver({ pid, state }: WorkerHandle, now: number): void {
    // With spares every worker stands by first; those that were needed at once are no news.
    if (state.name !== 'opening' || state.sinceMs - state.standbyMs < 1) return;
    const tookMs = Math.round(now - state.sinceMs);
    this.#log.info(`Spare worker takes over (pid: ${pid}): it accepts ${tookMs} ms after it was called`);
  }

  #promote(candidate: Generation): void {
    const before = this.#current;
    this.#reload.promote(candidate, before);
    this.#current = candidate;
    this.#log = this.#options.promoted(candidate, before) ?? this.#log;
    this.#setCount(countAfter(this.#count, candidate, before));
    this.#log.info(`Generation ${candidate.number} is ready: replacing the workers of the one before`);
  }

  #setCount(count: number): void {
    const before = this.#count;
    if (this.#intent.name === 'stopping' || count === before) return;
    this.#count = count;
    this.hooks.call('nworkersChanged', (hook, view) => hook(view, count, before));
  }
}
