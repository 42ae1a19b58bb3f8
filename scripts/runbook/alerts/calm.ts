import { renameSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusAnswer } from '../../../src/ctl/client.ts';
import { Draw } from '../draw.ts';
import { freePort, open } from '../open.ts';
import type { Staging } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { until } from '../stage.ts';
import type { Prometheus } from './prometheus.ts';

const HOUR_MS = 3_600_000;
const TITLE = 'an hour of calm and of planned operations';

/** What an hour had. */
export interface Calm {
  readonly requests: number;
  readonly failed: number;
  readonly operations: readonly string[];
  readonly scrapes: number;
  /** The alerts that fired at any time of it: there must be none. */
  readonly fired: readonly string[];
  /** Those that began to count, and were over before they fired. */
  readonly pending: readonly string[];
}

const SERVICE: Staging = {
  workers: 2,
  args: [
    '--error-logfile',
    'error.log',
    '--access-logfile',
    'access.log',
    '--max-requests',
    '400',
    '--max-requests-jitter',
    '200',
  ],
  provoke: () => {},
  log: null,
};

/** What is done to a service that is well. */
const OPERATIONS: readonly (readonly [name: string, act: (stage: Stage) => Promise<void>])[] = [
  ['reload (HUP)', async (stage) => reloaded(stage, () => void process.kill(stage.arbiter, 'SIGHUP'))],
  ['scale to 4', (stage) => scaled(stage, 4)],
  ['log rotation (USR1)', rotated],
  ['scale to 2', (stage) => scaled(stage, 2)],
  ['restart of a slot', async (stage) => void (await stage.client.post('/v1/workers/0/restart'))],
  ['upgrade (USR2, then TERM of the old arbiter)', upgraded],
  ['reload (tsunicornctl)', async (stage) => reloaded(stage, () => void stage.client.post('/v1/reload'))],
];

/** Lets a service run for an hour of a time that passes `times` times faster, under load and planned operations. */
export async function calm(prometheus: Prometheus, times: number): Promise<Calm> {
  const draw = new Draw(null, TITLE);
  const stage = await open(SERVICE, draw, await freePort());
  const load = new Load(stage);
  try {
    prometheus.scrape(TITLE, stage.target ?? '');
    const lastsMs = HOUR_MS / times;
    const endMs = performance.now() + lastsMs;
    const done: string[] = [];
    for (const [name, act] of OPERATIONS) {
      await pause(lastsMs / (OPERATIONS.length + 1));
      await act(stage);
      done.push(name);
    }
    await pause(Math.max(0, endMs - performance.now()));
    const seconds = Math.ceil((lastsMs + 10_000) / 1000);
    const alerts = (state: string) =>
      namesOf(
        prometheus,
        `max by (alertname) (count_over_time(ALERTS{alertstate="${state}",instance="${stage.target}"}[${seconds}s]))`,
      );
    const [scrapes] = await prometheus.query(`count_over_time(up{instance="${stage.target}"}[${seconds}s])`);
    return {
      ...{ requests: load.answered, failed: load.failed, operations: done },
      scrapes: Number(scrapes?.value[1] ?? 0),
      ...{ fired: await alerts('firing'), pending: await alerts('pending') },
    };
  } finally {
    load.end();
    prometheus.forget(TITLE);
    await stage.close();
  }
}

async function namesOf(prometheus: Prometheus, query: string): Promise<readonly string[]> {
  return (await prometheus.query(query)).map(({ metric }) => metric.alertname ?? '');
}

/** Requests beside the operations, 20 a second. */
class Load {
  answered = 0;
  failed = 0;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor({ socket }: Stage) {
    this.#timer = setInterval(() => this.#ask(socket), 50);
  }

  end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#agent.destroy();
  }

  #ask(socketPath: string): void {
    const request = http
      .get({ socketPath, path: '/', agent: this.#agent }, (response) => {
        response.resume();
        if (response.statusCode === 200) this.answered++;
        else this.failed++;
      })
      .on('error', () => {
        // What a client must expect of a connection that it kept: it asks again.
        if (request.reusedSocket && !this.#isOver) this.#ask(socketPath);
        else this.failed++;
      });
  }
}

async function reloaded(stage: Stage, ask: () => void): Promise<void> {
  const { generation } = await stage.client.status();
  ask();
  await comes(
    stage,
    'a new generation',
    (now) => (now.generation ?? 0) > (generation ?? 0) && now.reload.underWay === null,
  );
}

async function scaled(stage: Stage, count: number): Promise<void> {
  await stage.client.post(`/v1/scale?count=${count}`);
  await comes(stage, `${count} workers`, ({ workers }) => workers.ready === count);
}

async function rotated(stage: Stage): Promise<void> {
  for (const name of ['error.log', 'access.log'])
    renameSync(join(stage.cwd, name), join(stage.cwd, `${name}.1`));
  process.kill(stage.arbiter, 'SIGUSR1');
  await until(() => stage.has('error.log') && stage.has('access.log'), 'a new log');
}

async function upgraded(stage: Stage): Promise<void> {
  const old = stage.arbiter;
  process.kill(old, 'SIGUSR2');
  const { pid } = await comes(stage, 'a new arbiter', (now) => now.pid !== old && now.workers.ready > 0);
  stage.arbiter = pid;
  process.kill(old, 'SIGTERM');
  await comes(stage, 'one arbiter', ({ role }) => role === 'only');
}

/** Waits for a status that is as wanted. Between two arbiters nobody may answer for a moment. */
async function comes(
  stage: Stage,
  what: string,
  isWanted: (status: StatusAnswer) => boolean,
): Promise<StatusAnswer> {
  let found: StatusAnswer | null = null;
  await until(async () => {
    const status = await stage.client.status().catch(() => null);
    if (status !== null && isWanted(status)) found = status;
    return found !== null;
  }, what);
  if (found === null) throw new Error(`there was never ${what}`);
  return found;
}
