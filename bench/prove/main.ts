import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from '../candidate.ts';
import { findGenerator } from '../load.ts';
import { warnIfBusy } from '../options.ts';
import { createProcesses } from '../processes.ts';
import { processorMeter } from '../processor.ts';
import { costPieces } from './cost.ts';
import { failurePieces } from './failures.ts';
import type { Piece } from './figure.ts';
import { growthPieces } from './growth.ts';
import { installPeers } from './install.ts';
import { type ProveOptions, parseProveOptions } from './options.ts';
import { writeReport } from './report/report.ts';
import { type Setup, starter } from './setup.ts';
import { Store } from './store.ts';
import { subjects } from './subjects.ts';
import { tailPieces } from './tail.ts';

const root = join(import.meta.dirname, '../..');

function setupOf({ quick, rounds }: ProveOptions, scratch: string): Setup {
  const all = subjects();
  for (const { name, missing } of all)
    if (missing !== null && !quick) console.error(`SKIPPED: ${name}, as ${missing}`);
  return {
    quick,
    subjects: all.filter(({ missing }) => missing === null),
    processes: createProcesses(),
    generator: findGenerator(),
    processorMicros: processorMeter(),
    rounds: {
      failures: rounds ?? (quick ? 1 : 3),
      tail: rounds ?? (quick ? 1 : 5),
      cost: rounds ?? (quick ? 3 : 11),
    },
    calmMs: quick ? 400 : 1000,
    seconds: quick ? 1 : 2,
    start: starter(scratch),
  };
}

function chosenPieces(setup: Setup, options: ProveOptions): readonly Piece[] {
  return [...failurePieces(setup), ...tailPieces(setup), ...costPieces(setup), ...growthPieces(setup)]
    .filter(({ section }) => options.sections.includes(section))
    .filter(({ inQuick }) => !options.quick || inQuick)
    .filter(({ id }) => options.pieces.length === 0 || options.pieces.some((start) => id.startsWith(start)));
}

/** Runs a piece; one that fails is said and left out, so that the others are measured. */
async function runPiece({ id, section, run }: Piece, store: Store, setup: Setup): Promise<boolean> {
  const startedAt = performance.now();
  const [before = 0] = loadavg();
  try {
    const figures = await run();
    const [after = 0] = loadavg();
    const rounds = Math.max(0, ...figures.map(({ values }) => values.length));
    store.add({
      id,
      section,
      at: new Date().toISOString(),
      commit: commitOf(),
      load: [before, after],
      rounds,
      figures,
    });
    console.error(`${id}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    return true;
  } catch (error) {
    console.error(`FAILED: ${id}: ${error instanceof Error ? error.message : error}`);
    return false;
  } finally {
    await setup.processes.endAll();
  }
}

/** What is measured, which may not be what is committed. */
function commitOf(): string {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' });
  return stdout?.trim() || 'unknown';
}

async function measure(options: ProveOptions, setup: Setup, store: Store): Promise<number> {
  const startedAt = performance.now();
  let failed = 0;
  for (const piece of chosenPieces(setup, options)) {
    if (options.resume && store.has(piece.id)) continue;
    if (options.within !== null && performance.now() - startedAt > options.within * 1000) {
      console.error(`--within ${options.within}: continue with --resume`);
      break;
    }
    if (!(await runPiece(piece, store, setup))) failed += 1;
  }
  return failed;
}

async function main(): Promise<void> {
  const options = parseProveOptions(process.argv.slice(2));
  if (!existsSync(built)) throw new Error(`${built} does not exist; run "npm run build" first`);
  if (!options.quick) installPeers();
  const scratch = mkdtempSync(join(tmpdir(), 'tsunicorn-prove-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
  const setup = setupOf(options, scratch);
  if (options.list) {
    for (const { id } of chosenPieces(setup, options)) console.log(id);
    return;
  }
  warnIfBusy();
  // A quick run shows that the proof works; its figures are not kept.
  const store = new Store(join(options.quick ? scratch : join(root, '.cache/prove'), 'state.json'));
  const failed = options.reportOnly ? 0 : await measure(options, setup, store);
  const out = options.out ?? (options.quick ? join(scratch, 'report') : join(root, 'docs/benchmarks'));
  const lost = writeReport(store.all(), setup.subjects, out, options.quick);
  if (failed > 0 || (options.quick && lost > 0)) process.exitCode = 1;
}

try {
  await main();
} catch (thrown) {
  console.error(`prove: ${thrown instanceof Error ? thrown.message : thrown}`);
  process.exitCode = 1;
}
// A process that is left of a killed service, of whatever peer, may hold the other end of a pipe.
process.exit();
