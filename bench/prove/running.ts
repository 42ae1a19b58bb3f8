import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { get } from '../../test/support/client.ts';
import { undoAtExit } from '../../test/support/left-behind.ts';
import { plainEnvironment } from '../processes.ts';
import { processTree } from '../processor.ts';

/** How a subject is started on a port, in a directory of its own. */
export interface Start {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** How a server is laid out and started. */
export interface Layout {
  files(port: number): Readonly<Record<string, string>>;
  start(port: number, directory: string): Start;
}

/** A server that runs. Operations may replace its first process, so it is named by its process group. */
export interface Running {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** The first process. */
  readonly child: ChildProcess;
  /** Everything that it has written. */
  output(): string;
  /** Of any age: the process `root` and everything below it. */
  tree(root?: number): readonly number[];
  stop(): Promise<void>;
}

const STARTED_WITHIN_MS = 20_000;
const OUTPUT_LIMIT = 20_000_000;

/** A port of the loopback interface that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: all of it has ended.
  }
}

/** Whether anything of the process group is left. */
function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function groupEnded(pid: number, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs;
  while (groupLives(pid)) {
    if (performance.now() > until) return false;
    await pause(20);
  }
  return true;
}

async function answers(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const until = performance.now() + STARTED_WITHIN_MS;
  for (;;) {
    const answered = await get(url).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (answered) return;
    const ended = child.exitCode ?? child.signalCode;
    if (ended !== null) throw new Error(`it ended with ${ended}\n${output().slice(-2000)}`);
    if (performance.now() > until) throw new Error(`no answer within 20 s\n${output().slice(-2000)}`);
    await pause(50);
  }
}

/** Starts a server in a process group of its own and waits until it answers; `end` of the process ends it too. */
export async function startServer(
  directory: string,
  port: number,
  { command, environment = {} }: Start,
): Promise<Running> {
  const [file = '', ...args] = command;
  const env = { ...plainEnvironment(), ...environment };
  const child = spawn(file, args, { cwd: directory, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const pid = child.pid ?? 0;
  let said = '';
  const took = (text: string): void => {
    if (said.length < OUTPUT_LIMIT) said += text;
  };
  child.stdout?.setEncoding('utf8').on('data', took);
  child.stderr?.setEncoding('utf8').on('data', took);
  if (pid === 0) await once(child, 'error').then(([error]) => Promise.reject(error));
  const isKilled = undoAtExit(() => killGroup(pid));
  const url = `http://127.0.0.1:${port}`;
  const running: Running = {
    url,
    port,
    directory,
    child,
    output: () => said,
    tree: (root = pid) => processTree(root).map((one) => one.pid),
    async stop() {
      child.kill('SIGTERM');
      // An upgrade has made another process the first one.
      if (child.exitCode !== null || child.signalCode !== null || !(await groupEnded(pid, 3000)))
        killGroup(pid);
      await groupEnded(pid, 3000);
      isKilled();
    },
  };
  try {
    await answers(url, child, running.output);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}
