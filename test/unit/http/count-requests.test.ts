import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { countBy } from '../../../src/http/count-requests.ts';
import { CounterBlock } from '../../../src/metrics/block.ts';
import { placeFor } from '../../../src/metrics/layout.ts';
import { RequestCounter } from '../../../src/metrics/request-counter.ts';

it('all that is counted of a request is written with its end', () => {
  const written: Float64Array[] = [];
  const block = new CounterBlock((values) => written.push(values.slice()));
  const begin = countBy(new RequestCounter(block), { uncountedPath: null }).around(() => {}, null);
  const request: unknown = {
    method: 'GET',
    url: '/',
    httpVersion: '1.1',
    socket: {},
    headers: {},
    rawHeaders: [],
  };
  const response: unknown = Object.assign(new EventEmitter(), {
    ...{ statusCode: 200, headersSent: true, writableEnded: false, writableFinished: false, socket: null },
  });
  // Its end comes when the next write is due, which is made at once.
  begin(request as IncomingMessage, response as ServerResponse, performance.now() - 1000);
  (response as EventEmitter).emit('close');
  const cut = placeFor('tsunicorn_requests_cut_total', 'unfinished') ?? 0;
  expect(written.at(-1)?.[cut]).toBe(1);
});
