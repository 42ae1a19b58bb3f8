import { Arbiter } from '../../src/arbiter/arbiter.ts';
import { Development } from '../../src/arbiter/change/development.ts';
import type { Generation, Prepared } from '../../src/arbiter/change/generation.ts';
import { type ArbiterSignal, EventQueue } from '../../src/arbiter/events.ts';
import type { UpgradeOptions } from '../../src/arbiter/options.ts';
import { Scaling } from '../../src/arbiter/scaling.ts';
import type { OomVerdict } from '../../src/arbiter/workers/oom-kills.ts';
import { codeOfMessage } from '../../src/explain/code.ts';
import { bindAll } from '../../src/listeners/bind.ts';
import { closing } from '../../src/listeners/closing.ts';
import type { Listener } from '../../src/listeners/listener.ts';
import type { WorkerLoad } from '../../src/process/ipc/messages.ts';
import type { WorkerCount } from '../../src/process/parent.ts';
import type { Observe } from '../../src/process/status.ts';
import { formatAddress, parseAddress } from '../../src/settings/address.ts';
import { type Settings, settingNames, settingOf } from '../../src/settings/catalogue/catalogue.ts';
import type { Hooks } from '../../src/settings/hooks.ts';
import type { Loaded, LoadedData, Origin } from '../../src/settings/load.ts';
import { callWithin } from '../../src/support/call-within.ts';
import type { Clock } from '../../src/support/clock.ts';
import type { Watched } from '../../src/watch/watcher.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeLogger } from './fake-logger.ts';
import { type FakeChild, fakeSpawn } from './fake-spawn.ts';
import { FakeWorker } from './fake-worker.ts';

/** The default settings but for `changed`. */
export function loadedWith(changed: Partial<Settings> = {}): LoadedData {
  const origin: Origin = { source: 'default', name: '' };
  const defaults = Object.fromEntries(settingNames.map((name) => [name, settingOf(name).default]));
  return {
    settings: { ...defaults, ...changed } as Settings,
    origins: Object.fromEntries(settingNames.map((name) => [name, origin])) as Loaded['origins'],
    configFile: null,
    profile: null,
    hookNames: [],
    hookOrigins: {},
    environment: {},
    sockets: [],
  };
}

/** A listener without a socket; its close is written into `journal`. */
export function fakeListener(text: string, journal: string[] = [], fd = 900): Listener {
  const address = parseAddress('--bind', text);
  const url = formatAddress(address);
  return { address, fd, url, ...closing(() => void journal.push(`close ${url}`)) };
}

/** The arbiters before and after, without processes; what is asked and told is written into `journal`. */
export function fakeUpgradeOptions(
  journal: string[],
  oldArbiter: number | null = null,
  workerCount: WorkerCount | null = null,
): UpgradeOptions {
  return {
    oldArbiter,
    workerCount,
    isOldArbiterGone: () => false,
    start: (listeners, { count }) => {
      const urls = listeners.map(({ url }) => url).join(' ');
      journal.push(`start over ${urls} with ${count} workers`);
    },
    tell: () => {},
    mayBeResize: () => false,
    serving: (isComplete) => {
      if (isComplete && workerCount !== null) journal.push('complete');
    },
    upgraded: (pid) => void journal.push(`upgraded to ${pid}`),
    ended: (pid) => void journal.push(`ended ${pid}`),
    rolledBack: () => void journal.push('rolled back'),
    alone: () => void journal.push('alone'),
  };
}

export interface ServiceOptions {
  /** The pid of the arbiter that it was started by, and that shares its sockets. */
  readonly oldArbiter?: number;
  /** How many workers that one had. */
  readonly workerCount?: WorkerCount;
  /** Two workers on 127.0.0.1:8000 where it does not say otherwise. */
  readonly settings?: Partial<Settings>;
  readonly hooks?: Hooks;
  readonly observe?: (clock: Clock) => Observe;
  /** Whether it watches files: those of `watched`. */
  readonly reload?: boolean;
}

/** An arbiter at work over fake workers, listeners, time and configuration. */
export class FakeService {
  readonly clock = new FakeClock();
  readonly queue = new EventQueue(this.clock);
  readonly log = new FakeLogger();
  /** Every worker there ever was, in the order of spawning. */
  readonly workers: FakeWorker[] = [];
  /** What was done to workers and listeners, in order. */
  readonly journal: string[] = [];
  readonly promoted: number[] = [];
  /** What is watched, with --reload. */
  watched: Watched = { files: new Map(), globs: [] };
  #changed: (file: string) => void = () => {};
  /** What the kernel says of a SIGKILL. */
  verdict: OomVerdict = null;
  /** The pids of processes that are stopped. */
  readonly stopped = new Set<number>();
  /** The lines that were written for workers that could not. */
  readonly lost: string[] = [];
  readonly settings: Partial<Settings>;
  /** What the configuration holds when HUP reads it again. */
  prepare: () => Promise<Prepared>;
  readonly #companions = fakeSpawn();
  /** The exit status once the arbiter has ended. */
  status: number | null = null;

  /** Whether a WINCH may be the terminal's. */
  resized = false;
  /** Whether the system says that the old arbiter has ended. */
  oldArbiterGone = false;
  readonly #oldArbiter: number | null;
  readonly #workerCount: WorkerCount | null;

  constructor({
    settings = {},
    hooks = {},
    observe,
    oldArbiter,
    workerCount,
    reload = false,
  }: ServiceOptions) {
    this.#oldArbiter = oldArbiter ?? null;
    this.#workerCount = workerCount ?? null;
    this.settings = { workers: 2, ...settings, reload };
    this.prepare = async () => this.configuration();
    const loaded = loadedWith(this.settings);
    const listeners = loaded.settings.bind.map((text) => fakeListener(text, this.journal));
    if (oldArbiter !== undefined) for (const listener of listeners) listener.setShared(true);
    const first: Generation = { number: 1, loaded, hooks, listeners, ...this.#scalingOf(loaded) };
    void this.#arbiter(first, observe?.(this.clock))
      .run()
      .then((status) => {
        this.status = status;
      });
  }

  /** A configuration like the first but for `changed`. */
  configuration(changed: Partial<Settings> = {}, hooks: Hooks = {}): Prepared {
    const loaded = loadedWith({ ...this.settings, ...changed });
    return { loaded, hooks, ...this.#scalingOf(loaded) };
  }

  /** Every process of a companion that there ever was. */
  get companions(): readonly FakeChild[] {
    return this.#companions.children;
  }

  /** The worker of that age. */
  worker(age: number): FakeWorker {
    const worker = this.workers[age - 1];
    if (worker === undefined) throw new Error(`there are ${this.workers.length} workers, none of age ${age}`);
    return worker;
  }

  /** The states of the workers by age, without those that exited: `2 ready`, `3 booting (generation 2)`. */
  get states(): string[] {
    const living = this.workers.filter(({ state }) => state.name !== 'exited');
    return living.map(({ age, state, generation }) =>
      generation === 1 ? `${age} ${state.name}` : `${age} ${state.name} (generation ${generation})`,
    );
  }

  async signal(...signals: ArbiterSignal[]): Promise<void> {
    for (const signal of signals) this.queue.push({ type: 'signal', signal });
    await this.clock.settle();
  }

  async ready(...ages: number[]): Promise<void> {
    for (const age of ages) this.worker(age).getsReady();
    await this.clock.settle();
  }

  async standBy(...ages: number[]): Promise<void> {
    for (const age of ages) this.worker(age).standsBy();
    await this.clock.settle();
  }

  /** Files are saved, and the moment passes in which more might be. */
  async save(...files: string[]): Promise<void> {
    for (const file of files) this.#changed(file);
    await this.clock.advance(50);
  }

  async exit(...ages: number[]): Promise<void> {
    for (const age of ages) this.worker(age).exits();
    await this.clock.settle();
  }

  /** Moves the clock on while every ready worker says each second that its loop turns, and how busy it is where `load` is given. */
  async serveFor(ms: number, load?: WorkerLoad): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      for (const worker of this.workers)
        if (worker.state.name === 'ready') worker.says({ tsunicorn: 'heartbeat', ...(load ? { load } : {}) });
      await this.clock.advance(Math.min(1000, left));
    }
  }

  #scalingOf({ settings }: Generation['loaded']): Pick<Generation, 'scaling'> {
    return settings.workersMax === null ? {} : { scaling: new Scaling(settings, this.clock) };
  }

  #development(first: Generation): Development {
    return new Development({
      first,
      clock: this.clock,
      emit: (event) => this.queue.push(event),
      settingsFiles: () => ['/app/tsunicorn.config.ts'],
      sinceMs: 0,
      watcher: (changed) => {
        this.#changed = changed;
        return {
          watch: (watched) => {
            this.watched = watched;
          },
          close: () => void this.journal.push('close watcher'),
        };
      },
    });
  }

  #arbiter(first: Generation, observe?: Observe): Arbiter {
    return new Arbiter({
      first,
      queue: this.queue,
      clock: this.clock,
      log: this.log,
      random: () => 0.5,
      ...(observe ? { observe } : {}),
      upgrade: {
        ...fakeUpgradeOptions(this.journal, this.#oldArbiter, this.#workerCount),
        mayBeResize: () => this.resized,
        isOldArbiterGone: () => this.oldArbiterGone,
      },
      judgeKill: () => this.verdict,
      isStopped: (pid) => this.stopped.has(pid),
      system: {
        spawn: this.#companions.spawn,
        signalGroup: (pid) => this.companions.some((one) => one.pid === pid && one.connected),
        wallMs: () => this.clock.now(),
      },
      lost: {
        write: ({ pid }, requests, reason) =>
          void this.lost.push(...requests.map(({ url }) => `${pid} ${url} ${reason}`)),
        forward: ({ pid }, lines) => void this.lost.push(...lines.map((line) => `${pid} forwards ${line}`)),
      },
      development: this.settings.reload ? this.#development(first) : null,
      prepare: () => this.prepare(),
      bindAll,
      callWithin,
      spawn: (options) => {
        const worker = new FakeWorker(options, this.journal);
        this.workers.push(worker);
        return worker;
      },
      setLogLevel: (level) => void this.journal.push(`log from ${level} up`),
      promoted: ({ number }) => void this.promoted.push(number),
    });
  }
}

/** An arbiter whose first workers have just been spawned. */
export async function startService(options: ServiceOptions = {}): Promise<FakeService> {
  // Which loads what names errors: a refused reload waits for that, as the one thing that no fake clock settles.
  await codeOfMessage('');
  const service = new FakeService(options);
  await service.clock.settle();
  return service;
}

/** An arbiter with all of its workers ready. */
export async function serveReady(options: ServiceOptions = {}): Promise<FakeService> {
  const service = await startService(options);
  await service.ready(...service.workers.map(({ age }) => age));
  return service;
}
