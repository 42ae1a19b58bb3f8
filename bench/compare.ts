import type { Bench, Findings } from './bench.ts';
import type { Candidate } from './candidate.ts';
import { candidates, type LoadCase } from './candidates.ts';
import { checkSameAnswer, type Launched, launch } from './launch.ts';
import { h2load, runLoad } from './load.ts';
import { showProgress } from './options.ts';
import { caseTable, type Sample, type Series, verdicts } from './report.ts';
import { rotated } from './statistics.ts';
import { isInstalled } from './tools.ts';

/** Each request needs a connection of its own. */
const CLOSING: readonly LoadCase[] = ['close', 'tls-close', 'sync'];

async function measure(bench: Bench, name: LoadCase, server: Launched, seconds: number): Promise<Sample> {
  const { connections } = bench.options;
  const request = { url: server.url, connections, seconds, close: CLOSING.includes(name) };
  const before = bench.processorMicros(server.pid);
  const generator = name === 'http2' ? h2load : bench.generator;
  const result = await runLoad(generator, bench.processes, request);
  const used = bench.processorMicros(server.pid) - before;
  if (result.answered === 0 || used <= 0) {
    throw new Error(`${server.candidate.name}: answered ${result.answered} requests in ${used} µs`);
  }
  return {
    perSecond: result.answered / result.seconds,
    micros: used / result.answered,
    failed: result.failed,
  };
}

/** Every candidate lives through the whole case, so each round meets code that is compiled and warm. */
async function runRounds(
  bench: Bench,
  name: LoadCase,
  servers: readonly Launched[],
): Promise<readonly Series[]> {
  const { rounds, seconds } = bench.options;
  const measured = new Map<Launched, Sample[]>(servers.map((server) => [server, []]));
  for (const server of servers) {
    showProgress(`${name}: warming ${server.candidate.name}`);
    await measure(bench, name, server, 1);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const server of rotated(servers, round)) {
      showProgress(`${name}: round ${round + 1} of ${rounds}, ${server.candidate.name}`);
      measured.get(server)?.push(await measure(bench, name, server, seconds));
    }
  }
  showProgress('');
  return [...measured].map(
    ([
      {
        candidate: { name, processes },
      },
      samples,
    ]) => ({ name, processes, samples }),
  );
}

/** The headers that must be the same, where others need not be. */
const COMPARED: Readonly<Partial<Record<LoadCase, readonly string[]>>> = {
  sync: ['content-type', 'content-length'],
  static: ['content-length'],
  'static-large': ['content-length'],
};

/** Whether it can be run here; where it cannot, that is said where nobody misses it. */
function isAtHand(name: LoadCase, { name: candidate, needs }: Candidate): boolean {
  if (needs === undefined || isInstalled(needs.command)) return true;
  const line = `SKIPPED: ${candidate}, as ${needs.command} is not installed (package ${needs.package}): bars of ${name} against it are not judged`;
  console.log(`\n**${line}**`);
  console.error(line);
  return false;
}

/** Drives the candidates of a case as fast as they answer, in turns, and judges its bars. */
export async function compare(bench: Bench, name: LoadCase): Promise<Findings> {
  const { only } = bench.options;
  const chosen = candidates(name, bench.scratch).filter(
    (candidate) => only.length === 0 || only.includes(candidate.name),
  );
  if (chosen.length === 0) return { text: 'none of --only', measured: { series: [] } };
  const servers: Launched[] = [];
  for (const candidate of chosen.filter((one) => isAtHand(name, one)))
    servers.push(await launch(candidate, bench.processes));
  // Servers of another make have headers of their own, and sync workers close where others keep.
  // Those of HTTP/2 have the same application, and speak no HTTP/1 to be asked by.
  if (name !== 'http2') await checkSameAnswer(servers, COMPARED[name] ?? null);
  const series = await runRounds(bench, name, servers);
  return { text: caseTable(name, series), measured: { series, verdicts: verdicts(name, series) } };
}
