import type { Generation } from '../../src/arbiter/change/generation.ts';
import { limitsOf, listenersIn } from '../../src/arbiter/change/generation.ts';
import type { Limits, WorkerState } from '../../src/arbiter/policy/worker-state.ts';
import type { SpawnOptions, WorkerHandle } from '../../src/arbiter/workers/handle.ts';
import { KnownRequests } from '../../src/arbiter/workers/known-requests.ts';
import { KnownState } from '../../src/arbiter/workers/known-state.ts';
import type { Listener } from '../../src/listeners/listener.ts';
import type { BootFailure } from '../../src/process/ipc/loading.ts';
import type { ArbiterMessage, WorkerMessage } from '../../src/process/ipc/messages.ts';

/** A worker without a process: remembers what it is told and says what the test wants. */
export class FakeWorker implements WorkerHandle {
  state: WorkerState;
  readonly age: number;
  slot: number | null;
  readonly generation: number;
  readonly limits: Limits;
  readonly pid: number;
  readonly listeners: readonly Listener[];
  readonly origin: Generation;
  readonly requests = new KnownRequests();
  readonly known = new KnownState();
  /** Whether it has a watchdog that could write its lines. */
  accounts = false;
  /** The reasons for which it was asked to. */
  readonly asked: string[] = [];
  /** What it is to show in place of the application. */
  readonly shows: BootFailure | null;
  readonly sent: ArbiterMessage[] = [];
  onInspected: WorkerHandle['onInspected'] = null;
  readonly logFollowers: WorkerHandle['logFollowers'] = new Set();
  readonly signals: NodeJS.Signals[] = [];
  readonly #options: SpawnOptions;
  readonly #journal: string[];

  /** Writes what it is told into `journal` too, which it may share with others. */
  constructor(options: SpawnOptions, journal: string[] = []) {
    this.age = options.age;
    this.slot = options.slot;
    this.generation = options.generation.number;
    this.limits = limitsOf(options.generation);
    this.pid = 1000 + options.age;
    this.listeners = listenersIn(options.generation, options.slot);
    this.origin = options.generation;
    this.shows = options.generation.failure ?? null;
    this.state = { name: 'spawning', sinceMs: options.now };
    this.#options = options;
    this.#journal = journal;
  }

  inspect(command: Parameters<WorkerHandle['inspect']>[0]): void {
    this.send(command);
  }

  send(message: ArbiterMessage): void {
    this.sent.push(message);
    this.#journal.push(`${message.tsunicorn} ${this.age}`);
  }

  heldUntilMs: number | undefined = undefined;

  hold(message: Parameters<WorkerHandle['hold']>[0]): void {
    this.send(message);
  }

  account(reason: string): boolean {
    if (this.accounts) this.asked.push(reason);
    return this.accounts;
  }

  kill(signal: NodeJS.Signals): void {
    this.signals.push(signal);
    this.#journal.push(`${signal} ${this.age}`);
  }

  /** The kinds of messages it was sent. */
  get told(): string[] {
    return this.sent.map(({ tsunicorn }) => tsunicorn);
  }

  says(message: WorkerMessage): void {
    this.#options.emit({ type: 'message', worker: this.age, message });
  }

  getsReady(urls: readonly string[] = ['http://127.0.0.1:8000']): void {
    this.says({ tsunicorn: 'hello' });
    this.says({ tsunicorn: 'ready', urls });
  }

  standsBy(): void {
    this.says({ tsunicorn: 'hello' });
    this.says({ tsunicorn: 'standby' });
  }

  failsToBoot(exitStatus: number, message: string, stack?: string): void {
    this.says({ tsunicorn: 'bootFailed', exitStatus, message, ...(stack === undefined ? {} : { stack }) });
    this.exits(exitStatus);
  }

  exits(status = 0): void {
    this.#options.emit({ type: 'exit', worker: this.age, end: { how: 'status', status } });
  }

  diesOf(signal: NodeJS.Signals): void {
    this.#options.emit({ type: 'exit', worker: this.age, end: { how: 'signal', signal } });
  }

  isNeverBorn(error: string): void {
    this.#options.emit({ type: 'exit', worker: this.age, end: { how: 'unstarted', error } });
  }
}
