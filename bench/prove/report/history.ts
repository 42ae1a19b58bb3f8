import { readFileSync } from 'node:fs';
import { codeOf } from '../../../src/support/errors.ts';
import type { Verdict } from '../goals.ts';
import type { Ratio } from '../ratio.ts';

/** What one run measured of the goals. Ratios within one machine are what can be compared between two runs. */
export interface Run {
  readonly at: string;
  readonly commit: string;
  readonly machine: string;
  readonly goals: Readonly<Record<string, Ratio>>;
}

export function readHistory(path: string): readonly Run[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // This is the first.
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

export function runOf(at: string, commit: string, machine: string, verdicts: readonly Verdict[]): Run {
  return {
    at,
    commit,
    machine,
    goals: Object.fromEntries(verdicts.map(({ what, goal, measured }) => [`${what}, ${goal}`, measured])),
  };
}

/** Goals whose interval lies wholly on the worse side of that of the run before. */
export function regressions(before: Run, now: Run): readonly string[] {
  return Object.entries(now.goals).flatMap(([name, { median, low, high }]) => {
    const old = before.goals[name];
    if (old === undefined) return [];
    const isWorse = / at least /.test(` ${name}`) ? high < old.low : low > old.high;
    return isWorse ? [`${name}: ${median.toFixed(2)}, before ${old.median.toFixed(2)}`] : [];
  });
}
