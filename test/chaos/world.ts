import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { undoAtExit } from '../support/left-behind.ts';
import { endMembers, type Member, membersOf } from './processes.ts';

const command = fileURLToPath(new URL('../../dist/bin/tsunicorn.js', import.meta.url));
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
export const WORKERS = 2;
export const CLIENTS = 6;

/** The package that the application imports; its version is what it answers. */
export const packageText = (version: number): string => `export const version = ${version};\n`;

const FILES = {
  'package.json': '{ "type": "module" }\n',
  'app.js': `import { version } from 'versioned';
export const app = (request, response) => response.end(String(version) + '\\n');
`,
  clock: '+0',
};

/** What of the machine a fault may use. */
export interface Means {
  /** The service's directory is a file system of its own. */
  readonly smallDisk: boolean;
  readonly fakeClock: boolean;
  readonly limits: boolean;
}

/** A service on which faults are injected, with what it talks to; its socket outlives it, as systemd's does. */
export class World {
  readonly directory: string;
  readonly means: Means;
  /**
   * Its clock can be set, and none of its processes is killed: they share a semaphore of libfaketime, and one that dies while
   * it holds it stops the others for ever.
   */
  readonly hasFakeClock: boolean;
  readonly url: string;
  /** When a worker was killed on purpose: what it was answering may be lost. */
  readonly kills: number[] = [];
  log = '';
  #child: ChildProcess | null = null;
  readonly #socket: net.BoundSocket;
  #statsd: Socket | null = null;
  #syslog: Socket | null = null;
  readonly #ports = { statsd: 0, syslog: 0 };
  readonly #remove: () => void;
  readonly #isRemoved: () => void;

  constructor(wantsFakeClock: boolean) {
    this.directory = mkdtempSync(join(tmpdir(), 'tsunicorn-chaos-'));
    let isMounted = false;
    this.#remove = () => {
      endMembers(this.directory);
      if (isMounted) spawnSync('umount', ['-l', this.directory]);
      rmSync(this.directory, { recursive: true, force: true });
    };
    this.#isRemoved = undoAtExit(this.#remove);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', this.directory]);
    isMounted = mounted.status === 0;
    this.means = {
      smallDisk: isMounted,
      fakeClock: spawnSync('ls', [FAKETIME]).status === 0,
      limits: spawnSync('prlimit', ['--version']).status === 0,
    };
    this.hasFakeClock = wantsFakeClock && this.means.fakeClock;
    this.#socket = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
    const address = this.#socket.address();
    this.url = `http://127.0.0.1:${'port' in address ? address.port : 0}`;
    mkdirSync(join(this.directory, 'node_modules/versioned'), { recursive: true });
    for (const [name, text] of Object.entries(FILES)) this.write(name, text);
    this.write('node_modules/versioned/package.json', '{ "type": "module", "exports": "./index.js" }\n');
    this.write('node_modules/versioned/index.js', packageText(1));
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  /** The process that was started last, which is the arbiter as long as it lives. */
  get arbiter(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts the service, as the supervisor above it does when it has ended. */
  start(): void {
    const options = [
      ...['-w', String(WORKERS), '-b', 'fd://3', '--pid', 'pid', '--control-socket', 'control.sock'],
      ...[
        '--access-logfile',
        'access.log',
        '--log-level',
        'debug',
        '--timeout',
        '60',
        '--graceful-timeout',
        '20',
      ],
      ...['--statsd-host', `127.0.0.1:${this.#ports.statsd}`],
      ...['--log-syslog', '--log-syslog-to', `udp://127.0.0.1:${this.#ports.syslog}`],
    ];
    const clock = this.hasFakeClock
      ? {
          LD_PRELOAD: FAKETIME,
          FAKETIME_TIMESTAMP_FILE: join(this.directory, 'clock'),
          FAKETIME_NO_CACHE: '1',
          DONT_FAKE_MONOTONIC: '1',
        }
      : {};
    const { PORT: _port, WEB_CONCURRENCY: _count, ...inherited } = process.env;
    const child = spawn(process.execPath, [command, 'app.js:app', ...options], {
      cwd: this.directory,
      env: { ...inherited, ...clock, NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe', this.#socket.fd()],
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    this.#child = child;
  }

  /** What the service writes is read, or waits in its pipe until that is full. */
  readLog(reads: boolean): void {
    const from = this.#child?.stderr;
    if (reads) from?.resume();
    else from?.pause();
  }

  members(): readonly Member[] {
    return membersOf(this.directory);
  }

  /** The children of the arbiter. */
  workers(): readonly number[] {
    return this.members().flatMap(({ pid, parent }) => (parent === this.arbiter ? [pid] : []));
  }

  /** The receivers of statsd and syslog are there, at the ports that they first had. */
  async receive(isThere: boolean): Promise<void> {
    if (!isThere) {
      this.#statsd?.close();
      this.#syslog?.close();
      this.#statsd = this.#syslog = null;
      return;
    }
    this.#statsd ??= await bound(this.#ports.statsd);
    this.#syslog ??= await bound(this.#ports.syslog);
    this.#ports.statsd = this.#statsd.address().port;
    this.#ports.syslog = this.#syslog.address().port;
  }

  /** Ends whatever is left, and removes the directory. */
  async close(): Promise<void> {
    this.#remove();
    this.#isRemoved();
    await this.receive(false);
    this.#socket.close();
    this.#child?.stderr?.destroy();
  }
}

function bound(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', () => resolve(socket));
  });
}
