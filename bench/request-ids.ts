import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { FlightTable } from '../src/flights/table.ts';
import { Connections } from '../src/http/connections.ts';
import { openFlight } from '../src/http/note-flights.ts';
import type { Observer } from '../src/http/observer.ts';
import { createHttpServer } from '../src/http/server.ts';
import { systemClock } from '../src/support/clock.ts';
import { requestIdOf } from '../src/support/request-id.ts';
import { TrustedPeers } from '../src/support/trusted-peers.ts';
import { findGenerator, runLoad } from './load.ts';
import { count, warnIfBusy } from './options.ts';
import { createProcesses } from './processes.ts';
import { meanOf } from './statistics.ts';

// What each option of request ids costs a kept hello, in processor time. One process serves all the time, and does what an
// option does in every second slice of it, as bench/counters.ts does.

const SLICE_MS = 50;
const WARM_UP = 20;
const beside = new FlightTable();

const CASES: Readonly<Record<string, Observer>> = {
  'an id is looked for and not found': (request, _response, nowMs) =>
    void beside.close(openFlight(beside, request, nowMs)),
  'an id is given and kept': (request, _response, nowMs) => {
    request.rawHeaders.push('X-Request-Id', '0af7651916cd43dd8448eb211c80319c');
    beside.close(openFlight(beside, request, nowMs));
  },
  'an id is made': (request) => void requestIdOf(request),
  'an id is made and answered': (request, response) =>
    void response.setHeader('X-Request-Id', requestIdOf(request)),
};

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
warnIfBusy();
let act: Observer | null = null;
let served = 0;
const url = await serve();
for (const [name, option] of Object.entries(CASES)) {
  const processes = createProcesses();
  const seconds = count('seconds', values.seconds);
  const load = runLoad(findGenerator(), processes, {
    url,
    connections: 64,
    seconds: seconds + 1,
    close: false,
  });
  report(name, await measure(option, (seconds * 1000) / SLICE_MS));
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
    observers: [(request, response, nowMs) => act?.(request, response, nowMs)],
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

/** The cost of a request with the option over that without it, of each pair of neighbouring slices. */
async function measure(option: Observer, slices: number): Promise<readonly number[]> {
  const costs: number[] = [];
  const order = [false, true, true, false];
  for (let slice = 0; slice < slices; slice++) {
    act = order[slice % order.length] ? option : null;
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
  const shown = [mean, mean - margin, mean + margin].map((log) => Math.exp(log).toFixed(3));
  console.log(`${name}: × ${shown[0]} (95 % confidence: ${shown[1]} to ${shown[2]}; ${ratios.length} pairs)`);
}
