import { Arbiter } from '../../src/arbiter/arbiter.ts';
import { Development } from '../../src/arbiter/change/development.ts';
import { addressesOf, type Generation, type Prepared } from '../../src/arbiter/change/generation.ts';
import { newArbiters } from '../../src/arbiter/change/new-arbiter.ts';
import type { ArbiterEvent, ArbiterSignal } from '../../src/arbiter/events.ts';
import type { UpgradeOptions } from '../../src/arbiter/options.ts';
import { deadlineOf } from '../../src/arbiter/policy/worker-state.ts';
import { Scaling } from '../../src/arbiter/scaling.ts';
import { spawnWorker, type WorkerHandle } from '../../src/arbiter/workers/handle.ts';
import type { Listener } from '../../src/listeners/listener.ts';
import { readSettings } from '../../src/main/read-settings.ts';
import type { Spawn } from '../../src/process/child.ts';
import type { PeerMessage } from '../../src/process/peer.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { Hooks } from '../../src/settings/hooks.ts';
import { at, Chance } from './chance.ts';
import { SimulatedClock, type Timer } from './clock.ts';
import { CompanionGroups, CompanionModel, drawCompanions, PeerModel } from './companions.ts';
import { drawSettings, load, redraw } from './configuration.ts';
import type { Coverage } from './coverage.ts';
import { Invariants } from './invariants.ts';
import { Machine, type Process } from './machine.ts';
import type { Happening, Operation } from './operations.ts';
import { type NewArbiterFate, NewArbiterModel, ReaderModel, type Reading } from './other-models.ts';
import { drawPlaces, SideListens } from './side-listens.ts';
import { SilentLog } from './silent-log.ts';
import { Sockets } from './sockets.ts';
import { WatchedQueue, watchState } from './watched.ts';
import { type Application, WorkerModel } from './worker-model.ts';

const OLD_ARBITER = 7;
/** Long enough for a change of files to be reported, and too short for deadlines to be extended. */
const STANDSTILL_MS = 60;

function kept<T>(all: T[], one: T): T {
  all.push(one);
  return one;
}

/** What the seed does not decide. */
export interface Beginning {
  readonly settings?: Partial<Settings>;
  /** Whether it is the new arbiter of an upgrade. */
  readonly oldArbiter?: boolean;
  readonly companions?: boolean;
}

/** A whole service on a simulated machine: the real arbiter and its handles of workers, and models of everything else. */
export class World {
  readonly seed: number;
  readonly clock = new SimulatedClock(1_000_000);
  readonly machine: Machine;
  readonly sockets: Sockets;
  readonly sideListens = new SideListens();
  readonly companions = new CompanionGroups((what) => this.invariants.fail(what));
  readonly hasCompanions: boolean;
  readonly queue = new WatchedQueue(this.clock.arbiters);
  readonly log: SilentLog;
  /** The models of every process that there ever was, by kind. */
  readonly workerModels: WorkerModel[] = [];
  readonly readers: ReaderModel[] = [];
  readonly newArbiters: NewArbiterModel[] = [];
  /** Every worker that the arbiter ever had. */
  readonly workers: WorkerHandle[] = [];
  readonly development: Development | null;
  readonly arbiter: Arbiter;
  readonly invariants: Invariants;
  readonly coverage: Coverage;
  /** The present configuration, whether it was read or not. */
  settings: Partial<Settings>;
  isCalm = false;
  /** The exit status once the arbiter has ended. */
  status: number | null = null;
  steps = 0;
  /** A number that two runs of one schedule share, if they did the same at the same times. */
  digest = 0;
  readonly oldArbiter: number | null;
  watcher: 'none' | 'open' | 'closed' = 'none';
  readonly #oldPeer: PeerModel | null;
  #reads = 0;
  #isOldArbiterGone = false;
  #isOldArbiterTold = false;
  #reading: Reading['name'] = 'answers';
  #application: Application = 'good';
  #places: readonly string[];
  #newArbiterFate: NewArbiterFate = 'serves';
  #utilisation = 0.3;
  #blockMs = 0;
  #changed: (file: string) => void = () => {};

  constructor(seed: number, coverage: Coverage, { settings, oldArbiter, companions }: Beginning = {}) {
    const chance = new Chance(seed, 1);
    this.seed = seed;
    this.coverage = coverage;
    this.settings = { ...drawSettings(chance), ...settings };
    this.#places = drawPlaces(new Chance(seed, 5));
    this.hasCompanions = companions ?? new Chance(seed, 6).happens(0.25);
    this.oldArbiter = (oldArbiter ?? chance.happens(0.15)) ? OLD_ARBITER : null;
    if (chance.happens(0.1) && !settings) this.#application = chance.of(['fails', 'flaky', 'exits', 'hangs']);
    this.machine = new Machine(this.clock, (...process) => this.#run(...process));
    this.sockets = new Sockets(this.clock, () =>
      this.workers.flatMap(({ state, listeners }) => (state.name === 'exited' ? [] : listeners)),
    );
    this.log = new SilentLog();
    const first = this.#first(chance);
    this.invariants = new Invariants(this, first);
    this.log.failed = (what) => this.invariants.fail(what);
    this.queue.onTaken = (event) => this.#took(event);
    this.development = this.#development(first);
    this.arbiter = this.#arbiter(first);
    this.#oldPeer = this.oldArbiter !== null && this.hasCompanions ? this.#peer(true, 7) : null;
    void this.arbiter.run().then((status) => {
      this.status = status;
    });
  }

  /** Lets everything run that can run now, and checks the invariants. */
  async settle(): Promise<void> {
    this.steps++;
    await new Promise((resolve) => setImmediate(resolve));
    this.invariants.afterStep();
  }

  /** Fires one timer, and runs all that follows at once. */
  async fire(): Promise<void> {
    this.clock.take()?.fire?.();
    await this.settle();
  }

  /** Lets `ms` pass, timer by timer. */
  async wait(ms: number): Promise<void> {
    const untilMs = this.clock.now() + ms;
    while (this.clock.nextMs <= untilMs && this.goesOn) await this.fire();
    this.clock.pass(Math.max(0, untilMs - this.clock.now()));
  }

  get goesOn(): boolean {
    return this.status === null && this.invariants.failure === null;
  }

  async perform(operation: Operation): Promise<void> {
    switch (operation.op) {
      case 'run':
        for (let left = operation.timers; left > 0 && this.goesOn; left--) await this.fire();
        return;
      case 'wait':
        return this.wait(operation.ms);
      case 'freeze':
        return this.#freeze(operation);
      case 'expire':
        return this.#expire(operation);
      case 'sleep':
        this.clock.pass(operation.ms);
        this.invariants.forgive(operation.ms);
        return this.settle();
      default:
        this.#happen(operation);
        return this.settle();
    }
  }

  /** From now on every process behaves well, and nothing fails. */
  heal(): void {
    this.isCalm = true;
    this.#application = 'good';
    this.#reading = 'answers';
    this.#newArbiterFate = 'serves';
    this.#utilisation = 0.3;
    this.#blockMs = 0;
    this.sockets.next = 'at once';
    this.machine.refusals.length = 0;
    this.#oldArbiterGone();
    for (const process of this.machine.living) process.heal();
  }

  #happen(operation: Happening): void {
    switch (operation.op) {
      case 'signals':
        return this.#signal(operation.signals);
      case 'ask':
        return this.#ask(operation);
      case 'say': {
        const worker = at(operation.of === 'all' ? this.workerModels : this.#livingWorkers, operation.who);
        for (const message of operation.messages) {
          if (message.tsunicorn === 'stalled') worker?.warn(message);
          else worker?.say(message);
        }
        return;
      }
      case 'die':
        return at(this.#livingWorkers, operation.who)?.die(operation.how);
      case 'stick': {
        const worker = at(this.#livingWorkers, operation.who);
        if (worker) worker.isStuck = true;
        return;
      }
      case 'leave':
        return at(this.#livingWorkers, operation.who)?.leave('signal');
      case 'refuse':
        return void this.machine.refusals.push(...operation.failures);
      case 'deploy':
        this.#application = operation.application;
        return;
      case 'configure':
        this.settings = operation.settings
          ? { ...this.settings, ...operation.settings }
          : redraw(this.settings, new Chance(this.seed, operation.seed));
        this.#reading = operation.reading;
        this.#places = drawPlaces(new Chance(this.seed, operation.seed, 5));
        return;
      case 'bind':
        this.sockets.next = operation.next;
        return;
      case 'new arbiters':
        this.#newArbiterFate = operation.fate;
        return;
      case 'new arbiter dies': {
        const { how } = operation;
        const newArbiter = this.newArbiters.find(({ isAlive }) => isAlive);
        return typeof how === 'number' ? newArbiter?.end(how) : newArbiter?.end(null, how);
      }
      case 'new arbiter acts':
        return this.newArbiters.find(({ isAlive }) => isAlive)?.act();
      case 'old arbiter':
        if (operation.is === 'gone') this.#oldArbiterGone();
        else {
          this.#isOldArbiterGone = true;
          this.#oldPeer?.ended(this.seed % 2 === 0);
        }
        return;
      case 'save':
        return this.#changed(this.seed % 2 ? '/app/app.ts' : '/app/tsunicorn.config.ts');
      case 'load':
        this.#utilisation = operation.utilisation;
        return;
      case 'block':
        this.#blockMs = operation.ms;
        return;
    }
  }

  /** Lets time pass until shortly before the deadline of a worker, and stops the arbiter past it. */
  async #expire({ who, ...found }: Operation & { op: 'expire' }): Promise<void> {
    const bounded = this.workers.filter((worker) => deadlineOf(worker) < Infinity);
    const worker = at(bounded, who);
    const leftMs = worker === undefined ? 0 : deadlineOf(worker) - this.clock.now();
    if (leftMs < STANDSTILL_MS || leftMs > 20_000) return;
    await this.wait(leftMs - STANDSTILL_MS + 1);
    if (this.goesOn) await this.#freeze({ ...found, ms: STANDSTILL_MS });
  }

  #ask({ what: name, who, count }: Operation & { op: 'ask' }): void {
    const held = this.workers.filter(({ heldUntilMs }) => heldUntilMs !== undefined);
    const living = this.workers.filter(({ state }) => state.name !== 'exited');
    const age = at(name === 'release' && held.length > 0 ? held : living, who)?.age ?? 0;
    const more = { age, count, forMs: count * 10_000 };
    this.machine.deliver(() => this.queue.push({ type: 'asked', command: { name, ...more } }));
  }

  #signal(signals: readonly ArbiterSignal[]): void {
    for (const signal of signals) this.queue.push({ type: 'signal', signal });
  }

  /** The arbiter is stopped while every other process goes on. */
  async #freeze({ ms, signals, order, during }: Omit<Operation & { op: 'freeze' }, 'op'>): Promise<void> {
    const untilMs = this.clock.now() + ms;
    const late: Timer[] = [];
    this.machine.freeze();
    for (const happening of during) this.#happen(happening);
    this.invariants.forgive(ms);
    while (this.clock.nextMs <= untilMs) {
      const timer = this.clock.take();
      if (timer?.isArbiters) late.push(timer);
      else timer?.fire?.();
    }
    this.clock.pass(Math.max(0, untilMs - this.clock.now()));
    this.machine.thaw(
      signals.map((signal) => () => this.queue.push({ type: 'signal', signal })),
      order,
    );
    for (const { fire } of late) fire?.();
    await this.settle();
  }

  #took(event: ArbiterEvent | null): void {
    const kind = event === null ? 0 : event.type.length + event.type.charCodeAt(0);
    const who = event !== null && 'worker' in event ? event.worker : 0;
    this.digest = Math.imul(this.digest ^ (kind + who * 31 + Math.round(this.clock.now())), 16_777_619);
    this.invariants.took(event);
    if (event) this.coverage.took(this, event);
  }

  get #livingWorkers(): readonly WorkerModel[] {
    return this.workerModels.filter(({ isAlive }) => isAlive);
  }

  #oldArbiterGone(): void {
    if (this.oldArbiter === null || this.#isOldArbiterTold) return;
    this.#isOldArbiterGone = true;
    this.#isOldArbiterTold = true;
    this.#oldPeer?.ended(this.seed % 2 === 0);
    this.machine.deliver(() => this.queue.push({ type: 'oldArbiterGone' }));
  }

  #run(machine: Machine, call: Parameters<Spawn>, pid: number): Process {
    const chance = new Chance(this.seed, 2, pid);
    const line = [call[0], ...call[1]].join(' ');
    if (/\breader\.[jt]s\b/.test(line)) {
      const name = this.#reading;
      const reading: Reading = name === 'answers' ? { name, loaded: load(this.settings) } : { name };
      return kept(this.readers, new ReaderModel(reading, chance, machine, call, pid));
    }
    if (call[0] === 'companion')
      return new CompanionModel(this.companions, this.isCalm, chance, machine, call, pid);
    if (!/\bentry\.[jt]s\b/.test(line)) {
      const peer = this.hasCompanions
        ? (tell: (message: PeerMessage) => void) => this.#peer(false, pid, tell)
        : null;
      return kept(
        this.newArbiters,
        new NewArbiterModel({ fate: this.#newArbiterFate, peer }, chance, machine, call, pid),
      );
    }
    const surroundings = {
      application: this.#application,
      load: () => this.#utilisation,
      isCalm: () => this.isCalm,
      sideListens: this.sideListens,
      places: this.#places,
      failed: (what: string) => this.invariants.fail(what),
    };
    return kept(this.workerModels, new WorkerModel(surroundings, chance, machine, call, pid));
  }

  #peer(owns: boolean, seed: number, tell?: (message: PeerMessage) => void): PeerModel {
    return new PeerModel({
      ...{ groups: this.companions, clock: this.clock, chance: new Chance(this.seed, 7, seed), owns },
      tell: tell ?? ((message) => this.machine.deliver(() => this.queue.push({ type: 'peer', message }))),
    });
  }

  #drawCompanions(): Pick<Prepared, 'companions'> {
    return this.hasCompanions ? drawCompanions(new Chance(this.seed, 8, this.#reads++)) : {};
  }

  #first(chance: Chance): Generation {
    const loaded = load(this.settings);
    const listeners = addressesOf(loaded).map((address) => this.sockets.hold(address));
    if (this.oldArbiter !== null) for (const listener of listeners) listener.setShared(true);
    return {
      number: 1,
      loaded,
      hooks: this.#hooks(chance),
      listeners,
      ...this.#scalingOf(load(this.settings)),
      ...this.#drawCompanions(),
    };
  }

  #hooks(chance: Chance): Hooks {
    if (chance.happens(0.5)) return {};
    const hook = () => {
      this.clock.pass(this.#blockMs);
      this.invariants.forgive(this.#blockMs);
      this.#blockMs = 0;
      if (this.seed % 5 === 0) throw new Error('a hook that throws');
    };
    return {
      preFork: hook,
      childExit: hook,
      nworkersChanged: hook,
      onReload: hook,
      whenReady: hook,
      preExec: hook,
    };
  }

  #scalingOf({ settings }: Generation['loaded']): Pick<Generation, 'scaling'> {
    return settings.workersMax === null ? {} : { scaling: new Scaling(settings, this.clock.arbiters) };
  }

  async #prepare(signal: AbortSignal): Promise<Prepared> {
    const input = { argv: [], env: {}, cwd: '/', sockets: [] };
    const means = { spawn: this.machine.spawn, clock: this.clock.arbiters };
    this.invariants.reload.read();
    const loaded = await readSettings(input, signal, means);
    const hooks = this.#hooks(new Chance(this.seed, 3));
    return { loaded, hooks, ...this.#scalingOf(loaded), ...this.#drawCompanions() };
  }

  #upgradeOptions(): UpgradeOptions {
    const { start, tell } = newArbiters(this.machine.spawn);
    return {
      oldArbiter: this.oldArbiter,
      workerCount: this.oldArbiter === null ? null : { count: 2, setting: 2, followsLoad: false },
      isOldArbiterGone: () => this.#isOldArbiterGone,
      start: (listeners, workerCount, emit) => {
        this.invariants.upgrade.started(listeners.filter((one): one is Listener => 'isShared' in one));
        start({ argv: [], env: {}, cwd: '/', namedCwd: '/' }, { listeners, workerCount }, emit);
      },
      tell: (message) => {
        if (!tell(message)) this.#oldPeer?.told(message);
      },
      mayBeResize: () => this.seed % 7 === 0,
      serving: () => {},
      upgraded: (pid) => this.invariants.upgrade.upgraded(pid),
      ended: (pid) => {
        if (pid !== null) this.invariants.upgrade.ended(pid);
      },
      rolledBack: () => this.invariants.upgrade.rolledBack(),
      alone: () => this.invariants.upgrade.alone(),
    };
  }

  #development(first: Generation): Development | null {
    if (!this.settings.reload) return null;
    return new Development({
      first,
      clock: this.clock.arbiters,
      emit: (event) => this.queue.push(event),
      settingsFiles: () => ['/app/tsunicorn.config.ts'],
      sinceMs: 0,
      watcher: (changed) => {
        this.watcher = 'open';
        this.#changed = changed;
        return {
          watch: () => {},
          close: () => {
            this.watcher = 'closed';
          },
        };
      },
    });
  }

  #spawn(order: Parameters<typeof spawnWorker>[0]): WorkerHandle {
    const worker = watchState(
      spawnWorker(order, { spawn: this.machine.spawn, clock: this.clock, environment: {} }),
      (transition) => this.invariants.changed(transition),
    );
    this.workers.push(worker);
    this.invariants.spawned(worker);
    return worker;
  }

  #arbiter(first: Generation): Arbiter {
    const chance = new Chance(this.seed, 4);
    return new Arbiter({
      first,
      queue: this.queue,
      clock: this.clock.arbiters,
      log: this.log,
      random: () => chance.fraction(),
      observe: (status) => this.invariants.observed(status),
      upgrade: this.#upgradeOptions(),
      judgeKill: () => null,
      isStopped: (pid) => pid % 7 === 0,
      lost: { write: () => {}, forward: () => {} },
      system: {
        spawn: this.machine.spawn,
        signalGroup: this.companions.signalGroup,
        wallMs: () => this.clock.now(),
      },
      development: this.development,
      prepare: (signal) => this.#prepare(signal),
      bindAll: this.sockets.bindAll,
      // Its hooks always return, and a time limit for each would take a third of the steps.
      callWithin: (_limitMs, call) => call(),
      spawn: (order) => this.#spawn(order),
      setLogLevel: () => {},
      promoted: (generation, before) => this.invariants.promoted(generation, before),
    });
  }
}
