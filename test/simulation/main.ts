import { parseArgs } from 'node:util';
import { Coverage } from './coverage.ts';
import { runSeed } from './schedule.ts';
import { report } from './shrink.ts';

// npm run simulate [-- --seed N | --from N --steps N]

const { values } = parseArgs({
  options: { seed: { type: 'string' }, from: { type: 'string' }, steps: { type: 'string' } },
});
const PROGRESS_MS = 5000;

// Each reader of a world that goes on has one for the end of the process.
process.setMaxListeners(0);
const only = values.seed === undefined ? null : Number(values.seed);
process.exitCode = await simulate(
  only ?? Number(values.from ?? Date.now() % 1_000_000_000),
  Number(values.steps ?? Infinity),
);

/** Runs schedules from `first` on, only that one where it was named, until one fails or there were so many steps. */
async function simulate(first: number, mostSteps: number): Promise<number> {
  const coverage = new Coverage();
  const startMs = performance.now();
  let steps = 0;
  let saidMs = startMs;
  for (let seed = first; ; seed++) {
    const outcome = await runSeed(seed, coverage);
    steps += outcome.steps;
    if (outcome.failure !== null) {
      console.log(`seed ${seed} fails: ${outcome.failure}`);
      console.log(await report(outcome));
      return 1;
    }
    const now = performance.now();
    const isLast = only !== null || steps >= mostSteps;
    if (now - saidMs > PROGRESS_MS || isLast) {
      saidMs = now;
      const rate = Math.round((steps / (now - startMs)) * 1000);
      console.log(
        `seeds ${first} to ${seed} hold: ${steps} steps, ${rate} a second; ${coverage.hits.size} pairs of state and event`,
      );
    }
    if (isLast) return 0;
  }
}
