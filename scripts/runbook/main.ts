import { parseArgs } from 'node:util';
import { type Observed, observe } from './observe.ts';
import { writePage } from './page.ts';
import { SCENARIOS } from './scenarios.ts';

// Makes every failure with the real command, and writes what was seen into docs/runbook.md. It takes two minutes.

const { values } = parseArgs({
  options: { only: { type: 'string' }, check: { type: 'boolean' }, within: { type: 'string', default: '5' } },
});
const wanted = SCENARIOS.filter(({ title }) => new RegExp(values.only ?? '', 'i').test(title));
const seen = new Map<string, Observed>();
let failed = 0;
const queue = [...wanted];

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { title } = next;
    try {
      const observed = await observe(next, Number(values.within) * 1000);
      seen.set(title, observed);
      process.stdout.write(`${`${observed.afterMs}`.padStart(5)} ms  ${title}\n`);
    } catch (error) {
      failed++;
      process.stdout.write(`  FAILED  ${error instanceof Error ? error.message : error}\n`);
    }
  }
}

await Promise.all([work(), work()]);
process.stdout.write(`${seen.size} of ${wanted.length} failures are named\n`);
if (failed === 0 && values.only === undefined && !values.check) writePage(seen);
process.exit(failed === 0 ? 0 : 1);
