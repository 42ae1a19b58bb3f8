import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../test/support/left-behind.ts';
import { wholeNumber } from '../support/whole-number.ts';
import type { Observed } from './observe.ts';
import { writePage } from './page.ts';
import { type Outcome, play, scenesOf } from './play.ts';
import { SCENARIOS } from './scenarios.ts';

// Makes every failure with the real command, and writes what was seen into docs/runbook.md. It takes two minutes.

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    check: { type: 'boolean' },
    within: { type: 'string', default: '5' },
    seed: { type: 'string' },
  },
});
const seed = values.seed === undefined ? null : wholeNumber('seed', values.seed);
const missing = new Map(SCENARIOS.map((one) => [one.title, one.missing?.() ?? null]));
const wanted = SCENARIOS.filter(
  ({ title }) => new RegExp(values.only ?? '', 'i').test(title) && missing.get(title) === null,
);
const withinMs = wholeNumber('within', values.within) * 1000;
const seen = new Map<string, Observed>();
if (wanted.length === 0) {
  process.stderr.write(`--only: no failure that can be made here matches ${values.only}\n`);
  process.exit(1);
}
exitOnSignals();
const queue = [...scenesOf(wanted, seed)];
let failed = 0;

function heard(outcome: Outcome): void {
  const { title } = outcome.scenario;
  const how = seed === null ? '' : `   ${outcome.how}`;
  if ('error' in outcome) {
    failed++;
    process.stdout.write(`  FAILED  ${title}${how}\n${outcome.error}\n`);
    return;
  }
  seen.set(title, outcome.observed);
  process.stdout.write(`${`${outcome.observed.afterMs}`.padStart(5)} ms  ${title}${how}\n`);
}

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { scenarios } = next;
    await play(next, withinMs, heard).catch((error: unknown) => {
      failed++;
      process.stdout.write(`  FAILED  ${scenarios.map(({ title }) => title).join(', ')}: ${error}\n`);
    });
  }
}

for (const [title, why] of missing) if (why !== null) process.stdout.write(` not made  ${title}: ${why}\n`);
await Promise.all([work(), work()]);
process.stdout.write(`${seen.size} of ${wanted.length} failures are named\n`);
// What was not named, or not made, stays as it was.
if (seed === null && !values.check) writePage(seen);
process.exit(failed === 0 ? 0 : 1);
