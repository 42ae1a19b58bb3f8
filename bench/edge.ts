import type { IncomingMessage } from 'node:http';
import { parseArgs } from 'node:util';
import { forwardingOf } from '../src/http/edge/forwarded.ts';
import { type EdgeLimits, NO_LIMITS } from '../src/http/edge/limits.ts';
import { compileScan } from '../src/http/edge/scan.ts';
import type { Observer } from '../src/http/observer.ts';
import { type Settings, settingNames, settingOf } from '../src/settings/catalogue/catalogue.ts';
import { clientOf, clientPortOf, hostOf, schemeOf } from '../src/support/origin.ts';
import { TrustedPeers } from '../src/support/trusted-peers.ts';
import { createActBench } from './act-in-slices.ts';
import { type CostRatio, describeRatio } from './alternate.ts';
import { count, warnIfBusy } from './options.ts';

// What the edge costs a hello: the policy and the limits, and to ask where it comes from. bench/context.ts has what a context costs
// that an application enters.

const MOST = 1.03;

/** As the settings have them by default. */
const LIMITS: EdgeLimits = { ...NO_LIMITS, line: 4094, fields: 100, fieldSize: 8190, headMs: 10_000 };

const settings = Object.fromEntries(
  settingNames.map((name) => [name, settingOf(name).default]),
) as unknown as Settings;
const scan = compileScan({
  requiresHost: () => true,
  limits: LIMITS,
  takesExpectations: () => false,
  forwarding: forwardingOf(settings, new TrustedPeers(settings.forwardedAllowIps)),
});

/** Everything that is asked of the context of a request. */
function read(request: IncomingMessage): string {
  return `${clientOf(request)}${clientPortOf(request)}${schemeOf(request)}${hostOf(request)}`;
}

const CASES: Readonly<Record<string, Observer>> = {
  'the policy and the limits': (request) => void scan(request),
  'its context (peer, client, scheme, host)': (request) => void read(request),
  'all of it': (request) => {
    scan(request);
    read(request);
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
