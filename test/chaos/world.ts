import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { undoAtExit } from '../support/left-behind.ts';
import { endMembers, type Member, membersOf } from '../support/members.ts';
import { MemoryGroup } from './memory-group.ts';
import { Names } from './names.ts';
import type { SlowFile } from './slow-file.ts';

const command = fileURLToPath(new URL('../../dist/bin/tsunicorn.js', import.meta.url));
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
/** Of all addresses of the loopback interface one for each run, whose name server may be silent. */
const nameServerOf = (pid: number): string => `127.53.${(pid >> 8) & 255}.${1 + (pid % 250)}`;
export const WORKERS = 2;
export const CLIENTS = 6;

/** The package that the application imports; its version is what it answers. */
export const packageText = (version: number): string => `export const version = ${version};\n`;

const FILES = {
  'package.json': '{ "type": "module" }\n',
  'app.js': `import { version } from 'versioned';
/** What \`/grow\` takes, for a second. */
let held;
export const app = (request, response) => {
  if (request.url === '/grow') {
    held = Buffer.alloc(64 * 1024 * 1024, 1);
    setTimeout(() => (held = undefined), 1000);
  }
  response.end(String(version) + '\\n');
};
`,
  clock: '+0',
};

/** What of the machine a fault may use. */
export interface Means {
  /** The service's directory is a file system of its own. */
  readonly smallDisk: boolean;
  readonly fakeClock: boolean;
  readonly limits: boolean;
  /** The memory of the service can be limited. */
  readonly memory: boolean;
  /** It has a name server of its own. */
  readonly names: boolean;
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
  /** Null where the machine has no such groups. */
  readonly memory: MemoryGroup | null;
  readonly names: Names | null;
  /** Files that stay open until the end, as a process may have one still. */
  readonly slowFiles: SlowFile[] = [];
  readonly #socket: net.BoundSocket;
  #statsd: Socket | null = null;
  #syslog: Socket | null = null;
  readonly #ports = { statsd: 0, syslog: 0 };
  readonly #remove: () => void;
  readonly #isRemoved: () => void;

  private constructor(wantsFakeClock: boolean, names: Names | null) {
    this.names = names;
    this.directory = mkdtempSync(join(tmpdir(), 'tsunicorn-chaos-'));
    let isMounted = false;
    this.#remove = () => {
      endMembers(this.directory);
      this.memory?.remove();
      if (isMounted) spawnSync('umount', ['-l', this.directory]);
      rmSync(this.directory, { recursive: true, force: true });
    };
    this.#isRemoved = undoAtExit(this.#remove);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', this.directory]);
    isMounted = mounted.status === 0;
    this.memory = MemoryGroup.make(basename(this.directory));
    this.means = {
      smallDisk: isMounted,
      fakeClock: spawnSync('ls', [FAKETIME]).status === 0,
      limits: spawnSync('prlimit', ['--version']).status === 0,
      memory: this.memory !== null,
      names: names !== null,
    };
    this.hasFakeClock = wantsFakeClock && this.means.fakeClock;
    this.#socket = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
    const address = this.#socket.address();
    this.url = `http://127.0.0.1:${'port' in address ? address.port : 0}`;
    mkdirSync(join(this.directory, 'node_modules/versioned'), { recursive: true });
    for (const [name, text] of Object.entries(FILES)) this.write(name, text);
    if (names !== null)
      this.write('resolv.conf', `nameserver ${names.address}\noptions timeout:3 attempts:1\n`);
    this.write('node_modules/versioned/package.json', '{ "type": "module", "exports": "./index.js" }\n');
    this.write('node_modules/versioned/index.js', packageText(1));
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  /** With what this machine has of all that it may need. */
  static async make(wantsFakeClock: boolean): Promise<World> {
    const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;
    return new World(wantsFakeClock, canMount ? await Names.at(nameServerOf(process.pid)) : null);
  }

  /** The process that was started last as long as it lives, else the arbiter that has taken its place in an upgrade. */
  get arbiter(): number {
    const [first = 0] = this.arbiters();
    return first;
  }

  /** All that live: two in an upgrade, the old one first. */
  arbiters(): readonly number[] {
    const all = this.members().flatMap(({ pid }) => (isArbiter(pid) ? [pid] : []));
    const started = this.#child?.pid;
    return all.toSorted((a, b) => Number(b === started) - Number(a === started));
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
      ...['--statsd-host', `${this.#hostOf('statsd')}:${this.#ports.statsd}`],
      ...['--log-syslog', '--log-syslog-to', `udp://${this.#hostOf('syslog')}:${this.#ports.syslog}`],
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
    const [file = '', ...args] = [...this.#within(), process.execPath, command, 'app.js:app', ...options];
    const child = spawn(file, args, {
      cwd: this.directory,
      env: { ...inherited, ...clock, NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe', this.#socket.fd()],
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    this.#child = child;
    this.memory?.take(child.pid ?? 0);
  }

  #hostOf(service: string): string {
    return this.names === null ? '127.0.0.1' : `${service}.test`;
  }

  /** What comes before the command, so that it asks the name server of this world. It keeps its pid. */
  #within(): readonly string[] {
    if (this.names === null) return [];
    const script = 'mount --bind resolv.conf /etc/resolv.conf && exec "$@"';
    return ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh'];
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
    this.names?.close();
    for (const file of this.slowFiles) file.close();
    this.#socket.close();
    this.#child?.stderr?.destroy();
  }
}

/** Before it has its title, and after. */
function isArbiter(pid: number): boolean {
  try {
    return /^tsunicorn: arbiter|bin\/tsunicorn\.js/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

function bound(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', () => resolve(socket));
  });
}
