import { evenArrivals } from './arrivals.ts';
import type { Bench, Findings } from './bench.ts';
import { type Candidate, server, tsunicorn } from './candidate.ts';
import { closedLoop, openLoop, sender } from './client.ts';
import { launch } from './launch.ts';
import { showProgress } from './options.ts';
import { exitOf, type Processes } from './processes.ts';
import { absoluteBar, barTable } from './report.ts';
import { percentile, summarise } from './statistics.ts';

const THREADS = 2;
const BURN_MS = 20;
const CLIENTS = 2 * THREADS;
const PROBE_EVERY_MS = 10;

const candidate: Candidate = {
  name: 'tsunicorn thread',
  processes: 1,
  command: tsunicorn('burn.js', 1, '-k', 'thread', '--threads', `${THREADS}`),
};

/** The server has no WebSockets in this class, so the thread that speaks HTTP refuses an upgrade by itself. */
const NEEDS_NO_THREAD = { Connection: 'Upgrade', Upgrade: 'websocket' };
const REFUSED = 501;

interface Round {
  readonly perSecond: number;
  /** Of the requests that need no thread, while all threads are busy. */
  readonly p99Ms: number;
  /** What as many threads burn without any server: what the machine gives. */
  readonly bare: number;
}

/**
 * Handlers that burn 20 ms of processor time, in two threads of one worker: whether the threads use two processors, and
 * whether the thread that speaks HTTP still answers meanwhile.
 */
export async function threadCpu(bench: Bench): Promise<Findings> {
  const { processes, options } = bench;
  const { url } = await launch(candidate, processes);
  const burn = sender(url, CLIENTS);
  const probe = sender(url, 1, NEEDS_NO_THREAD);
  const measure = async (seconds: number): Promise<Round> => {
    const [perSecond, probed] = await Promise.all([
      closedLoop(CLIENTS, seconds, () => burn('/')),
      openLoop(evenArrivals(PROBE_EVERY_MS, seconds, '/'), probe, REFUSED),
    ]);
    const p99Ms = percentile(
      probed.map(({ ms }) => ms),
      0.99,
    );
    return { perSecond, p99Ms, bare: await bareThreads(processes, seconds) };
  };
  showProgress('thread-cpu: warming');
  await measure(1);
  const rounds: Round[] = [];
  while (rounds.length < options.rounds) {
    showProgress(`thread-cpu: round ${rounds.length + 1} of ${options.rounds}`);
    rounds.push(await measure(options.seconds));
  }
  showProgress('');
  return { text: describe(rounds), measured: { rounds } };
}

async function bareThreads(processes: Processes, seconds: number): Promise<number> {
  const child = processes.start([process.execPath, server('bare-threads.js'), `${THREADS}`, `${seconds}`]);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr?.resume();
  if ((await exitOf(child)) !== 0) throw new Error('bare-threads.js failed');
  return Number(said);
}

function describe(rounds: readonly Round[]): string {
  const ideal = (THREADS * 1000) / BURN_MS;
  const perSecond = summarise(rounds.map((round) => round.perSecond));
  const p99Ms = summarise(rounds.map((round) => round.p99Ms));
  const ofBare = summarise(rounds.map((round) => round.perSecond / round.bare));
  return barTable([
    absoluteBar(
      `requests/s, ${THREADS} threads, ${BURN_MS} ms of processor each`,
      perSecond,
      'at least',
      0.9 * ideal,
      1,
    ),
    absoluteBar('p99 of what needs no thread meanwhile, ms', p99Ms, 'at most', 15, 1),
    ['requests/s × the same threads without a server', ofBare, 2, 'for information', ''],
  ]);
}
