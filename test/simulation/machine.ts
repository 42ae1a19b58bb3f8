import type { SpawnOptions } from 'node:child_process';
import type { Spawn } from '../../src/process/child.ts';
import { FakeChild, type FakeProcess, refuse, type SpawnFailure } from '../support/fake-spawn.ts';
import type { SimulatedClock } from './clock.ts';

/** The order of signals among the messages of the arbiter's children. */
export type Order = 'first' | 'last' | 'mixed';

/** Creates the model of the process that a command line would start. */
export type Run = (machine: Machine, call: Parameters<Spawn>, pid: number) => Process;

/** A simulated computer: models of processes, on one clock with the arbiter. */
export class Machine {
  readonly clock: SimulatedClock;
  /** Every process that was ever started, in order. */
  readonly processes: Process[] = [];
  /** How the next processes are refused, in order. */
  readonly refusals: SpawnFailure[] = [];
  readonly #run: Run;
  /** The events that wait until the arbiter runs again; null while it runs. */
  #backlog: (() => void)[] | null = null;

  constructor(clock: SimulatedClock, run: Run) {
    this.clock = clock;
    this.#run = run;
  }

  readonly spawn: Spawn = (...call) => {
    const refusal = this.refusals.shift();
    if (refusal) return refuse(refusal, call);
    const process = this.#run(this, call, 1000 + this.processes.length);
    this.processes.push(process);
    abortWith(call[2], process);
    return process.child.asChild();
  };

  get living(): readonly Process[] {
    return this.processes.filter(({ isAlive }) => isAlive);
  }

  get isFrozen(): boolean {
    return this.#backlog !== null;
  }

  /** Delivers an event to the arbiter, at once or when it runs again. */
  deliver(act: () => void): void {
    if (this.#backlog) this.#backlog.push(act);
    else act();
  }

  /** The arbiter's process is stopped. */
  freeze(): void {
    this.#backlog ??= [];
  }

  /** The arbiter runs again and receives at once the events that waited, and `more`. */
  thaw(more: readonly (() => void)[], order: Order): void {
    const missed = this.#backlog ?? [];
    this.#backlog = null;
    const all = order === 'first' ? [...more, ...missed] : [...missed, ...more];
    for (const act of order === 'mixed' ? zip(missed, more) : all) act();
  }
}

/** Of each in turn. */
function zip<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  const length = Math.max(some.length, others.length);
  return Array.from({ length }, (_, index) => [
    ...some.slice(index, index + 1),
    ...others.slice(index, index + 1),
  ]).flat();
}

function abortWith({ signal }: SpawnOptions, process: Process): void {
  signal?.addEventListener('abort', () => {
    if (process.child.kill('SIGKILL')) process.child.emit('error', new Error('aborted'));
  });
}

/** A child process of the arbiter's. */
export abstract class Process implements FakeProcess {
  readonly child: FakeChild;
  readonly pid: number;
  protected readonly machine: Machine;
  isAlive = true;
  /** Whether it was sent a SIGKILL, which nothing survives. */
  isKilled = false;

  constructor(machine: Machine, call: Parameters<Spawn>, pid: number) {
    this.machine = machine;
    this.pid = pid;
    this.child = new FakeChild(call, pid, this);
  }

  abstract received(message: unknown): void;

  signalled(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') {
      this.isKilled = true;
      this.later(2, () => this.end(null, signal));
    } else this.caught(signal);
  }

  /** From now on it behaves well: it answers, and ends when it is told to. */
  abstract heal(): void;

  protected abstract caught(signal: NodeJS.Signals): void;

  /** Does something later, if it lives then. */
  protected later(ms: number, act: () => void): void {
    if (ms === Infinity) return;
    this.machine.clock.after(ms, () => {
      if (this.isAlive) act();
    });
  }

  /** `socket` comes with the message. */
  say(message: object, socket?: object, arrived: () => void = () => {}): void {
    this.machine.deliver(() => {
      arrived();
      this.child.emit('message', message, socket);
    });
  }

  end(status: number | null, signal: NodeJS.Signals | null = null): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.machine.deliver(() => this.child.ends(status, signal));
  }
}
