import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { built, type CaseName, candidates } from './candidates.ts';
import { checkSameAnswer, type Launched, launch } from './launch.ts';
import { findGenerator, type LoadGenerator, runLoad } from './load.ts';
import { type BenchOptions, choose, parseOptions, saveJson, showProgress, warnIfBusy } from './options.ts';
import { createProcesses, type Processes } from './processes.ts';
import { processorMeter } from './processor.ts';
import { caseTable, type Sample, type Series, verdicts } from './report.ts';
import { rotated } from './statistics.ts';

interface Bench {
  readonly options: BenchOptions;
  readonly processes: Processes;
  readonly generator: LoadGenerator;
  readonly processorMicros: (root: number) => number;
}

async function measure(bench: Bench, name: CaseName, server: Launched, seconds: number): Promise<Sample> {
  const { connections } = bench.options;
  const request = { url: server.url, connections, seconds, close: name === 'close' };
  const before = bench.processorMicros(server.pid);
  const result = await runLoad(bench.generator, bench.processes, request);
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
  name: CaseName,
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

async function runCase(bench: Bench, name: CaseName, scratch: string): Promise<readonly Series[]> {
  const servers: Launched[] = [];
  try {
    for (const candidate of choose(candidates(scratch), bench.options.only)) {
      servers.push(await launch(candidate, bench.processes));
    }
    await checkSameAnswer(servers);
    return await runRounds(bench, name, servers);
  } finally {
    await bench.processes.endAll();
  }
}

async function runBench(bench: Bench, scratch: string): Promise<void> {
  const { options, generator } = bench;
  const machine = `Node ${process.versions.node}, ${availableParallelism()} processors, ${generator.name}`;
  const load = `${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s`;
  console.log(`${machine}, ${load}; median (min–max), ratios paired by round with (quartiles)`);
  const results = [];
  for (const name of options.cases) {
    const series = await runCase(bench, name, scratch);
    console.log(`\n### ${name}\n\n${caseTable(name, series)}`);
    results.push({ case: name, series, verdicts: verdicts(name, series) });
  }
  saveJson(options.json, { machine, options, results });
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const wanted = choose(candidates(''), options.only);
  if (wanted.some(({ command }) => command.includes(built)) && !existsSync(built)) {
    throw new Error(`${built} does not exist; run "npm run build" first`);
  }
  warnIfBusy();
  const processes = createProcesses();
  const scratch = mkdtempSync(join(tmpdir(), 'tsunicorn-bench-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
  await runBench(
    { options, processes, generator: findGenerator(), processorMicros: processorMeter() },
    scratch,
  );
}

try {
  await main();
} catch (thrown) {
  console.error(`bench: ${thrown instanceof Error ? thrown.message : thrown}`);
  process.exitCode = 1;
}
