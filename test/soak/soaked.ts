import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { get } from '../support/client.ts';
import { childrenOf, isAlive, type Running, start } from '../support/tsunicorn.ts';

/** A service that is operated on, through every arbiter that it ever has. */
export class Soaked {
  readonly #running: Running;
  readonly wanted: number;

  constructor(running: Running, wanted: number) {
    this.#running = running;
    this.wanted = wanted;
  }

  /** The arbiter that the pidfile names. */
  get pid(): number {
    return Number(readFileSync(join(this.#running.cwd, 'pid'), 'utf8'));
  }

  get cwd(): string {
    return this.#running.cwd;
  }

  /** Everything that any arbiter or worker of the service has logged. */
  get log(): string {
    return this.#running.stderr;
  }

  /** The memory of the arbiter in megabytes. */
  get arbiterMegabytes(): number {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  }

  workers(): readonly number[] {
    return childrenOf(this.pid);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** How many lines of the log match. */
  count(pattern: RegExp): number {
    return this.log.match(new RegExp(pattern, 'g'))?.length ?? 0;
  }

  waitFor<T>(look: () => T | null | undefined | false, what: string): Promise<T> {
    return this.#running.waitFor(look, what);
  }

  waitForLog(pattern: RegExp, after: number): Promise<RegExpExecArray> {
    return this.#running.waitForLog(pattern, after);
  }

  /** HUP, until every worker is of the new generation. */
  async reload(): Promise<void> {
    const old = this.workers();
    const seen = this.log.length;
    this.signal('SIGHUP');
    await this.waitForLog(/Generation \d+ is ready/, seen);
    await this.waitFor(() => !this.workers().some((pid) => old.includes(pid)), 'the old workers to be gone');
  }

  /** KILL to these workers, until as many are ready again. */
  async killed(workers: readonly number[]): Promise<void> {
    const ready = this.count(/Worker is ready/);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await this.waitFor(
      () => this.count(/Worker is ready/) >= ready + workers.length,
      'as many workers to be ready',
    );
  }

  /** One worker more, and one fewer again. */
  async scale(): Promise<void> {
    const seen = this.log.length;
    this.signal('SIGTTIN');
    await this.waitForLog(/Worker is ready/, seen);
    this.signal('SIGTTOU');
    await this.waitForLog(/fewer workers are wanted/, seen);
  }

  /** TERM to a worker, which serves on until another does. */
  async recycle(): Promise<void> {
    const seen = this.log.length;
    const worker = await this.waitFor(() => this.workers()[0], 'a worker');
    process.kill(worker, 'SIGTERM');
    await this.waitForLog(new RegExp(`Worker exiting \\(pid: ${worker}\\)`), seen);
  }

  /** USR2, WINCH to the old arbiter, TERM to the old arbiter, until the new one is alone. */
  async upgrade(): Promise<void> {
    const old = this.pid;
    const seen = this.log.length;
    process.kill(old, 'SIGUSR2');
    const [, newArbiter] = await this.waitForLog(
      /new arbiter \(pid: (\d+)\) serves together with this one/,
      seen,
    );
    const workers = childrenOf(old).filter((pid) => pid !== Number(newArbiter));
    process.kill(old, 'SIGWINCH');
    await this.waitFor(() => !workers.some(isAlive), 'the workers of the old arbiter to be gone');
    process.kill(old, 'SIGTERM');
    await this.waitForLog(/the upgrade is complete/, seen);
    await this.waitFor(() => this.pid !== old && this.pid, 'the pidfile to name the new arbiter');
  }
}

/** Has the service answer for countedBy(). */
export const CONTROL = ['--control-socket', 'control.sock'];

/** How many requests the service has counted, through all its workers and arbiters. */
export async function countedBy({
  cwd,
}: Soaked): Promise<{ readonly ended: number; readonly inFlight: number }> {
  const { body } = await get(`unix:${join(cwd, 'control.sock')}`, '/v1/status');
  const { ended, inFlight } = JSON.parse(body).requests;
  return { ended, inFlight };
}

/** A service and where it answers. */
export type Reachable = Soaked & { readonly urls: readonly string[] };

type Environment = Readonly<Record<string, string>>;

/** Serves on TCP and on a Unix socket at once; whatever arbiter there is at the end of the test is killed with its workers. */
export async function soak(
  app: string,
  args: readonly string[],
  wanted: number,
  env: Environment = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Reachable> {
  const binds = ['-b', '127.0.0.1:0', '-b', 'unix:app.sock'];
  const running = start([app, ...binds, ...common(wanted), ...args], { files, env });
  return allReady(running, wanted, [`unix:${join(running.cwd, 'app.sock')}`]);
}

/** Serves a program where it listens itself, else as `soak()` does. */
export function soakUnnamed(
  program: string,
  args: readonly string[],
  wanted: number,
  env: Environment,
): Promise<Reachable> {
  const running = start([program, ...common(wanted), ...args], { files: {}, env, address: 'unnamed' });
  return allReady(running, wanted);
}

function common(wanted: number): readonly string[] {
  return ['-w', String(wanted), '--pid', 'pid', '--log-level', 'debug'];
}

async function allReady(running: Running, wanted: number, more: readonly string[] = []): Promise<Reachable> {
  const url = await running.url();
  const soaked = new Soaked(running, wanted);
  onTestFinished(() => {
    const left = [soaked.pid, ...soaked.workers()].filter((pid) => pid > 0 && isAlive(pid));
    for (const pid of left) process.kill(pid, 'SIGKILL');
  });
  await soaked.waitFor(() => soaked.count(/Worker is ready/) >= wanted, 'every worker to be ready');
  return Object.assign(soaked, { urls: [url, ...more] });
}
