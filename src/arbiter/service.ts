import type { Listener } from '../listeners/listener.ts';
import type { RecordLog } from '../log/records.ts';
import type { BootFailure } from '../process/ipc/loading.ts';
import type { Ready } from '../process/ipc/messages.ts';
import type { TlsChange } from '../process/ipc/tls.ts';
import type { ArbiterRole, ServiceStatus } from '../process/status.ts';
import type { ArbiterView } from '../settings/hooks.ts';
import { EXIT } from '../support/errors.ts';
import type { LogLevel } from '../support/logger.ts';
import { BootFailures } from './change/boot-failures.ts';
import {
  countAfter,
  drainDelayOf,
  type Generation,
  giveSockets,
  workerCountOf,
} from './change/generation.ts';
import { Reload, sameListeners } from './change/reload.ts';
import { sayAsked, sayCancelled, sayPromoted, sayRefused } from './change/reload-lines.ts';
import {
  hasteOf,
  type Intent,
  isEnding,
  type StopMode,
  toLingering,
  toStopping,
  unchangedBecause,
} from './change/shutdown.ts';
import { isToBeTried, Trial } from './change/trial.ts';
import type { ArbiterEvent } from './events.ts';
import { HeadCount } from './head-count.ts';
import { HookCaller } from './hook-caller.ts';
import type { ArbiterOptions } from './options.ts';
import type { Desired } from './policy/reconcile.ts';
import { Restarts } from './policy/restart.ts';
import { isBooting } from './policy/worker-state.ts';
import { ProgramListens } from './program-listens.ts';
import { refuseCommand, refuseSignal } from './refuse.ts';
import { sayListening } from './say-listening.ts';
import { SideSockets } from './side-sockets.ts';
import { statusOf } from './status.ts';
import { WorkerCommands } from './workers/commands.ts';
import type { EndCause } from './workers/describe-end.ts';
import type { WorkerHandle } from './workers/handle.ts';
import { LoadedCodes } from './workers/loaded-code.ts';
import { WorkerSet } from './workers/set.ts';

/**
 * What the arbiter wants and why: the intent, the generation that serves, the number of workers, and what follows when a
 * worker gets ready or fails to boot. Nothing here waits; the loop (arbiter.ts) makes it so.
 */
export class Service {
  readonly workers: WorkerSet;
  readonly hooks: HookCaller;
  readonly log: RecordLog;
  readonly restarts: Restarts;
  readonly codes: LoadedCodes;
  readonly sides: SideSockets;
  readonly commands: WorkerCommands;
  readonly listens: ProgramListens;
  readonly trial: Trial;
  readonly #options: ArbiterOptions;
  readonly #reload: Reload;
  readonly #bootFailures: BootFailures;
  readonly #count: HeadCount;
  #intent: Intent = { name: 'starting' };
  #current: Generation;
  /** Null where it is as the settings say. */
  #logLevel: LogLevel | null = null;

  constructor(options: ArbiterOptions, emit: (event: ArbiterEvent) => void) {
    const { first, clock, random, log, spawn, prepare, bindAll, callWithin } = options;
    const { workerCount } = options.upgrade;
    this.#options = options;
    this.log = log;
    this.workers = new WorkerSet(clock, spawn);
    this.#current = first;
    this.#reload = new Reload({
      prepare,
      bindAll,
      emit,
      now: () => clock.now(),
      heldByWorkers: () => this.workers.all.flatMap(({ listeners }) => listeners),
      firstGeneration: first.number,
    });
    this.restarts = new Restarts({ clock, random, isServed: () => this.#readyCount > 0 });
    this.codes = new LoadedCodes(log);
    this.sides = new SideSockets(first.sides ?? [], first.number);
    this.hooks = new HookCaller(() => ({ hooks: this.#current.hooks, view: this.view }), callWithin);
    const intent = () => this.#intent;
    const current = () => this.#current;
    this.#count = new HeadCount({
      ...{ log, current },
      first: workerCount === null ? first.loaded.settings.workers : countAfter(workerCount, first),
      changed: (count, before) =>
        this.hooks.call('nworkersChanged', (hook, view) => hook(view, count, before)),
    });
    this.commands = new WorkerCommands({ log, workers: this.workers, restarts: this.restarts, intent });
    this.trial = new Trial(this.#reload, log);
    this.listens = new ProgramListens({
      ...{ workers: this.workers, sides: this.sides, reload: this.#reload, clock, current },
      isEnding: () => isEnding(this.#intent),
      listensAt: (listeners) => this.#listensAt(listeners),
    });
    this.#bootFailures = new BootFailures({
      ...{ log, reload: this.#reload, restarts: this.restarts, intent, current },
      development: options.development,
      halt: (exitStatus) => this.stop('quick', exitStatus),
    });
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

  /** The workers that are wanted, for the reconciler. */
  get desired(): Desired {
    const { name } = this.#intent;
    const { development } = this.#options;
    const { spareWorkers, reloadBatch } = this.#current.loaded.settings;
    const purpose = name === 'stopping' || name === 'resting' ? name : 'serving';
    // The first worker finds out where the others listen.
    const isAsking = this.#current.address === 'asked';
    return {
      purpose,
      workers: purpose === 'serving' ? (isAsking ? 1 : this.#count.value) : 0,
      spares: purpose === 'serving' && !isAsking ? spareWorkers : 0,
      generation: this.#current.number,
      canary: this.#reload.candidate?.number ?? null,
      spawnAfterMs: development?.isWaiting ? Infinity : this.restarts.spawnAfterMs,
      surge: development === null ? reloadBatch : Infinity,
      replaceAfterMs: this.restarts.replaceAfterMs,
      retirePurpose: this.#isLast ? 'stop' : 'replace',
    };
  }

  /** How many workers have to serve: none while the service starts, rests or stops. */
  get owed(): number {
    const { name } = this.#intent;
    return name === 'serving' || name === 'lingering' ? this.#count.value : 0;
  }

  /** Whether the service stops and no other arbiter has its sockets. */
  get #isLast(): boolean {
    const { listeners } = this.#current;
    return this.#intent.name === 'stopping' && !listeners.some((listener) => listener.isShared());
  }

  get #readyCount(): number {
    return this.workers.all.filter(({ state }) => state.name === 'ready').length;
  }

  /** What is passed to hooks about the arbiter. */
  get view(): ArbiterView {
    return {
      pid: process.pid,
      workers: this.#count.value,
      generation: this.#current.number,
      log: this.#options.log,
    };
  }

  /** The status for observers; `role` is this arbiter's in an upgrade. */
  status(role: ArbiterRole, companions: ServiceStatus['companions']): ServiceStatus {
    return statusOf({
      intent: this.#intent,
      reload: this.#reload,
      current: this.#current,
      role,
      wanted: this.desired.workers,
      workers: this.workers.all,
      companions,
    });
  }

  /** The generation of that number: the current one, or the candidate of a reload. */
  generation(number: number): Generation {
    const { candidate } = this.#reload;
    const generation = candidate?.number === number ? candidate : this.#current;
    const code = this.codes.hashOf(number);
    const sides = this.sides.open;
    return { ...generation, ...(code === null ? {} : { code }), ...(sides.length > 0 ? { sides } : {}) };
  }

  /** When `advance` has something to do; Infinity where only an event can change that. */
  get wakeAtMs(): number {
    return this.#intent.name === 'lingering' ? this.#intent.untilMs : Infinity;
  }

  /** Does what has become due. */
  advance(): void {
    if (this.#options.clock.now() >= this.wakeAtMs) this.stop('graceful', EXIT.ok);
    this.sides.sweep(this.#current.number, (age) => {
      const worker = this.workers.get(age);
      return worker !== undefined && isBooting(worker.state);
    });
    if (!this.#reload.isDue) return;
    this.log.info('Reloading again, as requested during the last reload', { event: 'reload-follows' });
    this.#reload.start(this.#current);
  }

  /** TTIN and TTOU: one worker more, or fewer. */
  scaleBy(change: 1 | -1): void {
    if (isEnding(this.#intent)) return this.#refuse(change > 0 ? 'TTIN' : 'TTOU');
    if (this.#count.isRefused()) return;
    const isResting = this.#intent.name === 'resting';
    // As with Gunicorn: while the workers rest there are none, so that one more is one.
    this.#count.want((isResting && change > 0 ? 0 : this.#count.value) + change);
    if (change > 0) return this.resume('a worker is wanted');
    if (isResting)
      this.log.info(`The workers have retired (WINCH); the next HUP starts ${this.#count.value}`, {
        event: 'scaled',
        count: this.#count.value,
        reason: 'TTOU',
      });
  }

  /** The program that the service belongs to, or the operator, wants so many workers. */
  scaleTo(count: number): void {
    if (isEnding(this.#intent)) return this.#refuse('TTIN', 'scale');
    if (!this.#count.isRefused()) this.#count.want(count);
  }

  /** Adjusts the number of workers to their load, where the settings ask for that. */
  scaleByLoad(): void {
    if (!isEnding(this.#intent))
      this.#count.followLoad(this.desired, this.workers.all, this.#reload.isUnderWay);
  }

  /** WINCH, or a command: retires every worker and holds the sockets. */
  rest(command: string | null = null): void {
    if (this.#intent.name !== 'serving') return this.#refuse('WINCH', command);
    this.#intent = { name: 'resting' };
    this.#dropReload(`the workers retire (${command ?? 'WINCH'})`);
    this.log.info('The workers retire and the sockets stay open; send HUP or TTIN to start workers again', {
      event: 'resting',
    });
  }

  /** Ends the rest, if there is one, for this reason. */
  resume(reason: string): void {
    if (this.#intent.name !== 'resting') return;
    this.#intent = { name: 'serving' };
    this.log.info(`Starting workers again: ${reason}`, { event: 'resumed', reason });
  }

  /** TERM, INT, QUIT, or a service that cannot start: stops the workers, after --drain-delay where that applies. */
  stop(mode: StopMode, status: number): void {
    const timing = { now: this.#options.clock.now(), delayMs: drainDelayOf(this.#current) };
    const lingering = toLingering(this.#intent, mode, status, timing);
    if (lingering) return this.#linger(lingering);
    const hastening = hasteOf(this.#intent, mode, timing.now);
    if (hastening !== null) this.log.info(hastening, { event: 'stop-hastened', reason: hastening });
    this.#options.development?.close();
    this.#intent = toStopping(this.#intent, mode, status);
    this.#dropReload('the service stops');
    // The sockets first: what the kernel queued after the workers emptied its queue would never be answered.
    for (const listener of this.#current.listeners) listener.close();
    this.sides.closeAll();
    for (const worker of this.workers.all) this.workers.release(worker);
    if (mode === 'quick') this.workers.quitAll('the service stops at once');
    if (mode === 'forced') this.workers.killAll('the service is forced to stop');
  }

  /** A command: everybody logs from that level up, until a reload. */
  setLogLevel(level: LogLevel): void {
    this.#logLevel = level;
    this.#options.setLogLevel(level);
    this.workers.sendAll({ tsunicorn: 'logLevel', level });
  }

  /** Certificates or keys have changed: the workers of that generation use them, those of all where it is null. */
  tlsChanged(change: TlsChange, generation: number | null): void {
    for (const worker of this.workers.all)
      if (generation === null || worker.generation === generation) worker.send(change);
  }

  /** A worker has just been started. */
  greeted(worker: WorkerHandle): void {
    if (this.#logLevel !== null && worker.generation === this.#current.number)
      worker.send({ tsunicorn: 'logLevel', level: this.#logLevel });
  }

  /** A command: load balancers are told to send no new clients, and whoever comes is served, until the service is stopped. */
  drain(): void {
    if (this.#intent.name !== 'serving' && this.#intent.name !== 'lingering')
      return this.#refuse('TERM', 'drain');
    this.#accept({ name: 'lingering', untilMs: Infinity, exitStatus: EXIT.ok });
    this.log.info('Accepting as not ready until the service is stopped', { event: 'draining' });
  }

  #linger(intent: Intent & { name: 'lingering' }): void {
    this.#accept(intent);
    const { drainDelay } = this.#current.loaded.settings;
    this.log.info(`Accepting for ${drainDelay} s more (--drain-delay); another TERM ends the wait`, {
      event: 'lingering',
      durationMs: Math.round(drainDelay * 1000),
    });
  }

  /** Goes on serving while the service ends. */
  #accept(intent: Intent & { name: 'lingering' }): void {
    this.#intent = intent;
    this.#dropReload('the service stops');
    this.workers.sendAll({ tsunicorn: 'linger' });
  }

  /** HUP, or a command: begins a reload, or queues it behind the one under way. */
  reload(command: string | null = null): void {
    if (isEnding(this.#intent)) return this.#refuse('HUP', command);
    this.resume('the service reloads');
    const { candidate, underWay: generation } = this.#reload;
    const canary = this.workers.all.find((worker) => worker.generation === candidate?.number);
    const asked = this.#reload.ask(this.#current);
    if (asked !== 'begins') sayAsked(this.log, asked, generation, canary);
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

  /** The configuration was read again, or could not be. */
  reloadRead(event: ArbiterEvent & { type: 'reloadRead' }): void {
    const refusal = this.#reload.take(event);
    const { candidate } = this.#reload;
    if (refusal !== null) sayRefused(this.log, event.attempt, refusal);
    else if (candidate?.number === event.attempt)
      this.hooks.call('onReload', (hook, view) => hook(view), candidate.hooks);
  }

  /** The program of the generation that serves has told where it listens. */
  #listensAt(listeners: readonly Listener[]): void {
    const before = this.#current.listeners;
    this.#current = { ...this.#current, listeners, address: 'known' };
    for (const listener of before) if (!listeners.includes(listener)) listener.close();
  }

  /** A worker has loaded the application and accepts. */
  ready(worker: WorkerHandle, message: Ready): void {
    const { development, upgrade } = this.#options;
    this.restarts.ready();
    development?.ready();
    if (this.#intent.name === 'lingering') worker.send({ tsunicorn: 'linger' });
    const { candidate } = this.#reload;
    const isCanary = candidate?.number === worker.generation;
    // Companions run only where the service serves.
    if (isCanary && this.#intent.name === 'serving' && isToBeTried(candidate))
      this.trial.begin(candidate, { worker, message });
    else this.#serves(worker, message);
    upgrade.serving(this.#readyCount >= this.#count.value);
  }

  /** The required companions of the trial have lasted, or are not run by this arbiter. */
  companionsProved(): void {
    const { first } = this.trial;
    if (first !== null) this.#serves(first.worker, first.message);
  }

  #serves(worker: WorkerHandle, { urls, app }: Ready): void {
    const { candidate } = this.#reload;
    const begins = this.#intent.name === 'starting';
    const movesElsewhere = candidate?.number === worker.generation && this.#promote(candidate, app);
    if (movesElsewhere || begins) sayListening(this.log, this.#current.listeners, worker, urls);
    if (begins) this.#begin(app);
  }

  /** The candidate's first worker, which has loaded `app`, is ready. Returns whether the addresses have changed. */
  #promote(candidate: Generation, app: string | undefined): boolean {
    const { promoted, development } = this.#options;
    const before = this.#current;
    this.restarts.promoted();
    this.#logLevel = null;
    this.#reload.promote(candidate, before);
    this.#current = candidate;
    giveSockets(candidate);
    promoted(candidate, before);
    this.codes.promoted(candidate.number);
    development?.promoted(candidate);
    sayPromoted(this.log, candidate, app);
    this.#count.set(countAfter(workerCountOf(before, this.#count.value), candidate));
    return !sameListeners(candidate, before);
  }

  /** The first worker serves. */
  #begin(app: string | undefined): void {
    this.#intent = { name: 'serving' };
    if (app !== undefined) this.log.info(`Serving ${app}`, { event: 'application', file: app });
    giveSockets(this.#current);
    this.hooks.call('whenReady', (hook, view) => hook(view));
  }

  /** A worker was never ready. */
  bootFailed(worker: WorkerHandle, failure: BootFailure, cause: EndCause = 'boot'): void {
    this.#bootFailures.take(worker, failure, cause);
  }

  /** Forgets the reload under way, if there is one, for this reason. */
  #dropReload(reason: string): void {
    const { underWay: generation } = this.#reload;
    if (this.#reload.abandon(reason)) sayCancelled(this.log, generation, reason);
  }

  /** Logs that a signal, or the command that means the same, is not acted on, because of the present intent. */
  #refuse(signal: 'HUP' | 'TTIN' | 'TTOU' | 'WINCH' | 'TERM', command: string | null = null): void {
    const reason = unchangedBecause(this.#intent);
    if (command !== null) refuseCommand(this.log, command, reason);
    else refuseSignal(this.log, signal, reason);
  }
}
