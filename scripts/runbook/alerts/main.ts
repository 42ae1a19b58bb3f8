import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../../test/support/left-behind.ts';
import { wholeNumber } from '../../support/whole-number.ts';
import { SCENARIOS } from '../scenarios.ts';
import { calm } from './calm.ts';
import { Prometheus, prometheusMissing } from './prometheus.ts';
import { alerted } from './staged.ts';

// Makes the failures before a real Prometheus with the rules that ship, and lets it look at an hour of calm.

/** So many times faster passes the time of the rules: 15 s between two scrapes are half a second. */
const FASTER = '30';
const SCRAPE_MS = 15_000;
/** An alert of each severity that fires soon, in a few seconds each: enough to see that metrics and rules still fit. */
const QUICK = '^(A blocked event loop|A mistyped configuration|A crash loop after the boot|A dead arbiter)$';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    faster: { type: 'string', default: FASTER },
    seed: { type: 'string' },
    calm: { type: 'boolean' },
    staged: { type: 'boolean' },
  },
});
const missing = prometheusMissing();
if (missing !== null) {
  process.stderr.write(`${missing}\n`);
  process.exit(1);
}
const only = values.only ?? (values.quick ? QUICK : '');
const wanted = SCENARIOS.filter(
  ({ title, alert }) => alert !== undefined && new RegExp(only, 'i').test(title),
);
if (!values.calm && wanted.every(({ missing: why }) => (why?.() ?? null) !== null)) {
  process.stderr.write(`--only: no failure with an alert that can be made here matches ${only}\n`);
  process.exit(1);
}
const times = wholeNumber('faster', values.faster);
const seed = values.seed === undefined ? null : wholeNumber('seed', values.seed);
let failed = 0;
exitOnSignals();

const prometheus = new Prometheus(times);
try {
  await prometheus.started();
  if (!values.calm) await staged();
  if (!values.staged && !values.quick) await calmHour();
} finally {
  await prometheus.close();
}
process.exit(failed === 0 ? 0 : 1);

async function staged(): Promise<void> {
  // What takes longest first.
  const queue = wanted.toSorted((one, other) => Number(isLong(other)) - Number(isLong(one)));
  const fired = new Set<string>();
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const why = next.missing?.() ?? null;
      if (why !== null) {
        process.stdout.write(` not made  ${next.title}: ${why}\n`);
        continue;
      }
      try {
        const { firing, afterMs } = await alerted(next, prometheus, SCRAPE_MS / times, seed);
        fired.add(firing.alert);
        process.stdout.write(
          `${`${afterMs}`.padStart(6)} ms  ${next.title}: ${firing.alert}: ${firing.summary}\n`,
        );
      } catch (error) {
        failed++;
        process.stdout.write(`  FAILED  ${next.title}: ${error instanceof Error ? error.message : error}\n`);
      }
    }
  };
  await Promise.all([work(), work(), work()]);
  process.stdout.write(`${fired.size} alerts fired in ${wanted.length} failures\n`);
}

function isLong({ alert }: { readonly alert?: string }): boolean {
  return alert === 'TsunicornCertificateEnds';
}

async function calmHour(): Promise<void> {
  const seen = await calm(prometheus, times);
  const { requests, failed: lost, operations, scrapes, fired, pending } = seen;
  const holds = fired.length === 0 && lost === 0 && scrapes > 100 && requests > 100;
  if (!holds) failed++;
  process.stdout.write(
    `${holds ? '' : 'FAILED: '}an hour of calm in ${3600 / times} s: ${requests} requests (${lost} failed), ${operations.length} operations (${operations.join(', ')}), ${scrapes} scrapes; fired: ${fired.join(', ') || 'none'}; began to count: ${pending.join(', ') || 'none'}\n`,
  );
}
