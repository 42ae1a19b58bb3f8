import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, Findings } from './bench.ts';
import { built } from './candidate.ts';
import { candidates, loadCases } from './candidates.ts';
import { compare } from './compare.ts';
import { findGenerator } from './load.ts';
import { mixed } from './mixed.ts';
import { type CaseName, choose, parseOptions, saveJson, warnIfBusy } from './options.ts';
import { createProcesses } from './processes.ts';
import { processorMeter } from './processor.ts';
import { threadCpu } from './thread-cpu.ts';
import { writeCertificate } from './tls.ts';

async function runCase(bench: Bench, name: CaseName): Promise<Findings> {
  try {
    switch (name) {
      case 'thread-cpu':
        return await threadCpu(bench);
      case 'mixed':
        return await mixed(bench);
      default:
        return await compare(bench, name);
    }
  } finally {
    await bench.processes.endAll();
  }
}

async function runBench(bench: Bench): Promise<void> {
  const { options, generator } = bench;
  const machine = `Node ${process.versions.node}, ${availableParallelism()} processors, ${generator.name}`;
  const load = `${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s`;
  console.log(`${machine}, ${load}; median (min–max), ratios paired by round with (quartiles)`);
  const results = [];
  for (const name of options.cases) {
    const { text, measured } = await runCase(bench, name);
    console.log(`\n### ${name}\n\n${text}`);
    results.push({ case: name, ...measured });
  }
  saveJson(options.json, { machine, options, results });
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  choose(
    loadCases.flatMap((name) => candidates(name, '')),
    options.only,
  );
  if (!existsSync(built)) throw new Error(`${built} does not exist; run "npm run build" first`);
  warnIfBusy();
  const processes = createProcesses();
  const scratch = mkdtempSync(join(tmpdir(), 'tsunicorn-bench-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
  await writeCertificate(scratch);
  await runBench({
    options,
    processes,
    generator: findGenerator(),
    processorMicros: processorMeter(),
    scratch,
  });
}

try {
  await main();
} catch (thrown) {
  console.error(`bench: ${thrown instanceof Error ? thrown.message : thrown}`);
  process.exitCode = 1;
}
