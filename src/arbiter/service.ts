import { EXIT } from '../errors.ts';
import type { ArbiterView } from '../hooks.ts';
import type { Blocked, BootFailure, Unblocked, WorkerMessage } from '../ipc.ts';
import { describeListeners } from '../listeners/listener.ts';
import { aboutWorker } from '../log/about-worker.ts';
import type { RecordLog } from '../log/records.ts';
import { BlockedLoops } from './blocked-loops.ts';
import { BootFailures } from './boot-failures.ts';
import type { ArbiterEvent, WorkerEnd } from './events.ts';
import { drainDelayOf, type Generation, giveSockets } from './generation.ts';
import { Haste } from './haste.ts';
import { Headcount } from './headcount.ts';
import { HookCaller, viewOf } from './hook-caller.ts';
import { LoadedCodes } from './loaded-code.ts';
import { accountFor } from './lost-requests.ts';
import { type EndCause, logEnd, nameOf } from './obituary.ts';
import type { ArbiterOptions } from './options.ts';
import { Outage } from './outage.ts';
import { Pace } from './pace.ts';
import type { Desired } from './reconcile.ts';
import { Reload, sameListeners } from './reload.ts';
import { isOwnDoing } from './restart-policy.ts';
import { sayAsked, sayRefused } from './said.ts';
import { hasteOf, type Intent, isEnding, type StopMode, toLingering, toStopping } from './shutdown.ts';
import { SilentWorkers } from './silent-workers.ts';
import { type ServiceStatus, statusOf } from './status.ts';
import type { WorkerHandle } from './worker-handle.ts';
import { WorkerSet } from './worker-set.ts';
import { isBooting, takeOverMs } from './worker-state.ts';

/**
 * What the arbiter wants and why: the intent, the generation that serves, how many workers there are to be, and what
 * follows when one of them gets ready, fails or ends. Nothing here waits; the loop (arbiter.ts) makes it come true.
 */
export class Service {
  readonly workers: WorkerSet;
  readonly hooks: HookCaller;
  readonly log: RecordLog;
  readonly #options: ArbiterOptions;
  readonly #reload: Reload;
  readonly pace: Pace;
  readonly haste: Haste;
  readonly codes: LoadedCodes;
  readonly loops: BlockedLoops;
  readonly silent: SilentWorkers;
  readonly #bootFailures: BootFailures;
  readonly #headcount: Headcount;
  readonly #outage: Outage;
  #current: Generation;
  #intent: Intent = { name: 'starting' };

  constructor(options: ArbiterOptions, emit: (event: ArbiterEvent) => void) {
    const { first, clock } = options;
    this.#options = options;
    this.workers = new WorkerSet(clock, options.spawn);
    this.#reload = new Reload({
      reread: options.reread,
      bindAll: options.bindAll,
      emit,
      now: () => clock.now(),
      heldByWorkers: () => this.workers.all.flatMap(({ listeners }) => listeners),
      firstGeneration: first.number,
    });
    this.pace = new Pace(clock, options.random, options.log, () =>
      this.workers.all.some(({ state }) => state.name === 'ready'),
    );
    this.#outage = new Outage(clock, options.log);
    this.haste = new Haste(this.workers, clock, options.log);
    this.hooks = new HookCaller(() => ({ hooks: this.#current.hooks, view: this.view }));
    this.log = options.log;
    this.codes = new LoadedCodes(options.log);
    this.loops = new BlockedLoops(clock, options.log);
    this.silent = new SilentWorkers(clock, options.log, options.isStopped);
    this.#current = first;
    this.#bootFailures = new BootFailures(this, this.#reload, this.pace, options.development);
    this.#headcount = new Headcount(this, options.succession.workerCount);
  }

  get intent(): Intent {
    return this.#intent;
  }

  /** The generation that serves. */
  get current(): Generation {
    return this.#current;
  }

  get reloadStep(): Reload['step'] {
    return this.#reload.step;
  }

  get desired(): Desired {
    const { name } = this.#intent;
    const { development } = this.#options;
    const { spareWorkers, reloadBatch } = this.#current.loaded.settings;
    const purpose = name === 'stopping' || name === 'resting' ? name : 'serving';
    return {
      purpose,
      workers: purpose === 'serving' ? this.#headcount.count : 0,
      spares: purpose === 'serving' ? spareWorkers : 0,
      generation: this.#current.number,
      canary: this.#reload.candidate?.number ?? null,
      spawnAfterMs: development?.isWaiting ? Infinity : this.pace.spawnAfterMs,
      surge: development === null ? reloadBatch : Infinity,
      recycleAfterMs: this.pace.recycleAfterMs,
      retirePurpose: this.#isLast ? 'stop' : 'replace',
    };
  }

  /** Whether nobody serves once this arbiter's workers have gone. */
  get #isLast(): boolean {
    const { listeners } = this.#current;
    return this.#intent.name === 'stopping' && !listeners.some((listener) => listener.isShared());
  }

  get view(): ArbiterView {
    const workers = this.#headcount.count;
    return { pid: process.pid, workers, generation: this.#current.number, log: this.#options.log };
  }

  /** For an observer. */
  get status(): ServiceStatus {
    return statusOf(this.#intent, this.#reload, this.#current, this.desired.workers, this.workers.all);
  }

  /** The generation of that number: the one that serves, or the one that has yet to prove itself. */
  generation(number: number): Generation {
    const generation = this.#reload.candidate?.number === number ? this.#reload.candidate : this.#current;
    const code = this.codes.hashOf(number);
    return code === null ? generation : { ...generation, code };
  }

  /** Wants `change` workers more, or fewer. */
  scaleBy(change: 1 | -1): void {
    if (isEnding(this.#intent)) return sayRefused(this.log, change > 0 ? 'TTIN' : 'TTOU', this.#intent);
    const isResting = this.#intent.name === 'resting';
    // As with Gunicorn, a worker more than none is one.
    this.#headcount.change(isResting && change > 0 ? 0 : this.#headcount.count, change);
    if (change > 0) return this.resume('a worker is wanted');
    if (isResting)
      this.log.info(
        `The arbiter rests: once it is brought back, the number of workers is ${this.#headcount.count}`,
        { event: 'scaled', count: this.#headcount.count, reason: 'TTOU' },
      );
  }

  /** Lets the load of the workers say how many there are to be, where the settings leave it to that. */
  scaleByLoad(): void {
    if (!isEnding(this.#intent))
      this.#headcount.followLoad(this.desired, this.workers.all, this.#reload.isUnderWay);
  }

  /** Retires every worker and holds the sockets. */
  rest(): void {
    if (this.#intent.name !== 'serving') return sayRefused(this.log, 'WINCH', this.#intent);
    this.#intent = { name: 'resting' };
    this.#dropReload('the workers rest');
    this.log.info('The workers retire and the sockets stay; HUP or TTIN brings workers back', {
      event: 'resting',
    });
  }

  /** Ends the rest, if there is one, for this reason. */
  resume(reason: string): void {
    if (this.#intent.name !== 'resting') return;
    this.#intent = { name: 'serving' };
    this.log.info(`Bringing the workers back: ${reason}`, { event: 'resumed', reason });
  }

  /** Begins to read the configuration again. */
  reload(): void {
    if (isEnding(this.#intent)) return sayRefused(this.log, 'HUP', this.#intent);
    this.resume('the service reloads');
    const { candidate, underWay: generation } = this.#reload;
    const canary = this.workers.all.find((worker) => worker.generation === candidate?.number);
    sayAsked(this.log, this.#reload.ask(this.#current), { generation, proving: canary?.pid });
  }

  /** In development: files changed. */
  changed(files: readonly string[]): void {
    const { development } = this.#options;
    if (development === null || isEnding(this.#intent) || this.#intent.name === 'resting') return;
    const { settings, line } = development.changed(files);
    this.log.info(line, { event: 'files-changed', files });
    if (settings === 'read') this.#reload.start(this.#current);
    else this.#reload.again(this.#current);
  }

  /** When `advance` has something to do; Infinity where only an event can change that. */
  get wakeAtMs(): number {
    return this.#intent.name === 'lingering' ? this.#intent.untilMs : Infinity;
  }

  /** Does what has become due. */
  advance(): void {
    this.#lookForOutage();
    this.silent.look(this.workers.all);
    if (this.#options.clock.now() >= this.wakeAtMs) this.stop('graceful', EXIT.ok);
    if (!this.#reload.isDue) return;
    this.log.info('Reloading once more, as was asked for meanwhile', { event: 'reload-follows' });
    this.#reload.start(this.#current);
  }

  stop(mode: StopMode, status: number): void {
    const timing = { now: this.#options.clock.now(), delayMs: drainDelayOf(this.#current) };
    const lingering = toLingering(this.#intent, mode, status, timing);
    if (lingering) return this.#linger(lingering);
    const hastening = hasteOf(this.#intent, mode, timing.now);
    if (hastening !== null) this.log.info(hastening, { event: 'stop-hastened', reason: hastening });
    this.#options.development?.close();
    this.#intent = toStopping(this.#intent, mode, status);
    this.#dropReload('the service stops');
    // The sockets first: while the workers empty the queue nothing may be added that nobody would answer.
    for (const listener of this.#current.listeners) listener.close();
    if (mode === 'quick') this.workers.quitAll('the service stops at once');
    if (mode === 'forced') this.workers.killAll('the service is forced to stop');
  }

  /** The configuration was read again, or could not be. */
  reloadRead(event: ArbiterEvent & { type: 'reloadRead' }): void {
    const failure = this.#reload.take(event);
    const { candidate } = this.#reload;
    if (failure !== null)
      this.log.error(`Reload refused, the workers serve on unchanged: ${failure}`, {
        event: 'reload-refused',
        generation: event.attempt,
        reason: failure,
      });
    else if (candidate) this.hooks.call('onReload', (hook, view) => hook(view), candidate.hooks);
  }

  /** A worker has loaded the application and accepts. */
  ready(worker: WorkerHandle, { urls, app }: WorkerMessage & { tsunicorn: 'ready' }): void {
    const now = this.#options.clock.now();
    const tookMs = takeOverMs(worker.state, now);
    const bootMs = worker.state.name === 'booting' ? Math.round(now - worker.state.sinceMs) : null;
    if (tookMs !== null)
      this.log.info(
        `Spare worker takes over (pid: ${worker.pid}): it accepts ${tookMs} ms after it was called`,
        { event: 'spare-called', ...aboutWorker(worker), durationMs: tookMs },
      );
    worker.state = { name: 'ready', sinceMs: now, heartbeatMs: now, outgoing: null };
    this.log.debug(`Worker is ready (pid: ${worker.pid})`, {
      event: 'worker-ready',
      ...aboutWorker(worker),
      ...(bootMs === null ? {} : { durationMs: bootMs }),
    });
    this.pace.ready();
    this.#options.development?.ready();
    if (this.#intent.name === 'lingering') worker.send({ tsunicorn: 'linger' });
    const proved = this.#reload.candidate?.number === worker.generation ? this.#reload.candidate : null;
    const moved = proved && !sameListeners(proved, this.#current);
    if (proved) this.#promote(proved, app);
    if (moved || this.#intent.name === 'starting') {
      const addresses = describeListeners(worker.listeners, urls);
      this.log.info(`Listening at: ${addresses.join(', ')} (${process.pid})`, {
        event: 'listening',
        addresses,
      });
    }
    if (this.#intent.name === 'starting') {
      this.#intent = { name: 'serving' };
      if (app !== undefined) this.log.info(`Serving ${app}`, { event: 'application', file: app });
      giveSockets(this.#current);
      this.hooks.call('whenReady', (hook, view) => hook(view));
    }
    this.#options.succession.serving(this.status.workers.ready >= this.#headcount.count);
  }

  /** A worker's process has ended. */
  reap(worker: WorkerHandle, end: WorkerEnd): void {
    const { state } = worker;
    worker.state = { name: 'exited' };
    this.loops.forget(worker);
    if (isOwnDoing(end)) this.pace.ended(state);
    const account = accountFor(worker, end, state, this.#options.lost);
    const { reason, cause } = logEnd(this.log, worker, end, state, this.#options.judgeKill, account);
    this.#outage.ended(cause);
    this.hooks.call('childExit', (hook, view) => hook(view, viewOf(worker, this.#options.log)));
    const who = worker.pid === 0 ? 'A worker' : nameOf(worker);
    if (isBooting(state))
      this.bootFailed(worker, { exitStatus: EXIT.workerBoot, message: `${who} ${reason}` }, cause);
  }

  /** A worker that was never ready. */
  bootFailed(worker: WorkerHandle, failure: BootFailure, cause: EndCause = 'boot'): void {
    this.#bootFailures.take(worker, failure, cause);
  }

  /** A worker goes of its own accord. */
  leaving(worker: WorkerHandle, message: WorkerMessage & { tsunicorn: 'leaving' }): void {
    const { state } = worker;
    this.workers.note(worker, message);
    if (message.by === 'itself') this.pace.ended(state);
  }

  /** The event loop of a worker is blocked, or turns again; of one that is killed that is known. */
  blocked(worker: WorkerHandle, message: Blocked | Unblocked): void {
    const { name } = worker.state;
    if (name === 'ready' || name === 'standby' || name === 'retiring') this.loops.note(worker, message);
  }

  /** A worker serves on, and wishes to be replaced. */
  outgoing(worker: WorkerHandle, message: WorkerMessage & { tsunicorn: 'outgoing' }): void {
    const { state } = worker;
    if (state.name !== 'ready') return;
    this.log.info(`${nameOf(worker)} is to be replaced: ${message.reason}`, {
      event: 'worker-outgoing',
      ...aboutWorker(worker),
      reason: message.reason,
    });
    this.pace.asked(state, message.by);
    this.workers.note(worker, message);
  }

  /** A service that starts, rests or stops owes nobody a worker. */
  #lookForOutage(): void {
    const { name } = this.#intent;
    const owes = name === 'serving' || name === 'lingering';
    this.#outage.look(owes ? this.#headcount.count : 0, this.workers.all);
  }

  #dropReload(reason: string): void {
    const { underWay: generation } = this.#reload;
    if (this.#reload.abandon(reason))
      this.log.info(`The reload under way is dropped: ${reason}`, {
        event: 'reload-superseded',
        generation,
        reason,
      });
  }

  #linger(intent: Intent & { name: 'lingering' }): void {
    this.#intent = intent;
    this.#dropReload('the service stops');
    this.workers.sendAll({ tsunicorn: 'linger' });
    const { drainDelay } = this.#current.loaded.settings;
    this.log.info(`Accepting for ${drainDelay} s more (--drain-delay); another TERM ends the wait`, {
      event: 'lingering',
      durationMs: Math.round(drainDelay * 1000),
    });
  }

  #promote(candidate: Generation, app: string | undefined): void {
    const before = this.#current;
    this.#reload.promote(candidate, before);
    this.pace.promoted();
    this.#current = candidate;
    giveSockets(candidate);
    this.#options.promoted(candidate, before);
    this.codes.promoted(candidate.number);
    this.#headcount.promoted(candidate, before);
    this.#options.development?.promoted(candidate);
    const what = candidate.failure ? 'shows the error' : 'is ready';
    const from = app === undefined ? '' : `, from ${app}`;
    this.log.info(`Generation ${candidate.number} ${what}${from}: replacing the workers of the one before`, {
      event: 'reload-promoted',
      generation: candidate.number,
      ...(app === undefined ? {} : { file: app }),
    });
  }
}
