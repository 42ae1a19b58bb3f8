import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { FlightTable } from '../src/flights/table.ts';
import { Connections } from '../src/http/connections.ts';
import { type EdgeLimits, NO_LIMITS } from '../src/http/edge/limits.ts';
import { compileScan } from '../src/http/edge/scan.ts';
import { createHttpServer } from '../src/http/server.ts';
import { systemClock } from '../src/support/clock.ts';
import { TrustedPeers } from '../src/support/trusted-peers.ts';
import { findGenerator, runLoad } from './load.ts';
import { count, warnIfBusy } from './options.ts';
import { createProcesses } from './processes.ts';
import { meanOf } from './statistics.ts';

// What the edge costs a hello, in processor time: the policy and the limits, and a context that its application enters. One
// process serves all the time, and does it once more in every second slice of it, as bench/request-ids.ts does.

const SLICE_MS = 50;
const WARM_UP = 20;
const MOST = 0.03;

/** As the settings have them by default. */
const LIMITS: EdgeLimits = { ...NO_LIMITS, line: 4094, fields: 100, fieldSize: 8190, headMs: 10_000 };

type Act = (request: IncomingMessage, response: ServerResponse) => void;

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');
const storage = new AsyncLocalStorage<object>();
const scan = compileScan({
  requiresHost: () => true,
  limits: LIMITS,
  takesExpectations: () => false,
  forwarding: null,
});
const nothing = () => {};

const CASES: Readonly<Record<string, Act>> = {
  'the policy and the limits': (request) => void scan(request),
  'a context': (request) => storage.run({ request }, nothing),
  'all of it': (request) => {
    scan(request);
    storage.run({ request }, nothing);
  },
};

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
warnIfBusy();
let act: Act | null = null;
let served = 0;
const url = await serve();
for (const close of [false, true])
  for (const [name, once] of Object.entries(CASES)) {
    const processes = createProcesses();
    const seconds = count('seconds', values.seconds);
    const load = runLoad(findGenerator(), processes, { url, connections: 64, seconds: seconds + 1, close });
    report(
      `${name}, on ${close ? 'new' : 'kept'} connections`,
      await measure(once, (seconds * 1000) / SLICE_MS),
    );
    await load;
    await processes.endAll();
  }
process.exit(0);

/** An engine as a worker of class async has it by default. */
function serve(): Promise<string> {
  const connections = new Connections(() => {}, new TrustedPeers(['127.0.0.1']));
  const engine = createHttpServer({
    application: {
      what: 'a handler',
      handler(_request, response) {
        served++;
        response.end('hello');
      },
    },
    ...{ connections, flights: new FlightTable(), clock: systemClock },
    observers: [(request, response) => act?.(request, response)],
    limits: LIMITS,
    keepAliveMs: 5000,
    onError: (error) => console.error(error),
  });
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    engine.emit('connection', socket);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
    });
  });
}

/** The cost of a request with it over that without, of each pair of neighbouring slices. */
async function measure(once: Act, slices: number): Promise<readonly number[]> {
  const costs: number[] = [];
  const order = [false, true, true, false];
  for (let slice = 0; slice < slices; slice++) {
    act = order[slice % order.length] ? once : null;
    const before = { usage: process.cpuUsage(), served };
    await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
    const { user, system } = process.cpuUsage(before.usage);
    costs.push((user + system) / Math.max(1, served - before.served));
  }
  act = null;
  const ratios: number[] = [];
  for (let at = WARM_UP; at + 1 < costs.length; at += 2) {
    const [one = 0, other = 0] = costs.slice(at, at + 2);
    ratios.push(order[at % order.length] ? one / other : other / one);
  }
  return ratios;
}

function report(name: string, ratios: readonly number[]): void {
  const { mean, margin } = meanOf(ratios.map(Math.log));
  const mark =
    mean + margin <= Math.log(1 + MOST)
      ? 'reached'
      : mean - margin > Math.log(1 + MOST)
        ? 'not reached'
        : 'within spread';
  const shown = [mean, mean - margin, mean + margin].map((log) => Math.exp(log).toFixed(3));
  console.log(
    `${name}: × ${shown[0]} (95 % confidence: ${shown[1]} to ${shown[2]}; ${ratios.length} pairs); at most × ${1 + MOST}: ${mark}`,
  );
}
