import { closeSync } from 'node:fs';
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
import { alternate, costRatioOf, describeRatio, feed, microsSince } from './alternate.ts';
import { findGenerator, runLoad } from './load.ts';
import { count, warnIfBusy } from './options.ts';
import { createProcesses } from './processes.ts';

// What counting costs a kept hello.

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
  const { ratios, micros } = await alternate({
    seconds,
    warmUp: WARM_UP,
    served: () => served.requests,
    set: (isOn) => toggle.set(isOn),
  });
  console.log(`a request costs ${micros.toFixed(2)} µs or so`);
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
  return feed(engine, connections);
}

function report(ratios: readonly number[], measureMicros: number): void {
  // The worker measures its process once a second, whatever the slice.
  const own = measureMicros / (MEASURE_MS * 1000);
  const { ratio, low, high, pairs } = costRatioOf(ratios);
  const all = { ratio: ratio + own, low: low + own, high: high + own, pairs };
  console.log(`with counting: ${describeRatio(all, 4)}`);
  console.log(`of that, the process is measured for ${measureMicros.toFixed(0)} µs in each second`);
}
