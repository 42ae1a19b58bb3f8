import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../src/control/doctor/finding.ts';
import { Client } from '../../src/ctl/client.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'dist/bin/tsunicorn.js');
const LOOK_MS = 100;

/** How a service of a scenario is started. */
export interface StageOptions {
  readonly files: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts it, put before its command line. */
  readonly through?: readonly string[];
  /** Its working directory, within that of its files. */
  readonly directory?: string;
}

/** A service in a directory of its own, ended by `close()`. */
export class Stage {
  readonly cwd: string;
  readonly child: ChildProcess;
  readonly client: Client;
  stderr = '';
  exit: string | null = null;
  readonly #others: number[] = [];

  constructor({ files, args, env = {}, through = [], directory = '.' }: StageOptions) {
    this.cwd = mkdtempSync(join(tmpdir(), 'runbook-'));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    const control = join(this.cwd, 'c.sock');
    const own = [
      ...['--control-socket', control, '--admin-bind', `unix:${join(this.cwd, 'a.sock')}`],
      ...['-b', `unix:${join(this.cwd, 'app.sock')}`],
    ];
    const [file = '', ...rest] = [...through, process.execPath, bin, ...args, ...own];
    const { PORT: _port, WEB_CONCURRENCY: _count, ...inherited } = process.env;
    const cwd = join(this.cwd, directory);
    this.child = spawn(file, rest, {
      cwd,
      env: { ...inherited, PWD: cwd, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.client = new Client(control);
    this.child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.child.once('close', (status, signal) => {
      this.exit = signal ?? `exit status ${status}`;
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.cwd, name), text);
  }

  /** Waits until the log has it; throws after 30 s. */
  async logged(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.stderr), `${pattern} in the log:\n${this.stderr}`);
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
    for (let asked = 0; asked < count; asked++) {
      const request = http.get({ socketPath: join(this.cwd, 'app.sock'), path, agent: false }, (response) =>
        response.resume(),
      );
      request.on('error', () => {});
    }
  }

  async findings(): Promise<readonly Finding[]> {
    const { findings } = await this.client.get<{ readonly findings: readonly Finding[] }>('/v1/doctor');
    return findings;
  }

  /** What the arbiter answers at --admin-bind. */
  async admin(path: string): Promise<string> {
    const request = http.get({ socketPath: join(this.cwd, 'a.sock'), path, agent: false });
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
    for (const pid of [this.pid, ...this.workers(), ...this.#others]) killQuietly(pid);
    if (this.exit === null) await once(this.child, 'close');
    rmSync(this.cwd, { recursive: true, force: true });
  }
}

/** Looks until it is true; throws after 30 s, saying what was waited for. */
export async function until(look: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await look())) {
    if (performance.now() > endMs) throw new Error(`there was never ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
