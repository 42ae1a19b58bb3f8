import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Child, type ChildSpec, type Spawn, startChild } from '../child.ts';
import { WORKER_HOOKS } from '../hooks.ts';
import { fileIn, ownInstallation } from '../installation.ts';
import { type ArbiterMessage, isWorkerMessage } from '../ipc.ts';
import type { Listener } from '../listeners/listener.ts';
import type { ArbiterEvent, WorkerEnd } from './events.ts';
import { type Generation, limitsOf } from './generation.ts';
import { type HandOver, handOver } from './hand-over.ts';
import { readMessages } from './watchdog-pipe.ts';
import type { Limits, WorkerSnapshot, WorkerState } from './worker-state.ts';

export interface SpawnOrder {
  readonly age: number;
  readonly slot: number;
  readonly generation: Generation;
  readonly now: number;
  readonly emit: (event: ArbiterEvent) => void;
}

/** The arbiter's view of one worker process. `state` is set by the arbiter's handlers only. */
export interface WorkerHandle extends WorkerSnapshot {
  state: WorkerState;
  /** 0 where the process could not be started. */
  readonly pid: number;
  readonly listeners: readonly Listener[];
  send(message: ArbiterMessage): void;
  kill(signal: NodeJS.Signals): void;
}

/** Spawns a worker; its messages and its end are emitted as events. Its generation adds to `environment`. */
export function spawnWorker(order: SpawnOrder, environment: NodeJS.ProcessEnv, spawn: Spawn): WorkerHandle {
  return new ProcessHandle(order, environment, spawn);
}

class ProcessHandle implements WorkerHandle {
  readonly age: number;
  readonly slot: number;
  readonly generation: number;
  readonly limits: Limits;
  readonly listeners: readonly Listener[];
  state: WorkerState;
  /** Null where the system did not start it. */
  readonly #child: Child | null;

  constructor(order: SpawnOrder, environment: NodeJS.ProcessEnv, spawn: Spawn) {
    this.age = order.age;
    this.slot = order.slot;
    this.generation = order.generation.number;
    this.limits = limitsOf(order.generation);
    this.listeners = order.generation.listeners;
    this.state = { name: 'spawning', sinceMs: order.now };
    const handed = handOver(order.generation);
    this.#child = this.#start(order, handed, environment, spawn);
    this.send(bootOrder(order, handed));
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  send(message: ArbiterMessage): void {
    // A worker that just died is reported by its exit; the message has nobody to go to.
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  #start(
    { generation, emit }: SpawnOrder,
    handed: HandOver,
    environment: NodeJS.ProcessEnv,
    spawn: Spawn,
  ): Child | null {
    // An event like any other end: the arbiter does not know this worker yet.
    const unborn = (error: string) => emit({ type: 'exit', worker: this.age, end: { how: 'unborn', error } });
    const child = startChild(spawn, childSpec(generation, handed, environment), unborn);
    if (child) this.#listen(child, emit, handed.watchdogFd);
    return child;
  }

  #listen(child: Child, emit: (event: ArbiterEvent) => void, watchdogFd: number | null): void {
    const worker = this.age;
    child.on('message', (message) => {
      if (isWorkerMessage(message)) emit({ type: 'message', worker, message });
    });
    const watchdog = watchdogFd === null ? null : (child.stdio[watchdogFd] as Socket | null);
    if (watchdog) readMessages(watchdog, (message) => emit({ type: 'message', worker, message }));
    child.once('exit', (status, signal) => {
      const end: WorkerEnd = signal ? { how: 'signal', signal } : { how: 'status', status: status ?? 0 };
      // What it said last may still be unread: the channel's end comes after it, and the pipe's.
      const ends = [
        ...(child.connected ? [once(child, 'disconnect')] : []),
        ...(watchdog && !watchdog.closed ? [once(watchdog, 'close')] : []),
      ];
      void Promise.all(ends).then(() => emit({ type: 'exit', worker, end }));
    });
  }
}

function workerCommand(generation: Generation): ChildSpec['command'] {
  const { nodeOptions = [], privileges, installation = ownInstallation } = generation;
  const entry = fileIn(installation, 'workers/entry');
  // An inspector port cannot be shared; each worker would fight for it.
  const execArgv = process.execArgv.filter((argument) => !argument.startsWith('--inspect'));
  // As an argument, since the worker must become that user before it reads anything else, messages included.
  const who = privileges ? [JSON.stringify(privileges.identity)] : [];
  return [process.execPath, ...execArgv, ...nodeOptions, '--disable-sigusr1', entry, ...who];
}

function childSpec(
  generation: Generation,
  { fds, watchdogFd }: HandOver,
  base: NodeJS.ProcessEnv,
): ChildSpec {
  const {
    loaded: { settings, environment },
    privileges,
  } = generation;
  // The arbiter's own standard error is a pipe while its daemon boots, and nobody's afterwards.
  const output = settings.daemon ? 'ignore' : 'inherit';
  return {
    command: workerCommand(generation),
    cwd: settings.chdir,
    env: { ...base, ...privileges?.identity.environment, ...environment },
    // Its own session: Ctrl-C and a closing terminal reach the arbiter alone, which tells the workers what to do.
    detached: true,
    stdio: ['ignore', output, output, 'ipc', ...fds, ...(watchdogFd === null ? [] : ['pipe' as const])],
  };
}

function bootOrder(
  { age, slot, generation }: SpawnOrder,
  { listeners, watchdogFd }: HandOver,
): ArbiterMessage {
  const { settings, configFile, hookNames } = generation.loaded;
  return {
    tsunicorn: 'boot',
    settings,
    configFile,
    hookNames: hookNames.filter((name) => WORKER_HOOKS.includes(name)),
    listeners,
    watchdogFd,
    generation: generation.number,
    age,
    slot,
    failure: generation.failure ?? null,
  };
}
