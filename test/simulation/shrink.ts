import type { Operation } from './operations.ts';
import { type Outcome, runOperations } from './schedule.ts';

const MOST_TRIES = 600;

/** The shortest schedule, of those that were tried, that fails as this one does. */
export async function shrink(outcome: Outcome): Promise<Outcome> {
  const { seed, beginning } = outcome;
  let best = await runOperations(seed, outcome.operations, { beginning });
  let tries = 0;
  for (
    let size = Math.ceil(best.operations.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < best.operations.length && tries < MOST_TRIES; tries++) {
      const shorter = without(best.operations, from, size);
      const tried = await runOperations(seed, shorter, { beginning });
      if (kindOf(tried) === kindOf(best)) best = tried;
      else from += size;
    }
  }
  return best;
}

function without(operations: readonly Operation[], from: number, size: number): readonly Operation[] {
  return [...operations.slice(0, from), ...operations.slice(from + size)];
}

/** Without figures: in a shorter schedule it may be another worker. */
function kindOf({ failure }: Outcome): string | null {
  return failure === null ? null : (failure.split('\n')[0] ?? '').replace(/\d+/g, 'N');
}

/** Describes a failure: how to repeat it, the shortest schedule that produces it, and what the arbiter logged. */
export async function report(outcome: Outcome): Promise<string> {
  const least = await shrink(outcome);
  const { failure, operations, log, seed } = await runOperations(outcome.seed, least.operations, {
    log: true,
    beginning: outcome.beginning,
  });
  return [
    `seed ${seed}: ${outcome.failure}`,
    `again: npm run simulate -- --seed ${seed}`,
    `the shortest schedule found (${failure}):`,
    ...operations.map((operation) => `  ${JSON.stringify(operation)}`),
    'what was logged of it:',
    ...log.slice(-60).map((line) => `  ${line}`),
  ].join('\n');
}
