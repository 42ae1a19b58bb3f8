import { parseArgs } from 'node:util';
import { wholeNumber } from '../../scripts/support/whole-number.ts';
import { Coverage } from './coverage.ts';
import { missing, summary } from './pairs.ts';
import { scenes } from './scenes.ts';
import { type Outcome, runOperations, runSeed } from './schedule.ts';
import { report } from './shrink.ts';

// npm run simulate [-- --seed N | --from N --steps N]

const { values } = parseArgs({
  options: { seed: { type: 'string' }, from: { type: 'string' }, steps: { type: 'string' } },
});
const PROGRESS_MS = 5000;

// The reader in each world adds a listener for the exit of the process.
process.setMaxListeners(0);
process.exitCode = await main();

async function main(): Promise<number> {
  const coverage = new Coverage();
  if (values.seed !== undefined) return fails(await runSeed(wholeNumber('seed', values.seed), coverage));
  const first = wholeNumber('from', values.from, Date.now() % 1_000_000_000);
  for (const { beginning, operations } of scenes)
    if (await fails(await runOperations(first, operations, { beginning, coverage }))) return 1;
  return simulate(coverage, first, wholeNumber('steps', values.steps, Infinity));
}

/** Runs schedules from the seed `first` on until one fails or there were so many steps. */
async function simulate(coverage: Coverage, first: number, mostSteps: number): Promise<number> {
  const startMs = performance.now();
  let steps = 0;
  let saidMs = startMs;
  for (let seed = first; ; seed++) {
    const outcome = await runSeed(seed, coverage);
    if (await fails(outcome)) return 1;
    steps += outcome.steps;
    const now = performance.now();
    if (now - saidMs < PROGRESS_MS && steps < mostSteps) continue;
    saidMs = now;
    const rate = Math.round((steps / (now - startMs)) * 1000);
    console.log(`seeds ${first} to ${seed} hold: ${steps} steps, ${rate} a second`);
    console.log(`  pairs of state and event that were met: ${summary(coverage)}`);
    if (steps >= mostSteps) {
      console.log(`  not met: ${missing(coverage).join(', ') || 'none'}`);
      return 0;
    }
  }
}

/** 1 where it fails, after saying how; otherwise 0. */
async function fails(outcome: Outcome): Promise<number> {
  const { seed, failure, steps } = outcome;
  if (failure !== null) console.log(await report(outcome));
  else if (values.seed !== undefined) console.log(`seed ${seed} holds: ${steps} steps`);
  return failure === null ? 0 : 1;
}
