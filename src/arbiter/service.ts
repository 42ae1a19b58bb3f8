import { withCode } from '../explain/code.ts';
import { describeListeners } from '../listeners/bind.ts';
import type { Listener } from '../listeners/listener.ts';
import type { RecordLog } from '../log/records.ts';
import type { ListenMessage } from '../process/ipc/listening.ts';
import type { BootFailure } from '../process/ipc/loading.ts';
import type { WorkerMessage } from '../process/ipc/messages.ts';
import type { TlsChange } from '../process/ipc/tls.ts';
import type { PassedSocket } from '../process/passed-socket.ts';
import type { ArbiterRole, ServiceStatus } from '../process/status.ts';
import type { ArbiterView } from '../settings/hooks.ts';
import { inSeconds } from '../support/duration.ts';
import { EXIT } from '../support/errors.ts';
import type { LogLevel } from '../support/logger.ts';
import {
  countAfter,
  drainDelayOf,
  type Generation,
  giveSockets,
  hasSlotSockets,
  workerCountOf,
} from './change/generation.ts';
import { type Asked, Reload, sameListeners } from './change/reload.ts';
import {
  hasteOf,
  type Intent,
  isEnding,
  type StopMode,
  toLingering,
  toStopping,
  unchangedBecause,
} from './change/shutdown.ts';
import type { ArbiterEvent } from './events.ts';
import { HookCaller } from './hook-caller.ts';
import type { ArbiterOptions } from './options.ts';
import type { Desired } from './policy/reconcile.ts';
import { judgeBootFailure, Restarts } from './policy/restart.ts';
import { isBooting } from './policy/worker-state.ts';
import { listenerOf } from './program-listener.ts';
import { SideSockets } from './side-sockets.ts';
import { statusOf } from './status.ts';
import { failureFields } from './workers/boot-failure.ts';
import type { EndCause } from './workers/describe-end.ts';
import type { WorkerHandle } from './workers/handle.ts';
import { LoadedCodes } from './workers/loaded-code.ts';
import { WorkerSet } from './workers/set.ts';

const ASKED: Readonly<Record<Exclude<Asked, 'begins'>, string>> = {
  supersedes: 'This reload replaces the current one, which was still reading the configuration',
  follows: 'Another reload will follow the current one',
  'follows already': 'Another reload will already follow the current one; it covers this request too',
};

type ReadyMessage = WorkerMessage & { readonly tsunicorn: 'ready' };

/** A worker tells of what it binds at once, but its event loop may be busy for a while. */
const TELLING_MS = 2000;

const UNDONE = 'Reload undone, the old workers keep serving';
const WAITING = 'The application cannot be loaded; waiting for a file change';
const SHOWN = 'Every request is answered with this error until a file change fixes it';

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
  readonly #options: ArbiterOptions;
  readonly #reload: Reload;
  #intent: Intent = { name: 'starting' };
  /** The first worker of a candidate whose required companions have to last before it is promoted. */
  #tried: { readonly worker: WorkerHandle; readonly message: ReadyMessage } | null = null;
  #current: Generation;
  #count: number;
  /** Null where it is as the settings say. */
  #logLevel: LogLevel | null = null;

  constructor(options: ArbiterOptions, emit: (event: ArbiterEvent) => void) {
    const { first, clock, random, log, spawn, prepare, bindAll, callWithin } = options;
    const { workerCount } = options.upgrade;
    this.#options = options;
    this.log = log;
    this.workers = new WorkerSet(clock, spawn);
    this.#current = first;
    this.#count = workerCount === null ? first.loaded.settings.workers : countAfter(workerCount, first);
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
  }

  get intent(): Intent {
    return this.#intent;
  }

  /** The generation that serves. */
  get current(): Generation {
    return this.#current;
  }

  /** The candidate of a reload, while all that it lacks is that its required companions last. */
  get trial(): Generation | null {
    const { candidate } = this.#reload;
    return candidate !== null && candidate.number === this.#tried?.worker.generation ? candidate : null;
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
      workers: purpose === 'serving' ? (isAsking ? 1 : this.#count) : 0,
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
    return name === 'serving' || name === 'lingering' ? this.#count : 0;
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
      workers: this.#count,
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
    if (hasSlotSockets(this.#current)) return this.#refuseToScale();
    const isResting = this.#intent.name === 'resting';
    // As with Gunicorn: while the workers rest there are none, so that one more is one.
    this.#want((isResting && change > 0 ? 0 : this.#count) + change);
    if (change > 0) return this.resume('a worker is wanted');
    if (isResting)
      this.log.info(`The workers have retired (WINCH); the next HUP starts ${this.#count}`, {
        event: 'scaled',
        count: this.#count,
        reason: 'TTOU',
      });
  }

  /** The program that the service belongs to, or the operator, wants so many workers. */
  scaleTo(count: number): void {
    if (isEnding(this.#intent)) return this.#refuse('TTIN', 'scale');
    if (hasSlotSockets(this.#current)) return this.#refuseToScale();
    this.#want(count);
  }

  /** Adjusts the number of workers to their load, where the settings ask for that. */
  scaleByLoad(): void {
    if (isEnding(this.#intent)) return;
    const { scaling } = this.#current;
    const change = scaling?.evaluate(
      { ...this.desired, workers: this.#count },
      this.workers.all,
      this.#reload.isUnderWay,
    );
    if (!change) return;
    const { reason, workers: count, figures } = change;
    this.log.info(reason, { event: 'scaled', reason, count, ...figures });
    this.#setCount(count);
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

  /** A command: another worker takes the place of that one. */
  restart(age: number): void {
    const worker = this.workers.get(age);
    if (worker?.state.name !== 'ready') return this.#refuseWorker('restart', worker);
    // As with a worker that leaves on a signal: it is no failure.
    this.restarts.asked(worker.state, 'signal');
    worker.state = { ...worker.state, outgoing: 'its restart was asked for' };
  }

  /** A command: the worker is ended at once. Of one that boots the end is a failure to boot, which undoes a reload. */
  kill(age: number): void {
    const worker = this.workers.get(age);
    if (worker === undefined || worker.pid === 0) return this.#refuseWorker('kill', worker);
    if (isBooting(worker.state)) return worker.kill('SIGKILL');
    this.workers.kill(worker, 'SIGKILL', 'its end was asked for', 'asked');
  }

  /** A command: another worker takes its place, and it does not end before it is released, or that time is over. */
  hold(age: number, forMs: number): void {
    const worker = this.workers.get(age);
    const held = this.workers.all.find(({ heldUntilMs }) => heldUntilMs !== undefined);
    if (held !== undefined) return this.#refuseCommand('heap', `that of worker ${held.pid} is being written`);
    if (this.#intent.name === 'stopping') return this.#refuse('TERM', 'heap');
    if (worker?.state.name !== 'ready') return this.#refuseWorker('heap', worker);
    this.restarts.asked(worker.state, 'signal');
    this.workers.hold(worker, forMs);
  }

  /** A command: the time limits of a held worker begin anew. One that has no replacement yet serves until it has. */
  release(age: number): void {
    const worker = this.workers.get(age);
    if (worker !== undefined) this.workers.release(worker);
  }

  #refuseWorker(command: 'restart' | 'kill' | 'heap', worker: WorkerHandle | undefined): void {
    const reason =
      worker === undefined ? 'the worker has ended' : `the worker is ${worker.state.name}, not ready`;
    this.#refuseCommand(command, reason);
  }

  #refuseCommand(command: string, reason: string): void {
    this.log.warning(`${command} refused, nothing was changed: ${reason}`, {
      event: 'command-refused',
      ...{ command, reason },
    });
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
    if (asked === 'begins') return;
    if (asked === 'supersedes')
      return this.log.info(ASKED[asked], {
        event: 'reload-superseded',
        generation,
        reason: 'another reload',
      });
    const end =
      canary === undefined ? '' : `; to cancel the current one, kill its worker (pid: ${canary.pid})`;
    this.log.info(`${ASKED[asked]}${end}`, { event: 'reload-queued', generation });
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
    if (refusal !== null)
      this.log.error(`Reload refused, nothing was changed: ${withCode(refusal.reason, refusal.code)}`, {
        event: 'reload-refused',
        generation: event.attempt,
        ...refusal,
      });
    else if (candidate?.number === event.attempt)
      this.hooks.call('onReload', (hook, view) => hook(view), candidate.hooks);
  }

  /** A worker tells of a listen() of the application; `socket` is what it has bound. */
  listens(worker: WorkerHandle, message: ListenMessage, socket: PassedSocket | null): void {
    switch (message.tsunicorn) {
      case 'bound': {
        if (socket === null) return;
        const { place, url, role } = message;
        if (isEnding(this.#intent)) return socket.close();
        if (role === 'side') return this.sides.bound(worker, { ...socket, place, url });
        return this.#boundMain(worker, listenerOf(place, url, socket));
      }
      case 'took':
        return message.role === 'side' ? this.sides.took(worker, message.place) : this.#tookMain(worker);
      case 'released':
        return this.sides.released(worker, message.place);
      case 'wanted': {
        const { id, place, port } = message;
        const others = this.workers.all.filter((one) => one !== worker && this.#mayBind(one));
        const ages = others.map(({ age }) => age);
        const { answer, url, socket: given } = this.sides.wanted(worker, place, port, ages);
        return worker.send({ tsunicorn: 'socket', id, answer, url }, given ?? undefined);
      }
    }
  }

  /** Whether what the worker has bound a moment ago may not have been told yet. */
  #mayBind({ state }: WorkerHandle): boolean {
    if (isBooting(state)) return true;
    return state.name === 'ready' && this.#options.clock.now() - state.sinceMs < TELLING_MS;
  }

  /** The program asks for an address of its own, which the worker has bound. */
  #boundMain(worker: WorkerHandle, listener: Listener): void {
    const { generation } = worker;
    const { candidate } = this.#reload;
    if (candidate?.number === generation && candidate.address === 'asked') this.#reload.bound(listener);
    else if (this.#current.number === generation && this.#current.address === 'asked') {
      const { listeners } = this.#current;
      this.#current = { ...this.#current, listeners: [listener], address: 'known' };
      for (const other of listeners) other.close();
    } else return listener.close();
    worker.listeners = [listener];
  }

  /** The program asks for the address that the service has. */
  #tookMain({ generation }: WorkerHandle): void {
    if (this.#reload.candidate?.number === generation) return this.#reload.took();
    if (this.#current.number === generation && this.#current.address === 'asked')
      this.#current = { ...this.#current, address: 'known' };
  }

  /** A worker has loaded the application and accepts. */
  ready(worker: WorkerHandle, message: ReadyMessage): void {
    const { development, upgrade } = this.#options;
    this.restarts.ready();
    development?.ready();
    if (this.#intent.name === 'lingering') worker.send({ tsunicorn: 'linger' });
    const { candidate } = this.#reload;
    if (candidate?.number === worker.generation && this.#requiresCompanions(candidate))
      this.#try(candidate, worker, message);
    else this.#serves(worker, message);
    upgrade.serving(this.#readyCount >= this.#count);
  }

  #requiresCompanions({ companions, failure }: Generation): boolean {
    // Companions run only where the service serves.
    if (this.#intent.name !== 'serving' || failure) return false;
    return companions?.plans.some(({ required }) => required) ?? false;
  }

  #try(candidate: Generation, worker: WorkerHandle, message: ReadyMessage): void {
    this.#tried = { worker, message };
    const names = candidate.companions?.plans.flatMap(({ name, required }) => (required ? [name] : [])) ?? [];
    this.log.info(
      `The first worker of generation ${candidate.number} is ready; replacing its required companions before the other workers: ${names.join(', ')}`,
      { event: 'reload-tried', generation: candidate.number },
    );
  }

  /** The required companions of the trial have lasted, or are not run by this arbiter. */
  companionsProved(): void {
    if (this.trial !== null && this.#tried !== null) this.#serves(this.#tried.worker, this.#tried.message);
  }

  /** A required companion of the trial has failed. `reason` begins with its name. */
  companionFailed(reason: string): void {
    const { trial } = this;
    if (trial === null) return;
    const message = `companion ${reason}, and is required`;
    this.#reload.undo(message);
    this.log.error(`${UNDONE}: ${message}`, {
      event: 'reload-undone',
      reason: message,
      generation: trial.number,
    });
  }

  /** Whether it is the worker that waits for the companions of its generation. */
  isTried(worker: WorkerHandle): boolean {
    return this.trial !== null && this.#tried?.worker === worker;
  }

  #serves(worker: WorkerHandle, { urls, app }: ReadyMessage): void {
    const { candidate } = this.#reload;
    const begins = this.#intent.name === 'starting';
    const movesElsewhere = candidate?.number === worker.generation && this.#promote(candidate, app);
    if (movesElsewhere || begins) this.#sayListening(urlsOfAll(worker, this.#current.listeners, urls));
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
    const what = candidate.failure ? 'shows the error' : 'is ready';
    const from = app === undefined ? '' : `, from ${app}`;
    this.log.info(
      `Generation ${candidate.number} ${what}${from}: replacing the workers of the previous one`,
      {
        event: 'reload-promoted',
        generation: candidate.number,
        ...(app === undefined ? {} : { file: app }),
      },
    );
    this.#setCount(countAfter(workerCountOf(before, this.#count), candidate));
    return !sameListeners(candidate, before);
  }

  /** The first worker serves. */
  #begin(app: string | undefined): void {
    this.#intent = { name: 'serving' };
    if (app !== undefined) this.log.info(`Serving ${app}`, { event: 'application', file: app });
    giveSockets(this.#current);
    this.hooks.call('whenReady', (hook, view) => hook(view));
  }

  /** A worker was never ready: undoes a reload, halts a service that starts, delays the next try otherwise. */
  bootFailed(worker: WorkerHandle, failure: BootFailure, cause: EndCause = 'boot'): void {
    const { development } = this.#options;
    const { candidate } = this.#reload;
    const { exitStatus, message } = failure;
    const failed = [candidate, this.#current].find((one) => one?.number === worker.generation);
    const verdict = judgeBootFailure({
      generation: failed === undefined ? 'other' : failed === candidate ? 'candidate' : 'current',
      intent: this.#intent.name,
      exitStatus,
      development,
    });
    const said = withCode(message, failure.code);
    const fields = { ...failureFields(worker, failure), cause };
    if (failed === candidate) this.#reload.undo(message);
    switch (verdict) {
      case 'ignore':
        return;
      case 'await change':
        return this.#awaitChange(worker, failure, failed ?? this.#current);
      case 'undo reload': {
        const generation = worker.generation;
        return this.log.error(`${UNDONE}: ${said}`, { event: 'reload-undone', ...fields, generation });
      }
      case 'halt':
        this.log.critical(said, { event: 'boot-failed', ...fields });
        return this.stop('quick', exitStatus);
      case 'retry': {
        const retryMs = this.restarts.failed();
        const line = `${said}; next try ${inSeconds(retryMs)}`;
        return this.log.error(line, { event: 'boot-failed', ...fields, retryMs: Math.round(retryMs) });
      }
    }
  }

  /** In development: the failure is logged, and shown in the browser with --debug, until a change fixes it. */
  #awaitChange(worker: WorkerHandle, failure: BootFailure, failed: Generation): void {
    const { development } = this.#options;
    if (!development) return;
    const { debug } = this.#current.loaded.settings;
    const isShown = debug && failed.failure === undefined && !this.#reload.isUnderWay;
    if (this.#intent.name === 'starting') {
      // Another worker of the same generation has failed, and that was logged.
      if (development.isWaiting && failed === this.#current) return;
      development.wait();
    }
    const outcome = isShown ? SHOWN : development.isWaiting ? WAITING : UNDONE;
    this.log.error(`${outcome}: ${withCode(failure.message, failure.code)}`, {
      event: 'change-awaited',
      ...failureFields(worker, failure),
    });
    if (isShown) this.#reload.show(failure, this.#current);
  }

  /** Forgets the reload under way, if there is one, for this reason. */
  #dropReload(reason: string): void {
    const { underWay: generation } = this.#reload;
    if (this.#reload.abandon(reason))
      this.log.info(`The current reload is cancelled: ${reason}`, {
        event: 'reload-superseded',
        generation,
        reason,
      });
  }

  /** Wants `wanted` workers: at least one, and within --workers-min and --workers-max where they are set. */
  #want(wanted: number): void {
    const { scaling } = this.#current;
    const count = scaling ? scaling.allowed(wanted) : Math.max(1, wanted);
    const limit = count < wanted ? 'workers-max' : 'workers-min';
    if (count !== wanted)
      this.log.warning(
        `The number of workers ${count === this.#count ? 'stays' : 'becomes'} ${count}: ${scaling ? `${limit} is reached` : 'one is the minimum'}`,
        { event: 'scaling-limit', count, setting: scaling ? `--${limit}` : '--workers' },
      );
    this.#setCount(count);
  }

  #refuseToScale(): void {
    this.log.warning(
      `The number of workers stays ${this.#count}: each slot has a socket of its own ({slot} in --bind); change --workers and send HUP`,
      { event: 'scaling-limit', count: this.#count, setting: '--bind' },
    );
  }

  #setCount(count: number): void {
    const before = this.#count;
    if (count === before) return;
    this.#count = count;
    this.hooks.call('nworkersChanged', (hook, view) => hook(view, count, before));
  }

  /** Logs that a signal, or the command that means the same, is not acted on, because of the present intent. */
  #refuse(signal: 'HUP' | 'TTIN' | 'TTOU' | 'WINCH' | 'TERM', command: string | null = null): void {
    const reason = unchangedBecause(this.#intent);
    if (command !== null)
      return this.log.warning(`${command} refused, nothing was changed: ${reason}`, {
        event: 'command-refused',
        ...{ command, reason },
      });
    this.log.warning(`${signal} refused, nothing was changed: ${reason}`, {
      event: 'signal-refused',
      signal: `SIG${signal}`,
      reason,
    });
  }

  #sayListening(addresses: readonly string[]): void {
    this.log.info(`Listening at: ${addresses.join(', ')} (${process.pid})`, {
      event: 'listening',
      addresses,
    });
  }
}

/** The sockets for the log, by what the worker tells of its own, and what that means for those of other slots. */
function urlsOfAll(
  worker: WorkerHandle,
  listeners: readonly Listener[],
  urls: readonly string[],
): readonly string[] {
  const [others = ''] = urls.flatMap((url) => /^(?:https|tcp|tls):/.exec(url)?.[0] ?? []);
  const told = listeners.map((listener) => {
    const at = worker.listeners.indexOf(listener);
    return at < 0 ? others : (urls[at] ?? '');
  });
  return describeListeners(listeners, told);
}
