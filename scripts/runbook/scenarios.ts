import { renameSync, rmSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { APPLICATION } from './application.ts';
import { Stage, type StageOptions, until } from './stage.ts';

/** A failure, how it is made, and what must name it. */
export interface Scenario {
  readonly title: string;
  /** Whole sentences. */
  readonly cause: string;
  readonly cure: string;
  readonly alert?: string;
  readonly stage?: Partial<StageOptions>;
  /** Makes the failure of a service that serves. */
  readonly provoke: (stage: Stage) => void | Promise<void>;
  /** The service never serves: there is nobody to ask. */
  readonly startsNot?: true;
  /** What names it in the log; null where nothing happens that could be logged. */
  readonly log: RegExp | null;
  /** What names it in `tsunicornctl status`; without it, there is no service to be asked. */
  readonly status?: RegExp;
}

const files = { 'app.mjs': APPLICATION };
const ofWorker = (stage: Stage) => stage.workers()[0] ?? 0;

/** Failures that a service may have, as a person on call meets them. */
export const SCENARIOS: readonly Scenario[] = [
  {
    title: 'A blocked event loop',
    cause: 'Code of the application computes without giving way, and its worker answers nobody meanwhile.',
    cure: 'The stack is the place. Move the work to class `thread` or to a queue; until then add workers.',
    alert: 'TsunicornStalls',
    provoke: (stage) => stage.ask('/report'),
    log: /event loop .*blocked/,
    status: /blocked/,
  },
  {
    title: 'A regular expression that never ends',
    cause: 'A pattern with nested repetitions meets a text that almost matches.',
    cure: 'The stack ends at the line of the pattern: rewrite it, or bound the length of the text. More workers do not help, as each such request takes one.',
    alert: 'TsunicornStalls',
    provoke: (stage) => stage.ask('/search'),
    log: /event loop .*blocked/,
    status: /blocked/,
  },
  {
    title: 'Blocks below the time limit',
    cause: 'Each block is too short to be ended by `--timeout`, but others wait for it.',
    cure: 'The log has the stack of each: `tsunicornctl profile SLOT` shows the sum of them.',
    alert: 'TsunicornStalls',
    provoke: async (stage) => {
      for (let times = 0; times < 3; times++) stage.ask('/report?ms=1500');
    },
    log: /event loop .*blocked/,
    status: /blocked/,
  },
  {
    title: 'The heap limit of V8',
    cause: 'A request collects more than the JavaScript heap of a worker may hold.',
    cure: '`tsunicornctl heap SLOT` of a worker that has grown shows what is kept. `--max-memory` replaces workers in time.',
    alert: 'TsunicornOutOfMemory',
    stage: { env: { NODE_OPTIONS: '--max-old-space-size=48' } },
    provoke: (stage) => stage.ask('/export'),
    log: /heap|out of memory/i,
    status: /deaths: .*(heap|memory)/i,
  },
  {
    title: 'A worker that is killed from outside',
    cause: 'The kernel (out of memory), another supervisor or a person sends SIGKILL.',
    cure: '`dmesg | grep -i "killed process"` tells the kernel from the others. In a container look at its memory limit.',
    alert: 'TsunicornCrashLoop',
    provoke: (stage) => void process.kill(ofWorker(stage), 'SIGKILL'),
    log: /was killed by SIGKILL/,
    status: /deaths: .*SIGKILL/,
  },
  {
    title: 'A crash at boot',
    cause: 'The application throws while it is loaded: a variable, a file or a database is missing.',
    cure: 'The log has the stack. Statuses 3 and 4 are not worth a restart: systemd is told so by RestartPreventExitStatus= of the unit that `tsunicorn init systemd` writes.',
    alert: 'TsunicornDown',
    stage: { files: { 'app.mjs': 'throw new Error("DATABASE_URL is not set");\n' } },
    startsNot: true,
    provoke: () => {},
    log: /DATABASE_URL is not set/,
  },
  {
    title: 'A crash loop after the boot',
    cause: 'The workers get ready, and die soon after, again and again.',
    cure: 'If it began with a deploy, put the old code back and `tsunicornctl reload --wait`. Starts are delayed meanwhile, so that the machine has time for the rest.',
    alert: 'TsunicornCrashLoop',
    stage: {
      files: {
        'app.mjs': `${APPLICATION}setTimeout(() => { throw new Error('the cache is gone'); }, 300);\n`,
      },
    },
    provoke: () => {},
    log: /the cache is gone/,
    status: /die again and again/,
  },
  {
    title: 'A slow dependency',
    cause: 'Requests wait for something that the application asks and that does not answer.',
    cure: '`tsunicornctl requests` shows which path. Bound the wait in the application (`AbortSignal.timeout()`), and every request with `--request-timeout`.',
    provoke: (stage) => stage.ask('/orders', 8),
    log: null,
    status: /requests wait for an answer/,
  },
  {
    title: 'A promise that never settles',
    cause: 'A request is neither answered nor fails: nobody calls `resolve`.',
    cure: '`tsunicornctl requests` shows its path and age. `--request-timeout` ends such requests with 503.',
    provoke: (stage) => stage.ask('/lost'),
    log: null,
    status: /a request waits for an answer .*\/lost/,
  },
  {
    title: 'DNS that hangs',
    cause: 'A name is not resolved, and the requests that need it wait.',
    cure: 'As of a slow dependency. `dig` on the host; a local cache (systemd-resolved, NodeLocal DNSCache).',
    provoke: (stage) => stage.ask('/lookup', 3),
    log: null,
    status: /requests wait for an answer .*\/lookup/,
  },
  {
    title: 'A stuck thread',
    cause: 'In class `thread` a thread computes without end; the others go on.',
    cure: 'The log has the stack of the thread. After `--timeout` the thread is ended, and its client gets 504.',
    alert: 'TsunicornStalls',
    stage: { args: ['app.mjs:app', '-k', 'thread', '--threads', '2'] },
    provoke: (stage) => stage.ask('/report'),
    log: /thread .*blocked|blocked.*thread/i,
    status: /blocked/,
  },
  {
    title: 'A broken deploy',
    cause: 'The new code cannot be loaded. The reload is undone, and the old code serves on.',
    cure: 'Mend it, then `tsunicornctl reload --wait`, whose exit status (4) a deploy script reads.',
    alert: 'TsunicornReloadUndone',
    provoke: (stage) => {
      stage.write('app.mjs', `import './no-such-file.mjs';\n`);
      stage.child.kill('SIGHUP');
    },
    log: /no-such-file/,
    status: /reload changed nothing/,
  },
  {
    title: 'A mistyped configuration',
    cause:
      'The configuration file has a setting that there is not. The reload is refused before anything is done.',
    cure: 'The message names the file, the line and what may be meant. `tsunicorn --check-config` says so before a deploy.',
    alert: 'TsunicornReloadUndone',
    stage: { files: { ...files, 'tsunicorn.config.mjs': 'export default { workers: 2 };\n' } },
    provoke: (stage) => {
      stage.write('tsunicorn.config.mjs', 'export default { workres: 4 };\n');
      stage.child.kill('SIGHUP');
    },
    log: /workres/,
    status: /reload changed nothing.*workres/,
  },
  {
    title: 'A bad upgrade',
    cause: 'The new arbiter of USR2 cannot start. The old one serves on.',
    cure: 'Its reason is in the log, above. Mend it, then `tsunicornctl upgrade --wait --finish`.',
    alert: 'TsunicornReloadUndone',
    provoke: (stage) => {
      stage.write('app.mjs', 'throw new Error("built for another Node");\n');
      stage.child.kill('SIGUSR2');
    },
    log: /built for another Node/,
    status: /new arbiter.*exited|upgrade/,
  },
  {
    title: 'A full disk',
    cause:
      'The log cannot be written. Requests do not wait for it: its lines are held, then lost and counted.',
    cure: '`df`, then rotate or delete. What the log could not take is in `tsunicornctl logs`, and warnings are on the standard error.',
    alert: 'TsunicornLogLinesLost',
    stage: { args: ['app.mjs:app', '-w', '2', '--error-logfile', '/dev/full'] },
    provoke: (stage) => stage.ask('/'),
    log: /Cannot write \/dev\/full \(ENOSPC: the disk is full\)/,
    status: /Cannot write \/dev\/full/,
  },
  {
    title: 'Slow clients',
    cause: 'Clients open connections and send nothing, or little: on purpose, or by a bad network.',
    cure: 'Connections that have not finished a header make room for others. Put a proxy before the service, and a limit by address into it.',
    stage: { args: ['app.mjs:app', '-w', '1', '--worker-connections', '20'] },
    provoke: (stage) => {
      for (let count = 0; count < 60; count++) {
        const socket = net.connect(join(stage.cwd, 'app.sock'), () =>
          socket.write('GET / HTTP/1.1\r\nHost: a\r\n'),
        );
        socket.on('error', () => {});
      }
    },
    log: /connections/,
    status: /connections/,
  },
  {
    title: 'A port that is taken',
    cause: 'Something listens at the address already, as a rule the same service.',
    cure: 'The message names the process. `tsunicornctl ls` shows the services of this user.',
    stage: { args: ['app.mjs:app', '-b', '127.0.0.1:PORT'] },
    startsNot: true,
    provoke: () => {},
    log: /in use/,
  },
  {
    title: 'A dead arbiter',
    cause:
      'The arbiter was killed. Its workers finish their requests and end, so that nothing is left behind.',
    cure: 'Start the service again; a service manager does. `dmesg | grep -i "killed process"` says whether it was the kernel.',
    alert: 'TsunicornDown',
    provoke: (stage) => {
      for (const pid of stage.workers()) stage.endWith(pid);
      stage.child.kill('SIGKILL');
    },
    log: /arbiter has exited/,
  },
  {
    title: 'Too many open files',
    cause: 'A worker has as many files and sockets open as it may: it cannot accept.',
    cure: '`ls -l /proc/PID/fd` shows what is not closed. Otherwise raise the limit: LimitNOFILE= in a unit, `ulimit -n`.',
    stage: { through: ['sh', '-c', 'ulimit -n 160 && exec "$@"', 'sh'] },
    provoke: (stage) => {
      stage.ask('/open', 4);
      setTimeout(() => stage.ask('/', 4), 300);
    },
    log: /open files|files can be opened|files? .*open/i,
    status: /files/,
  },
  {
    title: 'A storm of rejections',
    cause: 'Promises are rejected and nobody handles it: each ends its worker, as Node does.',
    cure: 'The log has the error and its stack: `await` the promise, or `catch` it.',
    alert: 'TsunicornCrashLoop',
    provoke: async (stage) => {
      for (let times = 0; times < 6; times++) {
        stage.ask('/forgotten', 2);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    },
    log: /nobody awaits this/,
    status: /nobody awaits this/,
  },
  {
    title: 'A crash of native code',
    cause: 'An addon, or Node itself, has read what it must not: SIGSEGV.',
    cure: 'Leave out the addon that was updated last; `coredumpctl` has the stack where cores are kept.',
    alert: 'TsunicornCrashLoop',
    provoke: (stage) => stage.ask('/crash'),
    log: /crashed with SIGSEGV/,
    status: /SIGSEGV/,
  },
  {
    title: 'process.exit in a request',
    cause:
      'Code of the application, or of a package, ends the whole worker and with it the requests of others.',
    cure: 'The log names the place of the call: throw an error there instead.',
    alert: 'TsunicornCrashLoop',
    provoke: (stage) => stage.ask('/quit'),
    log: /process\.exit|exited with status 1/,
    status: /deaths: .*exit/,
  },
  {
    title: 'Two versions of the code',
    cause:
      'Files were changed under a running service, and a worker that was replaced has loaded the new ones.',
    cure: '`tsunicornctl reload --wait` brings all workers to one version. Deploy into a new directory, and reload.',
    stage: { args: ['app.mjs:app', '-w', '2', '--log-level', 'debug'] },
    provoke: async (stage) => {
      await stage.logged(/was loaded from \d+ files/);
      stage.write('next.mjs', `${APPLICATION}// changed\n`);
      renameSync(join(stage.cwd, 'next.mjs'), join(stage.cwd, 'app.mjs'));
      process.kill(ofWorker(stage), 'SIGTERM');
    },
    log: /two versions of the code/,
    status: /two versions of the code/,
  },
  {
    title: 'A release that nobody has reloaded',
    cause: 'The link to the release was changed, and the service still runs the one before.',
    cure: '`tsunicornctl reload --wait` follows the link.',
    stage: { directory: 'current' },
    provoke: (stage) => {
      rmSync(join(stage.cwd, 'current'));
      symlinkSync('release-2', join(stage.cwd, 'current'));
    },
    log: null,
    status: /release-2 now/,
  },
  {
    title: 'Uneven WebSockets',
    cause: 'Connections that last stay where they were opened: after scaling up, the new workers have none.',
    cure: 'Restart the workers that have most: their clients connect again, and are spread.',
    stage: { args: ['app.mjs:app', '-w', '1'] },
    provoke: async (stage) => {
      const sockets = Array.from({ length: 60 }, () => net.connect(join(stage.cwd, 'app.sock')));
      for (const socket of sockets) {
        socket.on('error', () => {});
        socket.write(UPGRADE);
      }
      await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('data', resolve))));
      await stage.client.post('/v1/scale?count=3');
      await until(async () => (await stage.client.status()).workers.ready === 3, 'three workers');
    },
    log: null,
    status: /of \d+ connections/,
  },
  {
    title: 'A stopped worker',
    cause: 'A process was stopped, by SIGSTOP or a debugger, and still holds its connections.',
    cure: '`kill -CONT` it, or `tsunicornctl kill SLOT`: another one takes its place.',
    alert: 'TsunicornStalls',
    provoke: (stage) => void process.kill(ofWorker(stage), 'SIGSTOP'),
    log: /stopped/,
    status: /stopped/,
  },
  {
    title: 'A clock that jumps',
    cause: 'The clock of the system was set, or the machine slept. No time limit depends on it.',
    cure: 'Times in the log before and after do not fit each other. `chronyc tracking`, `timedatectl`.',
    stage: {
      files: {
        ...files,
        'jump.mjs':
          'const now = Date.now; setTimeout(() => { Date.now = () => now() + 3_600_000; }, 1000).unref();\n',
      },
      env: { NODE_OPTIONS: '--import ./jump.mjs' },
    },
    provoke: () => {},
    log: null,
    status: /clock of the system was set forward by 36\d\d s/,
  },
];

const UPGRADE = `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;

/** Starts the service of a scenario; resolves when it serves, or has something to say instead. */
export async function open(scenario: Scenario): Promise<Stage> {
  const { stage = {}, startsNot } = scenario;
  const args = stage.args ?? ['app.mjs:app', '-w', '2'];
  const taken = await holdPort();
  const options = { files, ...stage, args: args.map((text) => text.replace('PORT', `${taken.port}`)) };
  const started = stage.directory === undefined ? new Stage(options) : inRelease(options);
  if (startsNot) await until(() => started.exit !== null, 'an end');
  else await until(async () => (await ready(started)) || started.exit !== null, 'a service');
  taken.close();
  return started;
}

async function ready({ client }: Stage): Promise<boolean> {
  try {
    const { workers } = await client.status();
    return workers.wanted > 0 && workers.ready === workers.wanted;
  } catch {
    // It does not listen yet.
    return false;
  }
}

/** Through a link to one of two releases. */
function inRelease(options: StageOptions & { readonly args: readonly string[] }): Stage {
  const script =
    'mkdir release-1 release-2 && cp app.mjs release-1 && cp app.mjs release-2 && ln -s release-1 current && cd current && exec "$@"';
  return new Stage({ ...options, directory: '.', through: ['sh', '-c', script, 'sh'] });
}

async function holdPort(): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return { port, close: () => server.close() };
}
