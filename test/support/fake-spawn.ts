import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Spawn } from '../../src/process/child.ts';

/** How the system may refuse a process. */
export type SpawnFailure = 'EMFILE' | 'ENFILE' | 'EAGAIN' | 'ENOENT' | 'EACCES' | 'E2BIG' | 'ENOMEM';

/** How Node tells of each: thrown, or by a child that has not even its streams, or by one that has them. */
const SHAPES: Readonly<Record<SpawnFailure, 'thrown' | 'bare' | 'whole'>> = {
  E2BIG: 'thrown',
  ENOMEM: 'thrown',
  EMFILE: 'bare',
  ENFILE: 'bare',
  EAGAIN: 'whole',
  ENOENT: 'whole',
  EACCES: 'whole',
};

/** What a fake child is to do; without anything it only remembers. */
export interface FakeProcess {
  received?(message: unknown): void;
  signalled?(signal: NodeJS.Signals): void;
}

/** A child process without a process. */
export class FakeChild extends EventEmitter {
  readonly pid: number | undefined;
  readonly file: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
  readonly sent: unknown[] = [];
  readonly signals: NodeJS.Signals[] = [];
  readonly stdio: readonly unknown[] = [];
  readonly #process: FakeProcess;
  connected = true;

  constructor(call: Parameters<Spawn>, pid: number | undefined, does: FakeProcess = {}) {
    super();
    [this.file, this.args, this.options] = call;
    this.pid = pid;
    this.#process = does;
  }

  send(message: unknown): boolean {
    this.sent.push(message);
    this.#process.received?.(message);
    return true;
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    if (this.pid === undefined) return false;
    this.signals.push(signal);
    this.#process.signalled?.(signal);
    return true;
  }

  /** Ends it, as a process whose channel closes with it. */
  ends(status: number | null, signal: NodeJS.Signals | null = null): void {
    this.connected = false;
    this.emit('exit', status, signal);
    this.emit('disconnect');
    this.emit('close', status, signal);
  }

  asChild(): ChildProcess {
    return this as unknown as ChildProcess;
  }
}

/** What `spawn` does where the system refuses with `code`, as it was seen of Node 24 and 26. */
export function refuse(code: SpawnFailure, call: Parameters<Spawn>): ChildProcess {
  const [file] = call;
  const shape = SHAPES[code];
  const named = shape === 'thrown' ? '' : ` ${file}`;
  const error = Object.assign(new Error(`spawn${named} ${code}`), { code, syscall: `spawn${named}` });
  if (shape === 'thrown') throw error;
  const child = new FakeChild(call, undefined);
  if (shape === 'bare') Object.assign(child, { connected: false, stdio: undefined, send: undefined });
  process.nextTick(() => {
    child.emit('error', error);
    if (child.connected) child.emit('disconnect');
    child.emit('close', -1, null);
  });
  return child.asChild();
}

/** A `spawn` that never starts anything; the children that it is asked for gather in `children`. */
export function fakeSpawn(failure?: SpawnFailure): { readonly spawn: Spawn; readonly children: FakeChild[] } {
  const children: FakeChild[] = [];
  const spawn: Spawn = (...call) => {
    if (failure) return refuse(failure, call);
    const child = new FakeChild(call, 1000 + children.length);
    children.push(child);
    return child.asChild();
  };
  return { spawn, children };
}
