import { afterAll, beforeAll, expect, it } from 'vitest';
import { Coverage } from './coverage.ts';
import { missing, wrong } from './pairs.ts';
import { scenes } from './scenes.ts';
import { type Outcome, runOperations, runSeed } from './schedule.ts';
import { report } from './shrink.ts';

/** These are run however slow the machine is; more of them as long as there is time. */
const FIXED_SEEDS = 500;
const SEEDS_OF_A_SCENE = 3;
const MOST_STEPS = 1_000_000;
const BUDGET_MS = 25_000;

const coverage = new Coverage();
const mostListeners = process.getMaxListeners();

// Each reader of a world that goes on has one for the end of the process.
beforeAll(() => void process.setMaxListeners(0));
afterAll(() => void process.setMaxListeners(mostListeners));

async function check(outcome: Outcome): Promise<number> {
  if (outcome.failure !== null) expect.fail(await report(outcome));
  return outcome.steps;
}

it.each(scenes)('every invariant holds in the scene "$name"', async ({ beginning, operations }) => {
  for (let seed = 1; seed <= SEEDS_OF_A_SCENE; seed++)
    await check(await runOperations(seed, operations, { beginning, coverage }));
});

it('every invariant holds whatever happens to the arbiter', async () => {
  const untilMs = performance.now() + BUDGET_MS;
  let steps = 0;
  for (let seed = 1; seed <= FIXED_SEEDS || (steps < MOST_STEPS && performance.now() < untilMs); seed++)
    steps += await check(await runSeed(seed, coverage));
});

it('every event was met in every state in which it can come, and in no other', () => {
  expect(missing(coverage)).toEqual([]);
  expect(wrong(coverage)).toEqual([]);
});

it('a seed does the same each time, and so do its operations alone', async () => {
  for (const seed of [3, 14, 15]) {
    const first = await runSeed(seed);
    expect(await runSeed(seed)).toEqual(first);
    expect(await runOperations(seed, first.operations)).toEqual(first);
  }
});
