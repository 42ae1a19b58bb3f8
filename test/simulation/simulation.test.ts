import { afterAll, beforeAll, expect, it } from 'vitest';
import { Coverage } from './coverage.ts';
import { missing, wrong } from './pairs.ts';
import { scenes } from './scenes.ts';
import { runOperations, runSeed } from './schedule.ts';
import { check, runSeeds } from './seeds.ts';

/** Run however slow the machine is. */
const FIXED_SEEDS = 500;
const SEEDS_OF_A_SCENE = 3;
/** Where pairs of a state and an event are still missing, so many more are run. */
const MOST_SEEDS = 5000;
const FURTHER_SEEDS = 2_000_000;

const coverage = new Coverage();
const mostListeners = process.getMaxListeners();

// The reader in each world adds a listener for the exit of the process.
beforeAll(() => void process.setMaxListeners(0));
afterAll(() => void process.setMaxListeners(mostListeners));

it.each(scenes)('every invariant holds in the scene "$name"', async ({ beginning, operations }) => {
  for (let seed = 1; seed <= SEEDS_OF_A_SCENE; seed++)
    await check(await runOperations(seed, operations, { beginning, coverage }));
});

it('every invariant holds whatever happens to the arbiter', async () => {
  await runSeeds({ first: 1, atLeast: FIXED_SEEDS, coverage });
});

it('every event was met in every state in which it can come, and in no other', async () => {
  // A slow machine has run fewer seeds by now; each pair comes up within these all the same.
  for (let seed = 1; seed <= MOST_SEEDS && missing(coverage).length > 0; seed++)
    await check(await runSeed(FURTHER_SEEDS + seed, coverage));
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
