import { closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import type { Handler } from '../src/app/application.ts';
import { FlightTable } from '../src/flights/table.ts';
import { Connections } from '../src/http/connections.ts';
import { countBy } from '../src/http/count-requests.ts';
import { noteFlights } from '../src/http/note-flights.ts';
import type { RequestCount } from '../src/http/observer.ts';
import { createHttpServer } from '../src/http/server.ts';
import { CounterBlock, writeBlock } from '../src/metrics/block.ts';
import { describeFile } from '../src/metrics/file.ts';
import { makeFile, positionOf } from '../src/metrics/place.ts';
import { RequestCounter } from '../src/metrics/request-counter.ts';
import { systemClock } from '../src/support/clock.ts';
import { measuring, watchCollections } from '../workers/health/process-meter.ts';
import { findGenerator, runLoad } from './load.ts';
import { count, warnIfBusy } from './options.ts';
import { createProcesses } from './processes.ts';
import { meanOf, summarise } from './statistics.ts';

// What counting costs a kept hello, in processor time. Two processes differ by more than that for reasons of their own, so
// one process serves all the time, and counts in every second slice of it.

/** Short beside what else changes on a machine, and long beside the interval at which the numbers are written. */
const SLICE_MS = 50;
/** Slices before V8 has compiled both ways. */
const WARM_UP = 40;
/** How often a worker measures its own process. */
const MEASURE_MS = 1000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    connections: { type: 'string', default: '64' },
    headers: { type: 'boolean', default: false },
    collections: { type: 'boolean', default: false },
  },
});
warnIfBusy();
await main(count('seconds', values.seconds), count('connections', values.connections), values);

/** `headers`: the application reads them; `collections`: those of the garbage are counted too, as with --admin-bind. */
async function main(
  seconds: number,
  connections: number,
  { headers, collections }: { readonly headers: boolean; readonly collections: boolean },
): Promise<void> {
  const served = { requests: 0 };
  const toggle = createToggle(collections);
  const url = await serve(helloOf(served, headers), toggle.count);
  const processes = createProcesses();
  const generator = findGenerator();
  const load = runLoad(generator, processes, { url, connections, seconds: seconds + 2, close: false });
  const ratios = await measure(served, toggle, (seconds * 1000) / SLICE_MS);
  await load;
  await processes.endAll();
  report(ratios, toggle.measureMicros());
  toggle.close();
  process.exit(0);
}

function helloOf(served: { requests: number }, readsHeaders: boolean): Handler {
  return (request, response) => {
    served.requests++;
    if (readsHeaders && request.headers.host === undefined) response.statusCode = 400;
    response.end('hello');
  };
}

/** Counting that can be switched on and off. */
interface Toggle {
  readonly count: RequestCount;
  set(isOn: boolean): void;
  /** What measuring the process costs once. */
  measureMicros(): number;
  close(): void;
}

function createToggle(collections: boolean): Toggle {
  const fd = makeFile();
  describeFile(fd);
  const place = { fd, position: positionOf(0) };
  const block = new CounterBlock((numbers) => writeBlock(numbers, place));
  const { around, refused, handshake } = countBy(new RequestCounter(block), { uncountedPath: null });
  const measure = measuring(block.values, { connections: new Connections(() => {}) });
  let isCounting = false;
  let unwatch = () => {};
  return {
    count: {
      around(handle, flights) {
        const counted = around(handle, flights);
        const plain = noteFlights(flights, handle);
        return (request, response, nowMs) => {
          if (isCounting) counted(request, response, nowMs);
          else plain(request, response, nowMs);
        };
      },
      refused,
      handshake,
    },
    set(isOn) {
      if (isOn === isCounting) return;
      isCounting = isOn;
      if (!collections) return;
      if (isOn) unwatch = watchCollections(block);
      else unwatch();
    },
    measureMicros() {
      const times = 1000;
      const before = process.cpuUsage();
      for (let time = 0; time < times; time++) measure();
      return microsSince(before) / times;
    },
    close: () => closeSync(fd),
  };
}

/** An engine as a worker of class async has it by default. */
function serve(handler: Handler, count: RequestCount): Promise<string> {
  const connections = new Connections(() => {});
  const engine = createHttpServer({
    application: { handler, what: 'a handler' },
    ...{ connections, count, flights: new FlightTable(), clock: systemClock },
    observers: [],
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

/** The cost of a request with counting over that without it, of each pair of neighbouring slices. */
async function measure(
  served: { readonly requests: number },
  toggle: Toggle,
  slices: number,
): Promise<readonly number[]> {
  const costs: number[] = [];
  const order = [false, true, true, false];
  for (let slice = 0; slice < slices; slice++) {
    toggle.set(order[slice % order.length] === true);
    const before = { micros: process.cpuUsage(), requests: served.requests };
    await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
    costs.push(microsSince(before.micros) / Math.max(1, served.requests - before.requests));
  }
  toggle.set(false);
  const ratios: number[] = [];
  for (let at = WARM_UP; at + 1 < costs.length; at += 2) {
    const [one = 0, other = 0] = costs.slice(at, at + 2);
    ratios.push(order[at % order.length] ? one / other : other / one);
  }
  console.log(`a request costs ${summarise(costs.slice(WARM_UP)).median.toFixed(2)} µs or so`);
  return ratios;
}

function report(ratios: readonly number[], measureMicros: number): void {
  const logs = meanOf(ratios.map((ratio) => Math.log(ratio)));
  // The worker measures its process once a second, whatever the slice.
  const own = measureMicros / (MEASURE_MS * 1000);
  const [from, mean, to] = [logs.mean - logs.margin, logs.mean, logs.mean + logs.margin].map(
    (log) => Math.exp(log) + own,
  );
  const shown = [mean, from, to].map((ratio) => ratio?.toFixed(4));
  console.log(
    `with counting: × ${shown[0]} (95 % confidence: ${shown[1]} to ${shown[2]}; ${ratios.length} pairs)`,
  );
  console.log(`of that, the process is measured for ${measureMicros.toFixed(0)} µs in each second`);
}

function microsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
