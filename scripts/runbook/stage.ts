import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../src/control/doctor/finding.ts';
import { Client } from '../../src/ctl/client.ts';
import { undoAtExit } from '../../test/support/left-behind.ts';
import { endMembers } from '../../test/support/members.ts';
import { removeCgroup } from './cgroup.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'dist/bin/tsunicorn.js');
const LOOK_MS = 100;

/** How a service is started. */
export interface StageOptions {
  readonly files: Readonly<Record<string, string>>;
  /** A command that starts it, put before its command line. */
  readonly through?: readonly string[] | undefined;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Before it starts, in its directory. */
  readonly prepare?: ((cwd: string) => void) | undefined;
  /** Where it serves; a Unix socket where it is not said. */
  readonly address?: 'tcp' | undefined;
  /** The port of 127.0.0.1 at which its arbiter answers; a Unix socket where it is not said. */
  readonly adminPort?: number | undefined;
}

/** A service in a directory of its own, ended by `close()`. */
export class Stage {
  readonly cwd: string;
  readonly child: ChildProcess;
  readonly client: Client;
  /** The Unix socket at which it serves. */
  readonly socket: string;
  stderr = '';
  exit: string | null = null;
  /** The process id of the arbiter that serves: after an upgrade it is another one. */
  arbiter: number;
  readonly #options: StageOptions;
  readonly #others: number[] = [];
  /** Requests that have not ended. */
  #asked = 0;
  readonly #isRemoved: () => void;

  constructor(options: StageOptions) {
    const { files, args, env = {}, through = [], prepare } = options;
    this.#options = options;
    this.cwd = mkdtempSync(join(tmpdir(), 'runbook-'));
    this.#isRemoved = undoAtExit(() => {
      this.#kill();
      this.#remove();
    });
    this.socket = join(this.cwd, 'app.sock');
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    prepare?.(this.cwd);
    const control = join(this.cwd, 'c.sock');
    const own = [
      ...['--control-socket', control, '--admin-bind', this.target ?? `unix:${this.#admin}`],
      ...['-b', this.#isTcp ? ANY_PORT : `unix:${this.socket}`],
    ];
    const [file = '', ...rest] = [...through, process.execPath, bin, ...args, ...own];
    const { PORT: _port, WEB_CONCURRENCY: _count, ...inherited } = process.env;
    this.child = spawn(file, rest, {
      cwd: this.cwd,
      env: { ...inherited, PWD: this.cwd, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.arbiter = this.child.pid ?? 0;
    this.client = new Client(control);
    this.child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.child.once('close', (status, signal) => {
      this.exit = signal ?? `exit status ${status}`;
    });
  }

  get pid(): number {
    // At an exit while it is made there is no child.
    return this.child?.pid ?? 0;
  }

  /** The host and port of --admin-bind; null where that is a Unix socket. */
  get target(): string | null {
    const { adminPort } = this.#options;
    return adminPort === undefined ? null : `127.0.0.1:${adminPort}`;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.cwd, name), text);
  }

  has(name: string): boolean {
    return existsSync(join(this.cwd, name));
  }

  pause(ms: number): Promise<void> {
    return pause(ms);
  }

  /** Waits until the log has it; throws after 30 s. */
  async logged(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.stderr), `${pattern} in the log:\n${this.stderr}`);
  }

  /** Waits until it serves, or has ended; throws after 30 s. */
  async served(): Promise<void> {
    await until(async () => this.exit !== null || (await this.#serves()), 'a service');
  }

  /** Waits until nothing is left of what was asked, and it serves; throws after 30 s. */
  async recovered(): Promise<void> {
    await until(() => this.#asked === 0, 'an end of what was asked before');
    await this.served();
  }

  /** Waits until its arbiter answers, whoever serves; throws after 30 s. */
  async answers(): Promise<void> {
    const isThere = () =>
      this.client.status().then(
        () => true,
        () => false,
      );
    await until(isThere, 'an arbiter');
  }

  /** Waits until one of these workers has gone; throws after 30 s. */
  async lost(workers: readonly number[]): Promise<void> {
    await until(() => {
      const living = new Set(this.workers());
      return workers.some((pid) => !living.has(pid));
    }, 'an end of a worker');
  }

  /** Waits for its end; throws after 30 s. */
  async ended(): Promise<void> {
    await until(() => this.exit !== null, 'an end');
  }

  /** The pids of the workers. */
  workers(): number[] {
    try {
      const text = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim();
      return text === '' ? [] : text.split(' ').map(Number);
    } catch {
      return [];
    }
  }

  /** Asks the application, without waiting for the answer or minding how it ends. */
  ask(path: string, count = 1): void {
    const [, port] = this.#isTcp ? (/Listening at: http:\/\/127\.0\.0\.1:(\d+)/.exec(this.stderr) ?? []) : [];
    const place = port === undefined ? { socketPath: this.socket } : { host: '127.0.0.1', port };
    for (let asked = 0; asked < count; asked++) {
      this.#asked++;
      const request = http.get({ ...place, path, agent: false }, (response) => response.resume());
      request.on('error', () => {}).on('close', () => this.#asked--);
    }
  }

  async findings(): Promise<readonly Finding[]> {
    const { findings } = await this.client.get<{ readonly findings: readonly Finding[] }>('/v1/doctor');
    return findings;
  }

  /** What the arbiter answers at --admin-bind. */
  async admin(path: string): Promise<string> {
    const [host, port] = this.target?.split(':') ?? [];
    const place = host === undefined ? { socketPath: this.#admin } : { host, port };
    const request = http.get({ ...place, path, agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let body = '';
    for await (const part of response.setEncoding('utf8')) {
      body += part;
      // The stream of the page has no end: its first picture is enough.
      if (path === '/page/stream' && /"sentence":"/.test(body)) break;
    }
    request.destroy();
    return body;
  }

  /** Also ends this process, whoever started it. */
  endWith(pid: number): void {
    this.#others.push(pid);
  }

  async close(): Promise<void> {
    this.#kill();
    if (this.exit === null) await once(this.child, 'close');
    this.#remove();
    this.#isRemoved();
  }

  #kill(): void {
    // A new arbiter of an upgrade that is not over is a child as the workers are.
    const pids = [this.pid, ...this.workers(), this.arbiter, ...this.#others];
    for (const pid of pids) if (pid > 0) killQuietly(pid);
  }

  #remove(): void {
    endMembers(this.cwd);
    removeCgroup(this.pid);
    rmSync(this.cwd, { recursive: true, force: true });
  }

  get #admin(): string {
    return join(this.cwd, 'a.sock');
  }

  get #isTcp(): boolean {
    return this.#options.address === 'tcp';
  }

  async #serves(): Promise<boolean> {
    try {
      const { workers } = await this.client.status();
      return workers.wanted > 0 && workers.ready === workers.wanted;
    } catch {
      // It does not listen yet.
      return false;
    }
  }
}

const ANY_PORT = '127.0.0.1:0';

/** Looks until it is true; throws after 30 s, saying what was waited for. */
export async function until(look: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await look())) {
    if (performance.now() > endMs) throw new Error(`there was never ${what}`);
    await pause(LOOK_MS);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
