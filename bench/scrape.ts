import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { server, tsunicorn } from './candidate.ts';
import { type Send, sender } from './client.ts';
import { announcedUrl } from './launch.ts';
import { findGenerator, runLoad } from './load.ts';
import { count, warnIfBusy } from './options.ts';
import { createProcesses, type Processes } from './processes.ts';
import { freePort } from './prove/running.ts';
import { markdown } from './report.ts';
import { judge, percentile, rotated, summarise } from './statistics.ts';

// What a scrape costs, and how long /metrics and /livez take while every worker computes and more requests wait than they
// can answer, beside a hello of bare node:http in a process of its own, asked in turns.

/** At most so many times what bare node:http takes. */
const MOST = 1.5;
/** Scrapes on an idle machine, of which the first load code. */
const IDLE_SCRAPES = 40;
const WARM_UP = 5;
/** Longer than what is read for one scrape is kept for the next. */
const BETWEEN_MS = 600;

interface Asked {
  readonly name: string;
  readonly path: string;
  readonly pid: number;
  readonly send: Send;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    connections: { type: 'string', default: '128' },
  },
});
warnIfBusy();
const seconds = count('seconds', values.seconds);
const processes = createProcesses();
const workers = availableParallelism();
const { asked, url } = await start(processes);
const idle = await costs(asked);
const load = runLoad(findGenerator(), processes, {
  ...{ url, connections: count('connections', values.connections), close: false },
  seconds: seconds + 2,
});
await sleep(1000);
const times = await waits(asked, seconds);
await load;
await processes.endAll();
report();
process.exit(0);

async function start(own: Processes): Promise<{ readonly asked: readonly Asked[]; readonly url: string }> {
  const admin = `127.0.0.1:${await freePort()}`;
  const service = own.start(
    tsunicorn('burn.js', workers, '--admin-bind', admin, '--log-level', 'info', '--timeout', '0'),
  );
  const bare = own.start([process.execPath, server('bare.js')], { PORT: '0' });
  const bareUrl = await announcedUrl('node:http', bare);
  const served = await servedUrl(service, admin);
  const ours = sender(`http://${admin}`, 1);
  return {
    url: served,
    asked: [
      { name: 'node:http', path: '/', pid: bare.pid ?? 0, send: sender(bareUrl, 1) },
      { name: '/livez', path: '/livez', pid: service.pid ?? 0, send: ours },
      { name: '/metrics', path: '/metrics', pid: service.pid ?? 0, send: ours },
    ],
  };
}

/** The first address that the service announces which is not that of the arbiter itself. */
function servedUrl(child: ReturnType<Processes['start']>, admin: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const read = (text: string) => {
      said += text;
      const found = [...said.matchAll(/http:\/\/127\.0\.0\.1:\d+/g)].find(([one]) => !one.endsWith(admin));
      if (found !== undefined) resolve(`${found[0]}/`);
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    child.once('exit', () => reject(new Error(`the service ended before it listened\n${said.trim()}`)));
  });
}

/** The processor time of each answer on an idle machine, in microseconds. */
async function costs(all: readonly Asked[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const micros = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  for (let round = -WARM_UP; round < IDLE_SCRAPES; round++)
    for (const { name, path, pid, send } of all) {
      await sleep(BETWEEN_MS / all.length);
      const before = microsOf(pid);
      await send(path);
      if (round >= 0) micros.get(name)?.push(microsOf(pid) - before);
    }
  return micros;
}

/** The processor time of the main thread of a process, in microseconds. */
function microsOf(pid: number): number {
  const [ran = '0'] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
  return Number(ran) / 1000;
}

/** How long each answer takes under load, in milliseconds; those of one index were asked for one after another. */
async function waits(all: readonly Asked[], limit: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  const end = performance.now() + limit * 1000;
  for (let round = 0; performance.now() < end; round++)
    for (const { name, path, send } of rotated(all, round)) {
      await sleep(BETWEEN_MS / all.length);
      const since = performance.now();
      await send(path);
      found.get(name)?.push(performance.now() - since);
    }
  return found;
}

function report(): void {
  const base = times.get('node:http') ?? [];
  const rows = asked.map(({ name }) => {
    const series = times.get(name) ?? [];
    const ratios = summarise(series.flatMap((ms, at) => base.slice(at, at + 1).map((other) => ms / other)));
    const { median, q1, q3 } = summarise(series);
    const ofMedians = median / summarise(base).median;
    return [
      name,
      summarise(idle.get(name) ?? []).median.toFixed(0),
      `${median.toFixed(2)} (${q1.toFixed(2)}–${q3.toFixed(2)})`,
      percentile(series, 0.95).toFixed(2),
      ofMedians.toFixed(2),
      name === 'node:http' ? '' : judge({ ...ratios, q1: ofMedians, q3: ofMedians }, 'at most', MOST),
    ];
  });
  console.log(
    `Node ${process.versions.node}, ${workers} workers that compute, ${values.connections} connections\n`,
  );
  const header = ['answer', 'idle, µs of processor', 'under load, ms (quartiles)', '95 %', '× node:http'];
  console.log(markdown([...header, `at most ${MOST}`], rows));
}
