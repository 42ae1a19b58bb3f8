import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFailed, onTestFinished } from './current-test.ts';
import { deadlineMs } from './patience.ts';
import { childrenOf, isAlive } from './proc.ts';

export { childrenOf, isAlive };

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** The package as it is installed: what users run, and a fifth cheaper to start than the sources. */
export const built = join(root, 'dist');
const bin = join(built, 'bin/tsunicorn.js');
const ROOT_WARNING = /^.*Running as root: .*\n/gm;

/** A directory of the test's own, gone when it ends. */
export function temporaryDirectory(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files to lay into a new temporary directory, which is then the working directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** Descriptors to hand over, from 3 up. */
  readonly inherit?: readonly number[];
  /** What is kept of the warning that a start by root, as in CI, is worth: nothing, so that tests can look for warnings. */
  readonly rootWarning?: 'kept';
  /** A command that starts it, put before its command line; the pid is that command's, which had better `exec`. */
  readonly through?: readonly string[];
  /** Our command by another path: absolute, or as seen from the directory. */
  readonly script?: string;
  /** Nothing names an address, so that a program says where it is served. */
  readonly address?: 'unnamed';
  /** In a process group of its own, as a shell starts a command. */
  readonly ownGroup?: boolean;
}

const ANY_PORT = { TSUNICORN_BIND: '127.0.0.1:0' };

/** A running tsunicorn, ended with its workers when the test ends; on failure its output is printed. */
export class Running {
  readonly child: ChildProcess;
  readonly cwd: string;
  stdout = '';
  stderr = '';
  readonly #ended: Promise<{ status: number | null; signal: NodeJS.Signals | null }>;
  readonly #watchers = new Set<() => void>();
  readonly #keepsRootWarning: boolean;
  #over = false;

  constructor(args: readonly string[], options: StartOptions) {
    this.#keepsRootWarning = options.rootWarning === 'kept';
    this.cwd = options.cwd ?? (options.files ? temporaryDirectory(options.files) : root);
    const { PORT: _port, WEB_CONCURRENCY: _count, npm_lifecycle_event: _run, ...inherited } = process.env;
    const [file = process.execPath, ...rest] = [
      ...(options.through ?? []),
      process.execPath,
      options.script ?? bin,
      ...args,
    ];
    this.child = spawn(file, rest, {
      cwd: this.cwd,
      // Whatever else runs on this machine: nothing but a test that asks for an address gets one that may be taken.
      env: {
        ...inherited,
        ...(options.env?.PORT || options.inherit || options.address ? {} : ANY_PORT),
        NO_COLOR: '1',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.inherit ?? [])],
      detached: options.ownGroup === true,
    });
    this.#ended = new Promise((resolve) => {
      this.child.once('close', (status, signal) => {
        this.#over = true;
        for (const watch of this.#watchers) watch();
        resolve({ status, signal });
      });
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text) => this.#took('stdout', text));
    this.child.stderr?.setEncoding('utf8').on('data', (text) => this.#took('stderr', text));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Resolves with the match as soon as stderr has it, from `after` characters on. */
  waitForLog(pattern: RegExp, after = 0): Promise<RegExpExecArray> {
    return this.waitFor(() => {
      const found = pattern.exec(this.stderr.slice(after));
      if (!found && this.#over) throw new Error(`it ended without logging ${pattern}\n${this.stderr}`);
      return found;
    }, `the log to have ${pattern}`);
  }

  /** Looks whenever there is output, and every 20 ms, until `look` returns something. */
  waitFor<T>(look: () => T | null | undefined | false, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const limitMs = deadlineMs();
      const finish = (settle: () => void) => {
        clearTimeout(deadline);
        clearInterval(poll);
        this.#watchers.delete(watch);
        settle();
      };
      const watch = () => {
        try {
          const found = look();
          if (found) finish(() => resolve(found));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      const deadline = setTimeout(
        () => finish(() => reject(new Error(`waited ${limitMs} ms for ${what}\n${this.stderr}`))),
        limitMs,
      );
      const poll = setInterval(watch, 20);
      this.#watchers.add(watch);
      watch();
    });
  }

  /** The URL of the first listener, once it accepts. */
  async url(): Promise<string> {
    const [, url = ''] = await this.waitForLog(/Listening at: (\S+?),? /);
    return url;
  }

  /** Pids of the workers, booting or serving: the children of the arbiter that the kernel knows. */
  workers(): number[] {
    return childrenOf(this.pid);
  }

  /** Resolves with the pids once exactly `count` workers have said that they boot and live. */
  waitForWorkers(count: number): Promise<number[]> {
    return this.waitFor(() => {
      const pids = this.workers();
      return pids.length === count && pids;
    }, `${count} workers`);
  }

  /** How it ended; rejects when it goes on past the deadline. */
  async end(): Promise<{ status: number | null; signal: NodeJS.Signals | null }> {
    const limitMs = deadlineMs();
    const overdue = new Promise<never>((_, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`still running after ${limitMs} ms\n${this.stderr}`)),
        limitMs,
      );
      timer.unref();
    });
    return Promise.race([this.#ended, overdue]);
  }

  #took(stream: 'stdout' | 'stderr', text: string): void {
    const all = this[stream] + text;
    this[stream] = this.#keepsRootWarning ? all : all.replace(ROOT_WARNING, '');
    for (const watch of this.#watchers) watch();
  }
}

/** Starts the real command; whatever it started is ended, by pid, when the test ends. */
export function start(args: readonly string[], options: StartOptions = {}): Running {
  const running = new Running(args, options);
  onTestFailed(() => console.error(`--- stderr of tsunicorn ${args.join(' ')}\n${running.stderr}`));
  onTestFinished(async () => {
    for (const pid of [running.pid, ...running.workers()]) killQuietly(pid);
    if (running.child.exitCode === null && running.child.signalCode === null)
      await once(running.child, 'exit');
  });
  return running;
}

/** Starts with port 0 and waits until it listens. */
export async function serve(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Running & { at: string }> {
  // Before its arguments, which may be those of a program.
  const running = start([...(args.includes('-b') ? [] : ['-b', '127.0.0.1:0']), ...args], options);
  return Object.assign(running, { at: await running.url() });
}

/** Ends processes when the test ends: the workers of an arbiter that is killed have no parent that could tell them. */
export function endWithTest(...pids: readonly number[]): void {
  onTestFinished(() => pids.filter(isAlive).forEach(killQuietly));
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** An application of the repository, as an absolute `module:export`. */
export function app(
  name: string,
  at: 'examples' | 'test/fixtures/apps' | 'test/fixtures/broken' = 'test/fixtures/apps',
): string {
  return join(root, at, name);
}
