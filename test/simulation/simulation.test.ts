import { afterAll, beforeAll, expect, it } from 'vitest';
import { Coverage } from './coverage.ts';
import { type Outcome, runOperations, runSeed } from './schedule.ts';
import { report } from './shrink.ts';

/** These are run however slow the machine is; more of them as long as there is time. */
const FIXED_SEEDS = 600;
const MOST_STEPS = 1_000_000;
const BUDGET_MS = 25_000;

const coverage = new Coverage();
const { getMaxListeners } = process;

// Each reader of a world that goes on has one for the end of the process.
beforeAll(() => void process.setMaxListeners(0));
afterAll(() => void process.setMaxListeners(getMaxListeners.call(process)));

async function holds(seed: number): Promise<Outcome> {
  const outcome = await runSeed(seed, coverage);
  if (outcome.failure !== null) expect.fail(await report(outcome));
  return outcome;
}

it('every invariant holds whatever happens to the arbiter', async () => {
  const untilMs = performance.now() + BUDGET_MS;
  let steps = 0;
  for (let seed = 1; seed <= FIXED_SEEDS || (steps < MOST_STEPS && performance.now() < untilMs); seed++) {
    steps += (await holds(seed)).steps;
  }
});

it('a seed does the same each time, and so do its operations alone', async () => {
  for (const seed of [3, 14, 15]) {
    const first = await runSeed(seed);
    expect(await runSeed(seed)).toEqual(first);
    expect(await runOperations(seed, first.operations)).toEqual(first);
  }
});
