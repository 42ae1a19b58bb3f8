import type { MessagePort } from 'node:worker_threads';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Exchange } from '../../../../../workers/classes/thread/exchange.ts';
import { Lane } from '../../../../../workers/classes/thread/lane.ts';

function laneOf() {
  const port = { postMessage() {}, close() {} } as unknown as MessagePort;
  const events = { free() {}, failed() {}, answer() {} };
  const lane = new Lane(port, new Int32Array(new SharedArrayBuffer(8)), events);
  let now = 0;
  let id = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => void vi.restoreAllMocks());
  const begin = () =>
    lane.run({ id: ++id, upload: null, isBodiless: true, toMessage: () => ({}) } as unknown as Exchange);
  const pass = (ms: number) => {
    now += ms;
  };
  /** A request that takes so long. */
  const serve = (ms: number) => {
    begin();
    pass(ms);
    lane.receive({ type: 'released', id } as Parameters<Lane['receive']>[0]);
  };
  return { lane, begin, pass, serve };
}

it('lets a request wait behind one that takes as long as is usual by now: an eighth of each counts', () => {
  const { lane, begin, pass, serve } = laneOf();
  serve(80);
  begin();
  // 2 ms, and twice the 10 ms that are usual after one of 80.
  pass(21);
  expect(lane.canHold).toBe(true);
  pass(2);
  expect(lane.canHold).toBe(false);
});

it('forgets a slow time as slowly as it learnt it', () => {
  const { lane, begin, pass, serve } = laneOf();
  for (let count = 0; count < 40; count++) serve(80);
  for (let count = 0; count < 5; count++) serve(0);
  begin();
  // (7/8)^5 of 80 ms are 41.
  pass(82);
  expect(lane.canHold).toBe(true);
  pass(3);
  expect(lane.canHold).toBe(false);
});
