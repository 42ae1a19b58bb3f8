import { describeListeners } from '../listeners/bind.ts';
import type { RecordLog } from '../log/records.ts';
import type { BootFailure, WorkerMessage } from '../process/ipc.ts';
import type { ArbiterRole, ServiceStatus } from '../process/status.ts';
import type { ArbiterView } from '../settings/hooks.ts';
import { EXIT } from '../support/errors.ts';
import { drainDelayOf, type Generation, giveSockets } from './change/generation.ts';
import { Generations } from './change/generations.ts';
import type { Reload } from './change/reload.ts';
import { sayListening, sayRefused } from './change/said.ts';
import { hasteOf, type Intent, isEnding, type StopMode, toLingering, toStopping } from './change/shutdown.ts';
import type { ArbiterEvent, ProcessEnd } from './events.ts';
import { Headcount } from './headcount.ts';
import { HookCaller, viewOf } from './hook-caller.ts';
import type { ArbiterOptions } from './options.ts';
import { Pace } from './policy/pace.ts';
import type { Desired } from './policy/reconcile.ts';
import { isBooting } from './policy/worker-state.ts';
import { statusOf } from './status.ts';
import { BlockedLoops } from './workers/blocked-loops.ts';
import { BootFailures } from './workers/boot-failures.ts';
import type { WorkerHandle } from './workers/handle.ts';
import { Haste } from './workers/haste.ts';
import { WorkerLife } from './workers/life.ts';
import { type EndCause, nameOf } from './workers/obituary.ts';
import { Outage } from './workers/outage.ts';
import { WorkerSet } from './workers/set.ts';
import { SilentWorkers } from './workers/silent-workers.ts';

/**
 * What the arbiter wants and why: the intent, the generation that serves, how many workers there are to be, and what
 * follows when one of them gets ready, fails or ends. Nothing here waits; the loop (arbiter.ts) makes it come true.
 */
export class Service {
  readonly workers: WorkerSet;
  readonly hooks: HookCaller;
  readonly log: RecordLog;
  readonly #options: ArbiterOptions;
  readonly #generations: Generations;
  readonly pace: Pace;
  readonly haste: Haste;
  readonly loops: BlockedLoops;
  readonly silent: SilentWorkers;
  readonly life: WorkerLife;
  readonly #bootFailures: BootFailures;
  readonly #headcount: Headcount;
  readonly #outage: Outage;
  #intent: Intent = { name: 'starting' };

  constructor(options: ArbiterOptions, emit: (event: ArbiterEvent) => void) {
    const { clock } = options;
    this.#options = options;
    this.workers = new WorkerSet(clock, options.spawn);
    this.#generations = new Generations(options, this.workers, emit);
    this.pace = new Pace(clock, options.random, options.log, () =>
      this.workers.all.some(({ state }) => state.name === 'ready'),
    );
    this.#outage = new Outage(clock, options.log);
    this.haste = new Haste(this.workers, clock, options.log);
    this.hooks = new HookCaller(() => ({ hooks: this.current.hooks, view: this.view }), options.callWithin);
    this.log = options.log;
    this.life = new WorkerLife(this, options);
    this.loops = new BlockedLoops(clock, options.log);
    this.silent = new SilentWorkers(clock, options.log, options.isStopped);
    this.#bootFailures = new BootFailures(this, this.#generations.reload, this.pace, options.development);
    this.#headcount = new Headcount(this, options.upgrade.workerCount);
  }

  get intent(): Intent {
    return this.#intent;
  }

  /** The generation that serves. */
  get current(): Generation {
    return this.#generations.current;
  }

  get reloadStep(): Reload['step'] {
    return this.#generations.reload.step;
  }

  get codes(): Generations['codes'] {
    return this.#generations.codes;
  }

  get desired(): Desired {
    const { name } = this.#intent;
    const { development } = this.#options;
    const { spareWorkers, reloadBatch } = this.current.loaded.settings;
    const purpose = name === 'stopping' || name === 'resting' ? name : 'serving';
    return {
      purpose,
      workers: purpose === 'serving' ? this.#headcount.count : 0,
      spares: purpose === 'serving' ? spareWorkers : 0,
      generation: this.current.number,
      canary: this.#generations.reload.candidate?.number ?? null,
      spawnAfterMs: development?.isWaiting ? Infinity : this.pace.spawnAfterMs,
      surge: development === null ? reloadBatch : Infinity,
      recycleAfterMs: this.pace.recycleAfterMs,
      retirePurpose: this.#isLast ? 'stop' : 'replace',
    };
  }

  /** Whether nobody serves once this arbiter's workers have gone. */
  get #isLast(): boolean {
    const { listeners } = this.current;
    return this.#intent.name === 'stopping' && !listeners.some((listener) => listener.isShared());
  }

  get view(): ArbiterView {
    const workers = this.#headcount.count;
    return { pid: process.pid, workers, generation: this.current.number, log: this.#options.log };
  }

  /** For an observer, of the arbiter that has this role. */
  status(role: ArbiterRole): ServiceStatus {
    return statusOf({
      intent: this.#intent,
      reload: this.#generations.reload,
      current: this.current,
      role,
      wanted: this.desired.workers,
      workers: this.workers.all,
    });
  }

  /** The generation of that number: the one that serves, or the one that has yet to prove itself. */
  generation(number: number): Generation {
    return this.#generations.of(number);
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
      this.#headcount.followLoad(this.desired, this.workers.all, this.#generations.reload.isUnderWay);
  }

  /** Retires every worker and holds the sockets. */
  rest(): void {
    if (this.#intent.name !== 'serving') return sayRefused(this.log, 'WINCH', this.#intent);
    this.#intent = { name: 'resting' };
    this.#generations.drop('the workers rest');
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
    this.#generations.ask();
  }

  /** In development: files changed. */
  changed(files: readonly string[]): void {
    const { development } = this.#options;
    if (development === null || isEnding(this.#intent) || this.#intent.name === 'resting') return;
    const { settings, line } = development.changed(files);
    this.log.info(line, { event: 'files-changed', files });
    const { reload, current } = this.#generations;
    if (settings === 'read') reload.start(current);
    else reload.again(current);
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
    this.#generations.follow();
  }

  stop(mode: StopMode, status: number): void {
    const timing = { now: this.#options.clock.now(), delayMs: drainDelayOf(this.current) };
    const lingering = toLingering(this.#intent, mode, status, timing);
    if (lingering) return this.#linger(lingering);
    const hastening = hasteOf(this.#intent, mode, timing.now);
    if (hastening !== null) this.log.info(hastening, { event: 'stop-hastened', reason: hastening });
    this.#options.development?.close();
    this.#intent = toStopping(this.#intent, mode, status);
    this.#generations.drop('the service stops');
    // The sockets first: while the workers empty the queue nothing may be added that nobody would answer.
    for (const listener of this.current.listeners) listener.close();
    if (mode === 'quick') this.workers.quitAll('the service stops at once');
    if (mode === 'forced') this.workers.killAll('the service is forced to stop');
  }

  /** The configuration was read again, or could not be. */
  reloadRead(event: ArbiterEvent & { type: 'reloadRead' }): void {
    const candidate = this.#generations.read(event);
    if (candidate) this.hooks.call('onReload', (hook, view) => hook(view), candidate.hooks);
  }

  /** A worker has loaded the application and accepts. */
  ready(worker: WorkerHandle, { urls, app }: WorkerMessage & { tsunicorn: 'ready' }): void {
    this.life.ready(worker);
    if (this.#intent.name === 'lingering') worker.send({ tsunicorn: 'linger' });
    const moved = this.#promoteBy(worker, app);
    const begins = this.#intent.name === 'starting';
    if (moved || begins) sayListening(this.log, describeListeners(worker.listeners, urls));
    if (begins) this.#begin(app);
    const ready = this.workers.all.filter(({ state }) => state.name === 'ready').length;
    this.#options.upgrade.serving(ready >= this.#headcount.count);
  }

  /** A worker's process has ended. */
  reap(worker: WorkerHandle, end: ProcessEnd): void {
    const isNeverReady = isBooting(worker.state);
    const { reason, cause } = this.life.ended(worker, end);
    this.#outage.ended(cause);
    this.hooks.call('childExit', (hook, view) => hook(view, viewOf(worker, this.#options.log)));
    const who = worker.pid === 0 ? 'A worker' : nameOf(worker);
    if (isNeverReady)
      this.bootFailed(worker, { exitStatus: EXIT.workerBoot, message: `${who} ${reason}` }, cause);
  }

  /** A worker that was never ready. */
  bootFailed(worker: WorkerHandle, failure: BootFailure, cause: EndCause = 'boot'): void {
    this.#bootFailures.take(worker, failure, cause);
  }

  /** A service that starts, rests or stops owes nobody a worker. */
  #lookForOutage(): void {
    const { name } = this.#intent;
    const owes = name === 'serving' || name === 'lingering';
    this.#outage.look(owes ? this.#headcount.count : 0, this.workers.all);
  }

  /** Where it is the candidate's first worker. Returns whether other sockets are listened on than before. */
  #promoteBy(worker: WorkerHandle, app: string | undefined): boolean {
    const { reload, current: before } = this.#generations;
    const { candidate } = reload;
    if (candidate?.number !== worker.generation) return false;
    this.pace.promoted();
    const moved = this.#generations.promote(candidate, app);
    this.#headcount.promoted(candidate, before);
    return moved;
  }

  /** The first worker serves. */
  #begin(app: string | undefined): void {
    this.#intent = { name: 'serving' };
    if (app !== undefined) this.log.info(`Serving ${app}`, { event: 'application', file: app });
    giveSockets(this.current);
    this.hooks.call('whenReady', (hook, view) => hook(view));
  }

  #linger(intent: Intent & { name: 'lingering' }): void {
    this.#intent = intent;
    this.#generations.drop('the service stops');
    this.workers.sendAll({ tsunicorn: 'linger' });
    const { drainDelay } = this.current.loaded.settings;
    this.log.info(`Accepting for ${drainDelay} s more (--drain-delay); another TERM ends the wait`, {
      event: 'lingering',
      durationMs: Math.round(drainDelay * 1000),
    });
  }
}
