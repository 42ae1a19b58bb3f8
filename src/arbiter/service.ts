import { EXIT } from '../errors.ts';
import type { ArbiterView } from '../hooks.ts';
import type { BootFailure, WorkerMessage } from '../ipc.ts';
import { describeListeners } from '../listeners/listener.ts';
import type { Logger } from '../log/logger.ts';
import { Churn } from './churn.ts';
import type { ArbiterEvent, WorkerEnd } from './events.ts';
import { countAfter, type Generation, limitsOf } from './generation.ts';
import { HookCaller, viewOf } from './hook-caller.ts';
import { logEnd, nameOf, stackFields } from './obituary.ts';
import type { ArbiterOptions } from './options.ts';
import { type Desired, isBooting, type WorkerState } from './reconcile.ts';
import { type LastReload, Reload, sameListeners } from './reload.ts';
import { CrashLoop, inSeconds } from './restart-policy.ts';
import { type Intent, type StopMode, toStopping } from './shutdown.ts';
import type { ServiceStatus } from './status.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { WorkerSet } from './worker-set.ts';

const UNDONE = 'Reload undone, the old workers serve on';
const WAITING = 'Waiting for a change, as the application cannot be loaded';
const SHOWN = 'Every request is answered with this error, until a change mends it';

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
  readonly #churn: Churn;
  #log: Logger;
  #current: Generation;
  #count: number;
  #intent: Intent = { name: 'starting' };
  /** Why the last reload changed nothing. */

  constructor(options: ArbiterOptions, emit: (event: ArbiterEvent) => void) {
    const { first, clock } = options;
    this.#options = options;
    this.workers = new WorkerSet(clock, options.spawn);
    this.#reload = new Reload({
      reread: options.reread,
      emit,
      now: () => clock.now(),
      heldByWorkers: () => this.workers.all.flatMap(({ listeners }) => listeners),
      firstGeneration: first.number,
    });
    this.#crashLoop = new CrashLoop(clock, options.random);
    this.#churn = new Churn(clock, options.random);
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

  /** How the last reload came out; null until one has. */
  get lastReload(): LastReload | null {
    return this.#reload.last;
  }

  get desired(): Desired {
    const { name } = this.#intent;
    const workers = name === 'stopping' || name === 'resting' ? 0 : this.#count;
    return {
      workers,
      spares: workers === 0 ? 0 : this.#current.loaded.settings.spareWorkers,
      reason: name === 'resting' ? 'the arbiter rests' : 'the service stops',
      generation: this.#current.number,
      canary: this.#reload.candidate?.number ?? null,
      spawnAfterMs: this.#options.development?.isWaiting ? Infinity : this.#crashLoop.spawnAfterMs,
      surge: this.#current.loaded.settings.reloadBatch,
      recycleAfterMs: this.#churn.afterMs,
      isHasty: this.#options.development !== null,
    };
  }

  get view(): ArbiterView {
    return { pid: process.pid, workers: this.#count, generation: this.#current.number, log: this.#log };
  }

  /** For an observer. */
  get status(): ServiceStatus {
    const { all } = this.workers;
    const { name } = this.#intent;
    const { bootMs, graceMs } = limitsOf(this.#current);
    return {
      phase: name === 'resting' ? 'serving' : name,
      reload: this.#reload.underWay,
      reloadFailure: this.#reload.failure,
      generation: this.#current.number,
      workers: {
        wanted: this.desired.workers,
        ready: all.filter(({ state }) => state.name === 'ready').length,
        all: all.length,
      },
      bootMs,
      graceMs,
    };
  }

  /** The generation of that number: the one that serves, or the one that has yet to prove itself. */
  generation(number: number): Generation {
    return this.#reload.candidate?.number === number ? this.#reload.candidate : this.#current;
  }

  /** Wants `change` workers more, or fewer; never less than one, nor beyond the limits where there are any. */
  scaleBy(change: number): void {
    // As with Gunicorn, a worker more than none is one.
    const from = this.#intent.name === 'resting' && change > 0 ? 0 : this.#count;
    const wanted = from + change;
    const { scaling } = this.#current;
    const count = scaling ? scaling.allowed(wanted) : Math.max(1, wanted);
    if (scaling && count !== wanted)
      this.#log.warning(
        `The number of workers stays ${count}: ${change > 0 ? 'workers-max' : 'workers-min'} is reached`,
      );
    this.#setCount(count);
    if (change > 0) this.resume('a worker is wanted');
  }

  /** Lets the load of the workers say how many there are to be, where the settings leave it to that. */
  scaleByLoad(): void {
    const change = this.#current.scaling?.evaluate(
      this.desired,
      this.workers.all,
      this.#reload.underWay !== null,
    );
    if (!change) return;
    this.#log.info(change.reason, change.figures);
    this.#setCount(change.workers);
  }

  /** Retires every worker and holds the sockets; returns whether there was something to retire. */
  rest(): boolean {
    if (this.#intent.name !== 'serving') return false;
    this.#intent = { name: 'resting' };
    return true;
  }

  /** Ends the rest, if there is one, for this reason. */
  resume(reason: string): void {
    if (this.#intent.name !== 'resting') return;
    this.#intent = { name: 'serving' };
    this.#log.info(`Bringing the workers back: ${reason}`);
  }

  /** Begins to read the configuration again. */
  reload(): void {
    this.resume('the service reloads');
    if (this.#intent.name === 'stopping') return;
    if (this.#reload.underWay !== null) this.#log.info('The reload under way is dropped for this one');
    this.#reload.start(this.#current);
  }

  /** In development: files changed. */
  changed(files: readonly string[]): void {
    const { development } = this.#options;
    if (development === null || this.#intent.name === 'stopping') return;
    const { settings, line } = development.changed(files);
    this.#log.info(line);
    if (settings === 'read') this.#reload.start(this.#current);
    else this.#reload.again(this.#current);
  }

  stop(mode: StopMode, status: number): void {
    this.#options.development?.close();
    this.#intent = toStopping(this.#intent, mode, status);
    this.#reload.abandon();
    // The sockets first: while the workers empty the queue nothing may be added that nobody would answer.
    for (const listener of this.#current.listeners) listener.close();
    if (mode === 'quick') this.workers.quitAll('the service stops at once');
    if (mode === 'forced') this.workers.killAll('the service is forced to stop');
  }

  /** The configuration was read again, or could not be. */
  reloadRead(event: ArbiterEvent & { type: 'reloadRead' }): void {
    const failure = this.#reload.take(event);
    const { candidate } = this.#reload;
    if (failure !== null) this.#log.error(`Reload refused, the workers serve on unchanged: ${failure}`);
    else if (candidate) this.hooks.call('onReload', (hook, view) => hook(view), candidate.hooks);
  }

  /** A worker has loaded the application and accepts. */
  ready(worker: WorkerHandle, urls: readonly string[]): void {
    const now = this.#options.clock.now();
    this.#noteTakeOver(worker, now);
    worker.state = { name: 'ready', sinceMs: now, heartbeatMs: now, outgoing: null };
    this.#log.debug(`Worker is ready (pid: ${worker.pid})`, { pid: worker.pid });
    this.#crashLoop.forget();
    this.#options.development?.ready();
    const proved = this.#reload.candidate?.number === worker.generation ? this.#reload.candidate : null;
    const moved = proved && !sameListeners(proved, this.#current);
    if (proved) this.#promote(proved);
    if (moved || this.#intent.name === 'starting')
      this.#log.info(`Listening at: ${describeListeners(worker.listeners, urls)} (${process.pid})`);
    if (this.#intent.name === 'starting') {
      this.#intent = { name: 'serving' };
      this.hooks.call('whenReady', (hook, view) => hook(view));
    }
    const ready = this.workers.all.filter(({ state }) => state.name === 'ready').length;
    this.#options.succession.serving(ready >= this.#count);
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
    const { development } = this.#options;
    // By a change of the application's files.
    const isMendable = development !== null && exitStatus !== EXIT.usage;
    const { candidate } = this.#reload;
    if (worker.generation === candidate?.number) {
      this.#reload.undo(message);
      if (isMendable) return this.#awaitChange(failure, candidate);
      if (!development?.isWaiting) return this.#log.error(`${UNDONE}: ${message}`, fields);
    } else if (this.#intent.name === 'stopping' || worker.generation !== this.#current.number) return;
    if (this.#intent.name === 'starting') {
      if (isMendable) return this.#awaitChange(failure, this.#current);
      this.#log.critical(message, fields);
      return this.stop('quick', exitStatus);
    }
    const delayMs = this.#crashLoop.failed();
    this.#log.error(`${message}; next try ${inSeconds(delayMs)}`, fields);
  }

  /** A worker serves on, and wishes to be replaced. */
  outgoing(worker: WorkerHandle, message: WorkerMessage & { tsunicorn: 'outgoing' }): void {
    const { state } = worker;
    if (state.name !== 'ready') return;
    this.#log.info(`${nameOf(worker)} is to be replaced: ${message.reason}`);
    const isSignalled = message.reason.startsWith('SIG');
    if (isSignalled) this.#churn.forget();
    const delayMs = isSignalled ? 0 : this.#churn.asked(state);
    if (delayMs > 0)
      this.#log.warning(
        `Workers ask to be replaced within seconds of getting ready, is the limit too low? Next one ${inSeconds(delayMs)}`,
      );
    this.workers.note(worker, message);
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

  /** In development: the failure is shown, in the browser too where that is wanted, until a change mends it. */
  #awaitChange(failure: BootFailure, failed: Generation): void {
    const { development } = this.#options;
    if (!development) return;
    const { debug } = this.#current.loaded.settings;
    const isShown = debug && failed.failure === undefined && !this.#reload.isUnderWay;
    if (this.#intent.name === 'starting') {
      // Another worker of the same generation has said it already.
      if (development.isWaiting && failed === this.#current) return;
      development.wait();
    }
    const outcome = isShown ? SHOWN : development.isWaiting ? WAITING : UNDONE;
    this.#log.error(`${outcome}: ${failure.message}`, stackFields(failure));
    if (isShown) this.#reload.show(failure, this.#current);
  }

  #promote(candidate: Generation): void {
    const before = this.#current;
    this.#reload.promote(candidate, before);
    this.#churn.forget();
    this.#current = candidate;
    this.#log = this.#options.promoted(candidate, before) ?? this.#log;
    this.#setCount(countAfter(this.#count, candidate, before));
    this.#options.development?.promoted(candidate);
    const what = candidate.failure ? 'shows the error' : 'is ready';
    this.#log.info(`Generation ${candidate.number} ${what}: replacing the workers of the one before`);
  }

  #setCount(count: number): void {
    const before = this.#count;
    if (this.#intent.name === 'stopping' || count === before) return;
    this.#count = count;
    this.hooks.call('nworkersChanged', (hook, view) => hook(view, count, before));
  }
}
