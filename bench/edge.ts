import { parseArgs } from 'node:util';
import { type EdgeLimits, NO_LIMITS } from '../src/http/edge/limits.ts';
import { compileScan } from '../src/http/edge/scan.ts';
import type { Observer } from '../src/http/observer.ts';
import { createActBench } from './act-in-slices.ts';
import { type CostRatio, describeRatio } from './alternate.ts';
import { count, warnIfBusy } from './options.ts';

// What the edge costs a hello: the policy and the limits, and a context that its application enters.

const MOST = 1.03;

/** As the settings have them by default. */
const LIMITS: EdgeLimits = { ...NO_LIMITS, line: 4094, fields: 100, fieldSize: 8190, headMs: 10_000 };

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');
const storage = new AsyncLocalStorage<object>();
const scan = compileScan({
  requiresHost: () => true,
  limits: LIMITS,
  takesExpectations: () => false,
  forwarding: null,
});
const nothing = () => {};

const CASES: Readonly<Record<string, Observer>> = {
  'the policy and the limits': (request) => void scan(request),
  'a context': (request) => storage.run({ request }, nothing),
  'all of it': (request) => {
    scan(request);
    storage.run({ request }, nothing);
  },
};

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
const seconds = count('seconds', values.seconds);
warnIfBusy();
const bench = await createActBench({ limits: LIMITS });
for (const close of [false, true])
  for (const [name, once] of Object.entries(CASES)) {
    const measured = await bench.measure(once, { seconds, close });
    const where = `${name}, on ${close ? 'new' : 'kept'} connections`;
    console.log(`${where}: ${describeRatio(measured)}; at most × ${MOST}: ${markOf(measured)}`);
  }
process.exit(0);

function markOf({ low, high }: CostRatio): string {
  if (high <= MOST) return 'reached';
  return low > MOST ? 'not reached' : 'within spread';
}
