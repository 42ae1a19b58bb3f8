import { expect } from 'vitest';
import type { Coverage } from './coverage.ts';
import { type Outcome, runSeed } from './schedule.ts';
import { report } from './shrink.ts';

/** For each of two processors; `npm run simulate` takes as many as one likes. */
const MOST_STEPS = 500_000;
const BUDGET_MS = 25_000;

/** Fails, with a schedule that was made as short as can be, where an invariant did not hold; otherwise gives the steps. */
export async function check(outcome: Outcome): Promise<number> {
  if (outcome.failure !== null) expect.fail(await report(outcome));
  return outcome.steps;
}

/** Runs seeds from `first` on: `atLeast` so many, however slow the machine is, and more as long as there is time. */
export async function runSeeds({ first, atLeast, coverage }: SeedsOptions): Promise<void> {
  const untilMs = performance.now() + BUDGET_MS;
  const isEnough = (seed: number) => seed >= first + atLeast;
  let steps = 0;
  let seed = first;
  for (; !isEnough(seed) || (steps < MOST_STEPS && performance.now() < untilMs); seed++)
    steps += await check(await runSeed(seed, coverage));
  console.log(`simulation: every invariant held in ${steps} steps, of the seeds ${first} to ${seed - 1}`);
}

interface SeedsOptions {
  readonly first: number;
  readonly atLeast: number;
  readonly coverage?: Coverage;
}
