import { expect, it } from 'vitest';
import { report, runSeed } from '../chaos/run.ts';
import { form } from './plan.ts';

/** Seeds that together draw every fault, and for how many seconds. */
const RUNS: Readonly<Record<typeof form, readonly (readonly [seed: number, seconds: number])[]>> = {
  short: [
    [3, 4],
    [4, 3],
  ],
  medium: [
    [11, 15],
    [12, 15],
  ],
  long: Array.from({ length: 30 }, (_, at) => [at, 30] as const),
};

it.each(RUNS[form])(
  'seed %i of faults, for %i s, loses nothing but what was killed, and leaves nothing',
  async (seed, seconds) => {
    const outcome = await runSeed(seed, seconds);
    if (outcome.left.length > 0)
      console.warn(`SKIPPED: ${outcome.left.join('; ')}: this machine has not what it takes`);
    expect(outcome.violations, report(outcome)).toEqual([]);
    expect(outcome.answered).toBeGreaterThan(0);
  },
);
