import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Listener } from '../../listeners/listener.ts';
import type { OwnedRing, WorkerRings } from '../../log/ring/worker-rings.ts';
import type { CountedWorker, CounterStore } from '../../metrics/store.ts';
import { type Child, type ChildSpec, type Spawn, startChild } from '../../process/child.ts';
import { fileIn, ownInstallation } from '../../process/installation.ts';
import type { BootSpec, Standards } from '../../process/ipc/boot-spec.ts';
import { isWorkerMessage } from '../../process/ipc/checks.ts';
import type { InspectCommand, StopInspecting } from '../../process/ipc/inspection.ts';
import type { ArbiterMessage, Hold } from '../../process/ipc/messages.ts';
import { discard, receive } from '../../process/passed-socket.ts';
import { WORKER_HOOKS } from '../../settings/hooks.ts';
import type { Clock } from '../../support/clock.ts';
import { type Generation, limitsOf, listenersIn } from '../change/generation.ts';
import type { ArbiterEvent, ProcessEnd } from '../events.ts';
import type { Limits, WorkerSnapshot, WorkerState } from '../policy/worker-state.ts';
import { type OwnPart, startOf } from './child-start.ts';
import { type HandOver, handOver } from './hand-over.ts';
import type { InspectedWorker } from './inspection.ts';
import { KnownRequests } from './known-requests.ts';
import { KnownState } from './known-state.ts';
import type { FollowedWorker } from './log-follower.ts';
import { orderAccount, readMessages, tellWatchdog } from './watchdog-pipe.ts';

export interface SpawnOptions {
  readonly age: number;
  /** Null for a worker that is to stand by. */
  readonly slot: number | null;
  /** The lowest number that no other worker process has; a worker and its replacement have the same slot, and different numbers. */
  readonly number: number;
  readonly generation: Generation;
  readonly now: number;
  readonly emit: (event: ArbiterEvent) => void;
}

/** The arbiter's view of one worker process. `state`, `slot` and `listeners` are set by the arbiter's handlers only. */
export interface WorkerHandle
  extends WorkerSnapshot,
    Pick<InspectedWorker, 'onInspected' | 'inspect'>,
    Pick<FollowedWorker, 'logFollowers'> {
  state: WorkerState;
  heldUntilMs: number | undefined;
  slot: number | null;
  /** 0 where the process could not be started. */
  readonly pid: number;
  listeners: readonly Listener[];
  /** The generation that it was spawned for. */
  readonly origin: Generation;
  readonly requests: KnownRequests;
  readonly known: KnownState;
  /** Tells its watchdog to write the access lines of its requests, which end for this reason, and to report that; false where it has none. */
  account(reason: string): boolean;
  /** Tells the worker and its watchdog. */
  hold(message: Hold): void;
  /** `socket` goes along and stays open. */
  send(message: ArbiterMessage, socket?: Socket): void;
  kill(signal: NodeJS.Signals): void;
}

/** What workers are started and timed by. */
export interface SpawnMeans {
  readonly spawn: Spawn;
  readonly clock: Clock;
  /** The environment variables, to which their generation adds. */
  readonly environment: NodeJS.ProcessEnv;
  /** Absent where nobody asks for figures. */
  readonly counters?: Pick<CounterStore, 'begin'> | null;
  /** Absent where nobody can ask what is logged. */
  readonly rings?: WorkerRings | null;
}

/** The last messages of a worker are awaited this long: a process that it has started may hold its channel open. */
const LAST_WORDS_MS = 1000;

/** Spawns a worker. Emits its messages and its end as events. */
export function spawnWorker(options: SpawnOptions, means: SpawnMeans): WorkerHandle {
  return new ProcessHandle(options, means);
}

class ProcessHandle implements WorkerHandle {
  readonly age: number;
  slot: number | null;
  readonly generation: number;
  readonly limits: Limits;
  listeners: readonly Listener[];
  readonly origin: Generation;
  readonly requests = new KnownRequests();
  readonly known = new KnownState();
  state: WorkerState;
  heldUntilMs: number | undefined = undefined;
  onInspected: WorkerHandle['onInspected'] = null;
  readonly logFollowers: WorkerHandle['logFollowers'] = new Set();
  /** Null where the system did not start it. */
  readonly #child: Child | null;
  /** Null where nobody asks for figures. */
  readonly #counted: CountedWorker | null;
  readonly #ring: OwnedRing | null;
  #watchdog: Socket | null = null;

  constructor(options: SpawnOptions, means: SpawnMeans) {
    this.age = options.age;
    this.slot = options.slot;
    this.generation = options.generation.number;
    this.limits = limitsOf(options.generation);
    this.listeners = listenersIn(options.generation, options.slot);
    this.origin = options.generation;
    this.state = { name: 'spawning', sinceMs: options.now };
    const { generation } = options;
    const handed = handOver(generation, options.slot);
    const { daemon } = generation.loaded.settings;
    const standards = daemon ? null : (generation.privileges?.openStandards() ?? null);
    this.#counted = means.counters?.begin(options.number) ?? null;
    const place = this.#counted?.place ?? null;
    this.#ring = means.rings?.begin(this) ?? null;
    const shared = [
      ...(typeof place?.fd === 'number' ? [place.fd] : []),
      ...(this.#ring ? [this.#ring.fd] : []),
    ];
    const after = [...shared, ...(standards?.fds ?? [])];
    const spec = childSpec(options, handed, after, means.environment);
    this.#child = this.#start(options, spec, handed.watchdogFd, means);
    const told = standards?.told(spec.stdio.length - standards.fds.length);
    const fd = place === null || place.fd === null ? null : spec.stdio.length - after.length;
    const counters = place === null ? {} : { counters: { fd, position: place.position } };
    const ring = this.#ring === null ? {} : { ringFd: spec.stdio.length - after.length + shared.length - 1 };
    this.send({ ...bootSpec(options, handed, told), ...counters, ...ring });
    standards?.close();
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  send(message: ArbiterMessage, socket?: Socket): void {
    // Where the worker has just died, its exit is reported, and the message is dropped.
    if (this.#child?.connected) this.#child.send(message, socket, { keepOpen: true }, () => {});
  }

  account(reason: string): boolean {
    return this.#watchdog !== null && orderAccount(this.#watchdog, reason);
  }

  inspect(command: InspectCommand | StopInspecting): void {
    const { name } = this.state;
    // Its watchdog runs from when the application is loaded.
    const isWatched = name !== 'spawning' && name !== 'booting';
    if (!isWatched || this.#watchdog === null || !tellWatchdog(this.#watchdog, command)) this.send(command);
  }

  hold(message: Hold): void {
    if (this.#watchdog !== null) tellWatchdog(this.#watchdog, message);
    this.send(message);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  #start(
    { emit }: SpawnOptions,
    spec: ChildSpec,
    watchdogFd: number | null,
    { spawn, clock }: SpawnMeans,
  ): Child | null {
    // As an event, since the arbiter does not have this worker yet.
    const notStarted = (error: string) => {
      this.#ring?.ended();
      emit({ type: 'exit', worker: this.age, end: { how: 'unstarted', error } });
    };
    const child = startChild(spawn, spec, notStarted);
    if (child) this.#listen(child, emit, watchdogFd, clock);
    return child;
  }

  #listen(child: Child, emit: (event: ArbiterEvent) => void, watchdogFd: number | null, clock: Clock): void {
    const worker = this.age;
    child.on('message', (message, sent) => {
      const socket = receive(sent);
      if (!isWorkerMessage(message) || (message.tsunicorn === 'bound') !== (socket !== null))
        return discard(sent);
      if (message.tsunicorn === 'counts') this.#counted?.heard(message.values);
      else if (message.tsunicorn === 'measured') this.#counted?.measured(this.pid, message.measured);
      else if (message.tsunicorn === 'inspected') this.onInspected?.(message);
      else emit({ type: 'message', worker, message, ...(socket ? { socket } : {}) });
    });
    const watchdog = watchdogFd === null ? null : (child.stdio[watchdogFd] as Socket | null);
    this.#watchdog = watchdog;
    if (watchdog)
      readMessages(watchdog, (message) => {
        if (message.tsunicorn === 'inspected') this.onInspected?.(message);
        else emit({ type: 'message', worker, message });
      });
    child.once('exit', (status, signal) => {
      const end: ProcessEnd = signal ? { how: 'signal', signal } : { how: 'status', status: status ?? 0 };
      void lastWords(child, watchdog, clock).then(() => {
        this.#counted?.ended();
        this.#ring?.ended();
        this.onInspected?.(null);
        emit({ type: 'exit', worker, end });
      });
    });
  }
}

/** Resolves when the last messages of a worker that has exited are read: its channel and its pipe end after them. */
async function lastWords(child: Child, watchdog: Socket | null, clock: Clock): Promise<void> {
  const ends = [
    ...(child.connected ? [once(child, 'disconnect')] : []),
    ...(watchdog && !watchdog.closed ? [once(watchdog, 'close')] : []),
  ];
  let cancel = () => {};
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(LAST_WORDS_MS, resolve);
  });
  await Promise.race([Promise.all(ends), late]);
  cancel();
  if (child.connected) child.disconnect();
  if (watchdog && !watchdog.closed) watchdog.destroy();
}

function ownPart({ generation }: SpawnOptions): OwnPart {
  const file = (name: string) => fileIn(generation.installation ?? ownInstallation, name);
  return {
    as: 'worker',
    options: ['--disable-sigusr1'],
    entry: file('workers/entry'),
    preload: file('workers/preload'),
    programEntry: file('workers/program-entry'),
    programLast: file('workers/program-last'),
  };
}

/** `last` are to be its last descriptors. */
function childSpec(
  options: SpawnOptions,
  { fds, watchdogFd }: HandOver,
  last: readonly number[],
  base: NodeJS.ProcessEnv,
): ChildSpec & { readonly stdio: readonly unknown[] } {
  const { chdir, daemon } = options.generation.loaded.settings;
  // The standard error of a daemon is a pipe while it boots, which nobody reads afterwards.
  const output = daemon ? 'ignore' : 'inherit';
  const watchdog = watchdogFd === null ? [] : ['pipe' as const];
  return {
    ...startOf(options, ownPart(options), base),
    cwd: chdir,
    // Its own session: Ctrl-C and a closing terminal reach the arbiter alone, which tells the workers what to do.
    detached: true,
    stdio: ['ignore', output, output, 'ipc', ...fds, ...watchdog, ...last],
  };
}

function bootSpec(
  { age, slot, generation }: SpawnOptions,
  { listeners, sides, watchdogFd }: HandOver,
  standards: Standards = { stdout: 1, stderr: 2 },
): BootSpec {
  const { settings, configFile, profile, hookNames } = generation.loaded;
  return {
    tsunicorn: 'boot',
    // The application shall not be able to read it.
    settings: settings.adminToken === null ? settings : { ...settings, adminToken: null },
    configFile,
    profile,
    hookNames: hookNames.filter((name) => WORKER_HOOKS.includes(name)),
    listeners,
    address: generation.address ?? 'given',
    sides,
    watchdogFd,
    generation: generation.number,
    age,
    slot,
    code: generation.code ?? null,
    failure: generation.failure ?? null,
    identity: generation.privileges?.identity ?? null,
    standards,
    ...(generation.tls ? { tls: generation.tls.spec } : {}),
  };
}
