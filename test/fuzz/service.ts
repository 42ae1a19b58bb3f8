import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childrenOf } from '../support/proc.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const apps = join(root, 'test/fixtures/raw/apps.ts');
/** How long it may take until the service serves, or serves no more. */
const WAIT_MS = 60_000;

/** What is tried: a worker class, an application by HTTP/2, or a program that speaks HTTP/2 itself. */
export const TRIED = {
  async: ['-k', 'async', `${apps}:node`],
  sync: ['-k', 'sync', `${apps}:node`],
  thread: ['-k', 'thread', '--threads', '2', `${apps}:node`],
  'http2-app': ['--http2-cleartext', `${apps}:node`],
  http2: [join(root, 'test/fixtures/programs/http2.mjs')],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Name = keyof typeof TRIED;

/** Whether it is tried with frames of HTTP/2. */
export function speaksHttp2(name: Name): boolean {
  return name === 'http2' || name === 'http2-app';
}

/** A service that runs for as long as it is tried. */
export class Service {
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** Where it listens: a port of 127.0.0.1 and a path. */
  readonly port: number;
  readonly path: string;
  /** What it has logged: nothing, where no application, worker or server has failed. */
  log = '';

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.path = join(folder, 'socket');
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.log = (this.log + text).slice(-20_000);
    });
  }

  static async start(name: Name): Promise<Service> {
    const folder = mkdtempSync(join(tmpdir(), 'tsunicorn-fuzz-'));
    const port = await freePort();
    const args = [
      ...['-w', '1', '-b', `127.0.0.1:${port}`, '-b', `unix:${join(folder, 'socket')}`],
      ...[
        '--log-level',
        'error',
        '--limit-request-body',
        '100000',
        '--control-socket',
        'off',
        ...TRIED[name],
      ],
    ];
    const child = spawn(process.execPath, [join(root, 'dist/bin/tsunicorn.js'), ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    const service = new Service(child, folder, port);
    await service.#untilItListens();
    // It is said of every start as root.
    service.log = '';
    return service;
  }

  /** The pid of its worker; 0 where there is none. */
  get worker(): number {
    return childrenOf(this.#child.pid ?? 0)[0] ?? 0;
  }

  /** The memory of its worker in megabytes. */
  get megabytes(): number {
    const status = readFileSync(`/proc/${this.worker}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
  }

  async stop(): Promise<void> {
    const pids = [this.#child.pid ?? 0, this.worker].filter((pid) => pid > 0);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #untilItListens(): Promise<void> {
    const until = performance.now() + WAIT_MS;
    while (!(await accepts(this.path))) {
      if (this.#child.exitCode !== null || performance.now() > until)
        throw new Error(`the service does not serve\n${this.log}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path, () => resolve(true)).on('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
