import { parseArgs } from 'node:util';
import { FlightTable } from '../src/flights/table.ts';
import { openFlight } from '../src/http/note-flights.ts';
import type { Observer } from '../src/http/observer.ts';
import { requestIdOf } from '../src/support/request-id.ts';
import { createActBench } from './act-in-slices.ts';
import { describeRatio } from './alternate.ts';
import { count, warnIfBusy } from './options.ts';

// What each option of request ids costs a kept hello.

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
const seconds = count('seconds', values.seconds);
warnIfBusy();
const bench = await createActBench();
for (const [name, option] of Object.entries(CASES))
  console.log(`${name}: ${describeRatio(await bench.measure(option, { seconds, close: false }))}`);
process.exit(0);
