import { parseArgs } from 'node:util';
import { wholeNumber } from '../../scripts/support/whole-number.ts';
import { exitOnSignals } from '../support/left-behind.ts';
import { report, requestsText, runSeed } from './run.ts';

// npm run chaos [-- --seed N] [--from N --runs N] [--seconds N]

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string' },
    runs: { type: 'string' },
    seconds: { type: 'string', default: '20' },
  },
});

exitOnSignals();
process.exitCode = await main();

/** Runs one seed after the other until one does not hold, or there were so many. */
async function main(): Promise<number> {
  const first = wholeNumber('seed', values.seed, wholeNumber('from', values.from, Date.now() % 1_000_000));
  const runs = values.seed === undefined ? wholeNumber('runs', values.runs, Infinity) : 1;
  for (let seed = first; seed < first + runs; seed += 1) {
    const outcome = await runSeed(seed, wholeNumber('seconds', values.seconds));
    if (seed === first && outcome.left.length > 0)
      console.error(`SKIPPED: this machine has not what it takes for ${outcome.left.join('; ')}`);
    if (outcome.violations.length > 0) {
      console.log(report(outcome));
      return 1;
    }
    console.log(`seed ${seed} holds: ${outcome.history.length} events, ${requestsText(outcome)}`);
  }
  return 0;
}
