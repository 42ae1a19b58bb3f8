import { type Arrival, randomArrivals, seeded } from './arrivals.ts';
import type { Bench, Findings } from './bench.ts';
import { type Candidate, cluster, tsunicorn } from './candidate.ts';
import { openLoop, sender } from './client.ts';
import { type Launched, launch } from './launch.ts';
import { showProgress } from './options.ts';
import { markdown, sentenceOf, spread } from './report.ts';
import { judge, percentile, rotated, summarise } from './statistics.ts';

const WORKERS = 4;
/** Two blocking requests of 200 ms a second: each of four workers is blocked for a tenth of the time. */
const PER_SECOND = 200;
const SHORT = '/';
const BLOCKS = '/block';
const FACTOR = 0.2;
/** Nothing but a blocked process makes a short request wait so long. */
const BEHIND_MS = 100;

const peer: Candidate = { name: 'node:cluster', processes: WORKERS, command: cluster('mixed.js', WORKERS) };
const ours: Candidate = {
  name: 'tsunicorn sync',
  processes: WORKERS,
  command: tsunicorn('mixed.js', WORKERS, '-k', 'sync'),
};

interface Round {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The share that waited behind a blocking one. */
  readonly behind: number;
  readonly failed: number;
}

/** Latencies of the short requests alone; a failed one is later than any. */
async function measure({ url }: Launched, arrivals: readonly Arrival[]): Promise<Round> {
  const timed = await openLoop(arrivals, sender(url, 0, { Connection: 'close' }), 200);
  const short = timed.filter(({ path }) => path === SHORT).map(({ ms }) => ms);
  return {
    p50Ms: percentile(short, 0.5),
    p99Ms: percentile(short, 0.99),
    behind: short.filter((ms) => ms > BEHIND_MS).length / short.length,
    failed: timed.filter(({ ms }) => ms === Infinity).length,
  };
}

/**
 * One request of a hundred blocks its process for 200 ms: how long the others wait behind it. All meet the same
 * arrivals at a rate that they can carry, so that only the choice of the process differs. node:cluster gives a worker
 * its next connection as soon as that has accepted the one before: at this rate each blocking request holds up one or
 * more of the 99 others, a little over a hundredth of them.
 */
export async function mixed(bench: Bench): Promise<Findings> {
  const { rounds, seconds } = bench.options;
  const servers = [await launch(peer, bench.processes), await launch(ours, bench.processes)];
  const measured = new Map<string, Round[]>();
  const arrivals = (round: number) =>
    randomArrivals(seeded(round), { perSecond: PER_SECOND, seconds, usual: SHORT, rare: BLOCKS });
  for (let round = -1; round < rounds; round += 1) {
    for (const server of rotated(servers, Math.max(0, round))) {
      const { name } = server.candidate;
      showProgress(`mixed: round ${round + 1} of ${rounds}, ${name}`);
      const result = await measure(server, arrivals(round + 1));
      // The first one warms.
      if (round >= 0) measured.set(name, [...(measured.get(name) ?? []), result]);
    }
  }
  showProgress('');
  return { text: describe(measured), measured: Object.fromEntries(measured) };
}

function describe(measured: ReadonlyMap<string, readonly Round[]>): string {
  const peers = measured.get(peer.name) ?? [];
  const rows = [...measured].map(([name, rounds]) => {
    const ratio = summarise(rounds.map(({ p99Ms }, round) => p99Ms / (peers[round]?.p99Ms ?? Number.NaN)));
    const mark = judge(ratio, 'at most', FACTOR);
    return [
      name,
      String(WORKERS),
      spread(summarise(rounds.map(({ p50Ms }) => p50Ms)), 1),
      spread(summarise(rounds.map(({ p99Ms }) => p99Ms)), 1),
      spread(summarise(rounds.map(({ behind }) => behind * 100)), 2),
      String(rounds.reduce((sum, { failed }) => sum + failed, 0)),
      name === peer.name
        ? ''
        : sentenceOf({ what: 'p99', ratio, against: peer.name, sense: 'at most', factor: FACTOR, mark }),
    ];
  });
  return markdown(
    [
      'candidate',
      'processes',
      'short requests p50 ms',
      'p99 ms',
      `over ${BEHIND_MS} ms %`,
      'failed',
      'against its bars',
    ],
    rows,
  );
}
