import type { Application } from '../src/app/application.ts';
import type { Program } from '../src/app/script/load-program.ts';
import { FlightTable } from '../src/flights/table.ts';
import type { Readiness } from '../src/http/ready-path.ts';
import type { WorkerLog } from '../src/log/records.ts';
import { flushCompileCache } from '../src/process/compile-cache.ts';
import type { BootSpec } from '../src/process/ipc/boot-spec.ts';
import type { Instigator } from '../src/process/ipc/messages.ts';
import { moreUrgent, type Retirement } from '../src/process/ipc/retirement.ts';
import type { Spans } from '../src/spans/spans.ts';
import { backgroundClock, type Clock, systemClock } from '../src/support/clock.ts';
import { EXIT } from '../src/support/errors.ts';
import { explainExit } from './boot/early-exit.ts';
import { explainFailure } from './boot/failure.ts';
import { guardProcess } from './boot/host.ts';
import { Loader } from './boot/loader.ts';
import {
  filesOf,
  findServed,
  provePath,
  queueLimitOf,
  readinessOf,
  readyMessageOf,
  tellCode,
} from './boot/loading.ts';
import { observersFor } from './boot/observers.ts';
import { spansOf } from './boot/open-spans.ts';
import type { ReadyMessage } from './boot/ready-message.ts';
import { SideDoor } from './boot/side-door.ts';
import { TlsOpening } from './boot/tls-opening.ts';
import { classOf } from './classes/classes.ts';
import { errorPage, followImports } from './develop/create.ts';
import type { ModuleGraph } from './develop/module-graph.ts';
import { settleBeforeEnd } from './end/before-end.ts';
import { Ending, LEAST_ENDING_MS } from './end/ending.ts';
import { Hold } from './end/hold.ts';
import { UncaughtLog } from './end/uncaught.ts';
import type { Counting } from './health/counting.ts';
import { Heartbeat } from './health/heartbeat.ts';
import { InspectedByItself } from './health/inspect/by-itself.ts';
import { watchRequests } from './health/watch-requests.ts';
import { WorkerHooks } from './hooks.ts';
import type { Inbox, WorkerEvent } from './inbox.ts';
import { type Logs, openLogs } from './logs.ts';
import { finish, isBooting, type Phase } from './phase.ts';
import { createRecycler } from './recycle/create.ts';
import type { Recycler } from './recycle/recycler.ts';
import type { Serve, Serving } from './serving.ts';

/** After an uncaught exception the state cannot be trusted, so the worker's other requests get only this long to finish. */
const CRASH_GRACE_MS = 5000;
/** A worker that has served nobody gets this long at most: the arbiter kills it after two seconds. */
const UNSERVED_GRACE_MS = 1500;

/** Takes the boot message and runs the worker, which ends the process; calls `allLoaded` before any code of the user's runs. */
export async function runWorker(
  inbox: Inbox,
  allLoaded: () => void,
  program: Program | null = null,
): Promise<void> {
  const spec = await inbox.bootSpec();
  if (spec === null) return;
  if (spec.identity !== null)
    await (await import('./boot/confirm-identity.ts')).confirmIdentity(inbox, spec.identity);
  const counting = await countingOf(spec, inbox);
  await new Worker(inbox, spec, await openLogs(spec, counting?.logged), systemClock, program, counting).boot(
    allLoaded,
  );
}

/** What the worker counts; null where nobody asks for figures. */
async function countingOf(spec: BootSpec, inbox: Inbox): Promise<Counting | null> {
  if (spec.counters === undefined) return null;
  const { startCounting } = await import('./health/counting.ts');
  return startCounting(spec, spec.counters, inbox);
}

/** What every worker class shares: boot, heartbeat, signals, drain, exit. */
class Worker {
  readonly #inbox: Inbox;
  readonly #spec: BootSpec;
  readonly #logs: Logs;
  readonly #log: WorkerLog;
  readonly #clock: Clock;
  /** Absent if an export of the application is imported. */
  readonly #program: Program | null;
  readonly #counting: Counting | null;
  readonly #uncaught: UncaughtLog;
  readonly #hooks: WorkerHooks;
  readonly #flights = new FlightTable();
  readonly #heartbeat: Heartbeat;
  readonly #sides: SideDoor;
  readonly #loader: Loader;
  readonly #tls = new TlsOpening();
  readonly #inspected: InspectedByItself;
  readonly #hold = new Hold();
  #phase: Phase = { name: 'booting' };
  #readiness: Readiness | null = null;
  /** With --wait-ready only. */
  #readyMessage: ReadyMessage | null = null;
  #recycler: Recycler | null = null;
  /** In development only. */
  #modules: ModuleGraph | null = null;
  /** The files that the applications were loaded from. */
  #files: readonly string[] = [];
  #exitStatus: number = EXIT.ok;
  #spans: Spans | null = null;

  constructor(
    inbox: Inbox,
    spec: BootSpec,
    logs: Logs,
    clock: Clock,
    program: Program | null,
    counting: Counting | null,
  ) {
    this.#inbox = inbox;
    this.#spec = spec;
    this.#logs = logs;
    this.#log = logs.log;
    this.#clock = clock;
    this.#program = program;
    this.#counting = counting;
    if (counting !== null) logs.countBy(counting.levelled);
    this.#uncaught = new UncaughtLog(logs.log);
    this.#sides = new SideDoor(spec, logs.log, (message, socket) => void inbox.send(message, socket));
    this.#loader = new Loader({ spec, program, sides: this.#sides, log: logs.log, logs });
    this.#inspected = new InspectedByItself((part) => void inbox.send(part));
    const { age, slot, generation, settings } = spec;
    this.#hooks = new WorkerHooks({ pid: process.pid, age, slot, generation, log: logs.log });
    // While a program loads, the process is to look as idle as it would be without us.
    const counters = counting?.shared ?? null;
    this.#heartbeat = new Heartbeat({
      ...{ inbox, spec, flights: this.#flights, logs, counters },
      clock: backgroundClock,
    });
    process.title = settings.name === null ? 'tsunicorn: worker' : `tsunicorn: worker [${settings.name}]`;
    process.on('uncaughtException', (error, origin) => this.#crashed(error, origin));
    settleBeforeEnd(logs, spec.watchdogFd, this.#flights);
    if (program !== null) process.on('exit', (status) => this.#exitedEarly(program, status));
    inbox.deliverTo((event) => this.#handle(event));
  }

  async boot(allLoaded: () => void): Promise<void> {
    try {
      const [serve] = await Promise.all([classOf(this.#spec), this.#loader.loadCode()]);
      allLoaded();
      const serving = await this.#start(serve);
      // The worker was told to quit while the sockets were being opened.
      if (this.#phase.name !== 'opening') return;
      const { leave } = this.#phase;
      this.#phase = { name: 'serving', serving, asked: 'nothing' };
      if (leave) return this.#leave(leave);
      this.#sides.closeUnused();
      await this.#heartbeat.announceReady(serving, this.#files[0] ?? null);
      watchRequests(this.#spec.settings, serving.connections, this.#log, this.#clock);
      this.#recycler?.begin((reason) => this.#say('outgoing', reason, 'itself'));
      await this.#counting?.serves(serving);
      flushCompileCache();
    } catch (error) {
      await this.#bootFailed(error);
    }
  }

  async #start(serve: Serve): Promise<Serving> {
    const { settings, failure } = this.#spec;
    guardProcess(this.#log, this.#program !== null);
    this.#readyMessage = await readyMessageOf(this.#spec);
    this.#modules = await followImports(settings, (loaded) => void this.#inbox.send(loaded));
    if (!failure) await this.#hooks.load(this.#spec);
    else await this.#loader.followFailure();
    await this.#hooks.call('postFork');
    const accessLog = await this.#logs.openAccess(this.#flights);
    this.#readiness = await readinessOf(settings);
    this.#recycler = await createRecycler(settings, this.#log, this.#clock);
    const count = this.#counting?.requests ?? null;
    this.#spans = await spansOf(settings, this.#log, this.#counting?.spansLost ?? null);
    const tls = await this.#tls.open(this.#spec.tls, () => ({
      settings,
      ...{ sslContext: this.#hooks.all.sslContext, log: this.#log, clock: this.#clock },
    }));
    const queueLimit = await queueLimitOf(settings, { count, log: this.#log, clock: this.#clock });
    const files = await filesOf(settings, this.#log, this.#clock);
    return serve({
      settings,
      listeners: () => this.#loader.listeners,
      ownDoor: () => this.#loader.ownDoor,
      observers: observersFor(accessLog, this.#hooks.all, this.#hooks.view, this.#recycler?.observer),
      flights: accessLog === null && this.#spec.watchdogFd !== null ? this.#flights : null,
      trace: this.#spans?.trace ?? null,
      count,
      accessLog,
      log: this.#log,
      applicationLog: this.#logs.log,
      clock: this.#clock,
      onError: this.#logs.applicationFailed,
      queueLimit,
      tls,
      guard: (handler) => {
        const limited = queueLimit?.guard(handler) ?? handler;
        // A file takes no turn and no thread of the application's.
        const served = files?.(limited) ?? limited;
        return this.#readiness?.guard(served) ?? served;
      },
      fail: (reason) => this.#fail(reason),
      report: this.#modules?.take ?? null,
      answerFailure: await errorPage(settings),
      load: () => this.#loader.load(),
      initialised: () => this.#hooks.call('postWorkerInit'),
      prove: (application, close) => this.#prove(application, close),
    });
  }

  async #prove(application: Application, close: Serving['close']): Promise<void> {
    const { settings, failure } = this.#spec;
    // A server that cannot listen is a failure to boot, and not of a worker that serves.
    await this.#sides.settled();
    if (!failure) {
      this.#files = await findServed(settings, this.#program);
      await this.#readyMessage?.within(settings, this.#clock, this.#program?.listens.summary ?? '');
      await provePath(application, settings, this.#log, this.#clock);
      tellCode(this.#files, this.#spec, (code) => void this.#inbox.send(code));
    }
    // The worker has begun to end: what it accepted now would be cut when its last hook is done.
    if (this.#phase.name !== 'booting') return new Promise(() => {});
    if (settings.spareWorkers > 0) return this.#standBy(close);
    this.#phase = { name: 'opening', leave: null };
  }

  /** Resolves when the arbiter tells the worker to serve. */
  #standBy(close: Serving['close']): Promise<void> {
    return new Promise((open) => {
      const accept = () => {
        this.#phase = { name: 'opening', leave: null };
        open();
      };
      this.#phase = { name: 'standby', accept, close };
      this.#sides.closeUnused();
      void this.#heartbeat.announceStandby();
    });
  }

  #accept(slot: number): void {
    if (this.#phase.name !== 'standby') return;
    this.#program?.cluster.serveIn(slot);
    this.#hooks.serveIn(slot);
    this.#counting?.serveIn(slot);
    this.#logs.serveIn(slot);
    this.#phase.accept();
  }

  #handle(event: WorkerEvent): void {
    switch (event.tsunicorn) {
      case 'accept':
        return this.#accept(event.slot);
      case 'retire':
        return this.#leave(event);
      case 'linger':
        return this.#readiness?.turnOff();
      case 'quit':
        void this.#hooks.call('workerInt');
        return void this.#exit(0);
      case 'reopenLogs':
        return this.#logs.reopen();
      case 'logLevel':
        return this.#logs.setLevel(event.level);
      case 'follow':
        return this.#logs.follow(event.followed);
      case 'hold':
        return this.#hold.for(event.forMs);
      case 'certificates':
      case 'ticketKeys':
        return this.#tls.change(event);
      case 'inspect':
      case 'stopInspecting':
        return void this.#inspected.take(event);
      case 'given':
        return this.#sides.answered(event.answer, event.socket);
      case 'orphaned':
        this.#hold.for(0);
        if (this.#phase.name === 'serving')
          this.#log.warning('The arbiter has exited: finishing the requests', { event: 'arbiter-gone' });
        return this.#leave({ purpose: 'stop', emptyQueue: true, graceMs: this.#graceMs });
      case 'signal':
        return this.#signalled(event.signal);
    }
  }

  /** Handles a signal that was sent to this worker alone; the arbiter uses the channel. */
  #signalled(signal: NodeJS.Signals): void {
    switch (signal) {
      case 'SIGTERM':
        return this.#askToLeave();
      case 'SIGUSR1':
        return this.#logs.reopen();
      case 'SIGABRT':
        void this.#hooks.call('workerAbort');
        this.#logs.settle('SIGABRT');
        this.#logs.flush();
        return process.abort();
      default:
        void this.#hooks.call('workerInt');
        this.#say('leaving', signal, 'signal');
        void this.#exit(0);
    }
  }

  /** TERM: the worker serves until its replacement is ready. A second TERM does not wait for that. */
  #askToLeave(): void {
    const phase = this.#phase;
    if (phase.name === 'serving' && phase.asked === 'nothing' && process.connected) {
      this.#phase = { ...phase, asked: 'replacement' };
      return this.#say('outgoing', 'SIGTERM', 'signal');
    }
    this.#say('leaving', 'SIGTERM', 'signal');
    const purpose = process.connected ? 'replace' : 'stop';
    this.#leave({ purpose, emptyQueue: false, graceMs: this.#graceMs });
  }

  #say(tsunicorn: 'outgoing' | 'leaving', reason: string, by: Instigator): void {
    void this.#inbox.send({ tsunicorn, reason, by });
  }

  #leave(how: Retirement): void {
    const phase = this.#phase;
    const shortMs = Math.min(how.graceMs, UNSERVED_GRACE_MS);
    switch (phase.name) {
      case 'booting':
        return void this.#exit(shortMs);
      case 'standby':
        return void this.#exit(shortMs, phase.close);
      case 'opening': {
        const { leave } = phase;
        const purpose = leave ? moreUrgent(leave.purpose, how.purpose) : how.purpose;
        this.#phase = { name: 'opening', leave: { ...(leave ?? how), purpose } };
        return;
      }
      case 'serving':
        return this.#drain(phase.serving, how);
      case 'leaving':
        phase.draining.hasten(how);
        return this.#heartbeat.leaveWithin(phase.draining.leftMs);
      case 'exiting':
        return phase.hasten(how.graceMs);
    }
  }

  #drain(serving: Serving, how: Retirement): void {
    const purpose = moreUrgent(how.purpose, this.#recycler?.purpose ?? 'replace');
    const draining = serving.drain({ ...how, purpose });
    this.#phase = { name: 'leaving', draining };
    this.#recycler?.end();
    this.#heartbeat.leaveWithin(how.graceMs);
    const sidesEnded = this.#sides.drain(how.graceMs, this.#clock);
    void finish(draining, this.#logs)
      .then(() => this.#hold.ended(() => void this.#inbox.send({ tsunicorn: 'drained' })))
      .then(() => sidesEnded(() => draining.leftMs))
      .then(() => this.#exit(Math.max(LEAST_ENDING_MS, draining.leftMs), serving.close));
  }

  #crashed(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
    if (isBooting(this.#phase)) return void this.#bootFailed(error);
    // It is ended while it boots, mostly since another one has told why none can: what it meets now would be said twice.
    if (this.#phase.name === 'exiting' && this.#phase.after === 'booting') return;
    const what = origin === 'unhandledRejection' ? 'Unhandled rejection' : 'Uncaught exception';
    this.#uncaught.note({ what, error });
    this.#fail(what.toLowerCase());
  }

  /** Leaves without having been told to; what else is in flight gets a little time. */
  #fail(reason: string): void {
    if (this.#exitStatus !== EXIT.ok) return;
    this.#exitStatus = 1;
    this.#say('leaving', reason, 'itself');
    this.#leave({
      purpose: 'hurry',
      emptyQueue: false,
      graceMs: Math.min(CRASH_GRACE_MS, this.#graceMs),
    });
  }

  /** Nobody catches what a main module throws: it is explained like what an import throws. */
  async #explained(error: unknown): Promise<unknown> {
    if (this.#program === null) return error;
    const { main, listens } = this.#program;
    const text = this.#name ?? '';
    const place = listens.failedAt(error);
    if (place === null) return main.explain(text, error);
    const { explainListen } = await import('../src/app/script/explain-listen.ts');
    return explainListen(text, place, error);
  }

  /** The program ends itself. */
  #exitedEarly({ listens }: Program, status: number): void {
    if (!isBooting(this.#phase)) return;
    const failure = explainExit(this.#name ?? '', status, listens.summary);
    void this.#inbox.send({ tsunicorn: 'bootFailed', ...failure });
  }

  async #bootFailed(error: unknown): Promise<void> {
    if (!isBooting(this.#phase)) return;
    const whence = this.#phase.name === 'standby' ? 'while it stood by' : undefined;
    this.#phase = { name: 'exiting', after: 'booting', hasten: () => {} };
    const explained = await this.#explained(error);
    const served = { ...this.#spec.settings, app: this.#name };
    const failure = await explainFailure(explained, this.#modules, served, whence);
    await Promise.all([this.#inbox.send({ tsunicorn: 'bootFailed', ...failure }), this.#logs.close()]);
    process.exit(failure.exitStatus);
  }

  /** Runs what must run last, at most `graceMs` long, and ends the process. */
  async #exit(graceMs: number, close?: Serving['close']): Promise<void> {
    if (this.#phase.name === 'exiting') return;
    const { termination } = this.#inbox;
    const ending = new Ending({
      ...{ graceMs, termination, close },
      ...{ hooks: this.#hooks, spans: this.#spans, logs: this.#logs, clock: this.#clock },
    });
    const after = isBooting(this.#phase) ? 'booting' : 'serving';
    this.#phase = { name: 'exiting', after, hasten: (ms) => ending.hasten(ms) };
    await ending.run();
    this.#logs.flush();
    process.exit(this.#exitStatus);
  }

  /** How messages name the application; null where none is set. */
  get #name(): string | null {
    const { app } = this.#spec.settings;
    return app === null ? null : (this.#program?.main.nameFor(app) ?? app);
  }

  get #graceMs(): number {
    return this.#spec.settings.gracefulTimeout * 1000;
  }
}
