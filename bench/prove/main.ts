import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { undoAtExit } from '../../test/support/left-behind.ts';
import { endMembers } from '../../test/support/members.ts';
import { built } from '../candidate.ts';
import { findGenerator } from '../load.ts';
import { showProgress, warnIfBusy } from '../options.ts';
import { createProcesses } from '../processes.ts';
import { processorMeter } from '../processor.ts';
import { costPieces } from './cost.ts';
import type { Rounds } from './course.ts';
import { failurePieces } from './failures.ts';
import type { Piece } from './figure.ts';
import { growthPieces } from './growth.ts';
import { installPeers } from './install.ts';
import { Measuring } from './measure.ts';
import { HELP, type ProveOptions, parseProveOptions } from './options.ts';
import { writeReport } from './report/report.ts';
import { type Setup, starter } from './setup.ts';
import { Store } from './store.ts';
import { subjects } from './subjects.ts';
import { tailPieces } from './tail.ts';

const root = join(import.meta.dirname, '../..');

const exactly = (count: number): Rounds => ({ least: count, most: count });

function roundsOf({ quick, rounds, minutes }: ProveOptions): Setup['rounds'] {
  if (rounds !== null) {
    const asked = exactly(rounds);
    return { failures: asked, tail: asked, goal: asked, cost: asked };
  }
  if (quick) return { failures: exactly(1), tail: exactly(1), goal: exactly(1), cost: exactly(3) };
  if (minutes === null)
    return { failures: exactly(3), tail: exactly(5), goal: exactly(5), cost: exactly(11) };
  // An interval of fewer rounds says little.
  return {
    ...{ failures: { least: 1, most: 3 }, tail: { least: 1, most: 3 } },
    ...{ goal: { least: 5, most: 11 }, cost: { least: 5, most: 21 } },
  };
}

function setupOf(options: ProveOptions, scratch: string): Setup {
  const { quick, minutes } = options;
  const isShort = quick || minutes !== null;
  const all = subjects();
  for (const { name, missing } of all)
    if (missing !== null && !quick) console.error(`SKIPPED: ${name}, as ${missing}`);
  return {
    quick,
    subjects: all.filter(({ missing }) => missing === null),
    processes: createProcesses(),
    generator: findGenerator(),
    processorMicros: processorMeter(),
    rounds: roundsOf(options),
    calmMs: isShort ? 400 : 1000,
    seconds: isShort ? 1 : 2,
    tailSeconds: quick ? 1 : isShort ? 3 : 4,
    start: starter(scratch),
    endAll: () => endServices(scratch),
  };
}

/** Where the time may not do for all of them, those of tsunicorn come first. */
function chosenPieces(setup: Setup, options: ProveOptions): readonly Piece[] {
  const pieces = [...failurePieces(setup), ...tailPieces(setup), ...costPieces(setup), ...growthPieces(setup)]
    .filter(({ section }) => options.sections.includes(section))
    .filter(({ inQuick }) => !options.quick || inQuick)
    .filter(({ id }) => options.pieces.length === 0 || options.pieces.some((start) => id.startsWith(start)));
  if (options.minutes === null) return pieces;
  return [...pieces.filter(({ isOurs }) => isOurs), ...pieces.filter(({ isOurs }) => !isOurs)];
}

/** What was started in a folder of this one's own ends with it, whatever its process groups are. */
function scratchFolder(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'tsunicorn-prove-'));
  undoAtExit(() => {
    endServices(scratch);
    rmSync(scratch, { recursive: true, force: true });
  });
  return scratch;
}

function endServices(scratch: string): void {
  for (const name of readdirSync(scratch)) endMembers(join(scratch, name));
}

function sayHowToContinue(store: Store): void {
  process.once('SIGINT', () => {
    showProgress('');
    const done = store.all().length;
    console.error(
      `Interrupted. ${done} pieces are kept: npm run prove -- --resume goes on, -- --report-only writes their report`,
    );
  });
}

async function measure(options: ProveOptions, setup: Setup, store: Store): Promise<number> {
  // A part is measured into what there is; the whole begins anew.
  const isWhole = options.pieces.length === 0 && options.sections.length === 4;
  if (isWhole && !options.resume) store.clear();
  const pieces = chosenPieces(setup, options).filter(({ id }) => !options.resume || !store.has(id));
  if (pieces.length === 0 && !options.resume)
    throw new Error('no piece has such a name; --list prints the names of all');
  const measuring = new Measuring(setup, store, {
    fitsMs: options.minutes === null ? null : options.minutes * 60_000,
    lastBeginMs: options.within === null ? null : options.within * 1000,
  });
  return measuring.all(pieces);
}

async function main(): Promise<void> {
  const options = parseProveOptions(process.argv.slice(2));
  if (options.help) return console.log(HELP);
  if (!existsSync(built)) throw new Error(`${built} does not exist; run "npm run build" first`);
  if (!options.quick && !options.list && !options.reportOnly) installPeers();
  const scratch = scratchFolder();
  // A quick run shows that the proof works; its figures are not kept.
  const store = new Store(join(options.quick ? scratch : join(root, '.cache/prove'), 'state.json'));
  if (!options.quick) sayHowToContinue(store);
  const setup = setupOf(options, scratch);
  if (options.list)
    return console.log(
      chosenPieces(setup, options)
        .map(({ id }) => id)
        .join('\n'),
    );
  if (options.install) return;
  warnIfBusy();
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
