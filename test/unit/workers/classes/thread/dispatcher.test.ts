import type { IncomingMessage, ServerResponse } from 'node:http';
import { MessageChannel } from 'node:worker_threads';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Share } from '../../../../../src/http/bodies/store.ts';
import { Dispatcher } from '../../../../../workers/classes/thread/dispatcher.ts';
import { Exchange } from '../../../../../workers/classes/thread/exchange.ts';
import { Lane } from '../../../../../workers/classes/thread/lane.ts';

const request = { method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: [], headers: {}, socket: {} };

/** A dispatcher with so many lanes, whose threads are the test. */
function pool(threads: number, limit = 10, isTooLate = (_exchange: Exchange) => false) {
  const dispatcher = new Dispatcher(limit, isTooLate);
  const lanes = Array.from({ length: threads }, () => {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port2.close());
    const slots = new Int32Array(new SharedArrayBuffer(8));
    const lane = new Lane(port1, slots, {
      free: (one) => dispatcher.free(one),
      failed: () => {},
      answer: () => {},
    });
    dispatcher.add(lane);
    return { lane, slots };
  });
  return { dispatcher, lanes, lane: (index: number) => lanes[index]?.lane as Lane };
}

function exchange(id: number, body: Uint8Array<ArrayBuffer> | null = null): Exchange {
  const response = { writeHead() {}, end() {}, headersSent: false } as unknown as ServerResponse;
  return new Exchange(id, request as unknown as IncomingMessage, response, body, new Share(0));
}

function finish(lane: Lane): void {
  const head = { status: 200, message: 'OK', headers: [], length: null, closes: false, without: [] };
  lane.receive({ type: 'answer', id: lane.head?.id ?? 0, head, body: '' });
}

/** As its thread does. */
function begin(slots: Int32Array | undefined, id: number): void {
  const at = slots?.indexOf(id) ?? -1;
  if (slots && at >= 0) Atomics.store(slots, at, 0);
}

describe('the dispatcher', () => {
  // None of them is slow because the test is.
  beforeEach(() => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(5000);
    return () => now.mockRestore();
  });

  it('runs one request in each thread, lets one wait in each, and queues the rest', () => {
    const { dispatcher, lane } = pool(2);
    for (let id = 1; id <= 5; id++) dispatcher.submit(exchange(id));
    expect([lane(0).head?.id, lane(1).head?.id]).toEqual([1, 2]);
    expect([lane(0).next?.id, lane(1).next?.id]).toEqual([3, 4]);
    expect(dispatcher.queue.map(({ id }) => id)).toEqual([5]);
  });

  it('runs no request that has waited for too long', () => {
    const { dispatcher, lane } = pool(1, 10, ({ id }) => id === 3 || id === 4);
    for (let id = 1; id <= 5; id++) dispatcher.submit(exchange(id));
    finish(lane(0));
    finish(lane(0));
    expect(lane(0).head?.id).toBe(5);
    expect(dispatcher.queue).toEqual([]);
  });

  it('runs no request whose client has gone while it waited', () => {
    const { dispatcher, lane } = pool(1);
    const all = [1, 2, 3, 4, 5, 6].map((id) => exchange(id));
    for (const one of all) dispatcher.submit(one);
    Object.assign(all[2]?.response ?? {}, { socket: { readableEnded: true, writableEnded: true } });
    Object.assign(all[4]?.response ?? {}, { closed: true });
    finish(lane(0));
    expect([lane(0).head?.id, lane(0).next?.id]).toEqual([2, 4]);
    finish(lane(0));
    expect([lane(0).head?.id, lane(0).next?.id]).toEqual([4, 6]);
  });

  it('gives a thread that has finished the one that waited in it, and another to wait', () => {
    const { dispatcher, lane } = pool(1);
    for (let id = 1; id <= 3; id++) dispatcher.submit(exchange(id));
    finish(lane(0));
    expect([lane(0).head?.id, lane(0).next?.id]).toEqual([2, 3]);
  });

  it('gives an idle thread what waits in another', () => {
    const { dispatcher, lane } = pool(2);
    for (let id = 1; id <= 3; id++) dispatcher.submit(exchange(id));
    finish(lane(1));
    expect([lane(0).next, lane(1).head?.id]).toEqual([null, 3]);
  });

  it('takes what waits behind a slow request to another thread, before all that is queued', () => {
    const { dispatcher, lane } = pool(2);
    for (let id = 1; id <= 5; id++) dispatcher.submit(exchange(id));
    const slow = lane(0).head;
    if (slow) slow.startedMs -= 1000;
    finish(lane(1));
    expect([lane(0).next, lane(1).head?.id, lane(1).next?.id]).toEqual([null, 4, 3]);
    dispatcher.submit(exchange(6));
    expect([lane(0).next, dispatcher.queue.map(({ id }) => id)]).toEqual([null, [5, 6]]);
  });

  it('leaves alone what the other thread has begun with', () => {
    const { dispatcher, lane, lanes } = pool(2);
    for (let id = 1; id <= 3; id++) dispatcher.submit(exchange(id));
    lanes[0]?.slots.fill(0);
    finish(lane(1));
    expect([lane(0).next?.id, lane(1).head]).toEqual([3, null]);
  });

  it('never lets a request wait in a thread when its body would be lost with the thread', () => {
    const { dispatcher, lane } = pool(1);
    dispatcher.submit(exchange(1));
    dispatcher.submit(exchange(2, new Uint8Array(1)));
    expect([lane(0).next, dispatcher.queue[0]?.id]).toEqual([null, 2]);
  });

  it('tells what ran in a thread that is gone from what had not begun', () => {
    const { dispatcher, lanes } = pool(2);
    for (let id = 1; id <= 5; id++) dispatcher.submit(exchange(id));
    begin(lanes[0]?.slots, 1);
    const [first, second] = lanes.map((gone) => {
      dispatcher.remove(gone.lane);
      return gone.lane.close(() => {});
    });
    expect([first?.ran?.id, first?.waited.map(({ id }) => id)]).toEqual([1, [3]]);
    expect([second?.ran, second?.waited.map(({ id }) => id)]).toEqual([null, [2, 4]]);
    dispatcher.resubmit(second?.waited ?? []);
    expect(dispatcher.queue.map(({ id }) => id)).toEqual([2, 4, 5]);
  });

  it('knows what a thread began with while it was ended', () => {
    const { dispatcher, lane, lanes } = pool(1);
    for (let id = 1; id <= 2; id++) dispatcher.submit(exchange(id));
    const slots = lanes[0]?.slots;
    begin(slots, 1);
    const { compareExchange } = Atomics;
    const told: (() => void)[] = [];
    vi.spyOn(Atomics, 'compareExchange').mockImplementationOnce(((
      ...args: [Int32Array, number, number, number]
    ) => {
      told.push(() => finish(lane(0)));
      begin(slots, 2);
      return compareExchange(...args);
    }) as typeof compareExchange);
    const { ran, waited } = lane(0).close(() => told.pop()?.());
    expect([ran?.id, waited]).toEqual([2, []]);
  });

  it('gives no request to a thread that is gone, though it has answered the one before', () => {
    const { dispatcher, lane, lanes } = pool(1);
    for (let id = 1; id <= 3; id++) dispatcher.submit(exchange(id));
    begin(lanes[0]?.slots, 1);
    const { ran, waited } = lane(0).close(() => finish(lane(0)));
    expect([ran, waited.map(({ id }) => id), dispatcher.queue.length]).toEqual([null, [2], 1]);
  });

  it('forgets a request whose client has gone, wherever it waits', () => {
    const { dispatcher, lane, lanes } = pool(1);
    const all = [1, 2, 3].map((id) => exchange(id));
    for (const one of all) dispatcher.submit(one);
    begin(lanes[0]?.slots, 1);
    for (const one of all.slice(1)) dispatcher.withdraw(one);
    expect([lane(0).head?.id, lane(0).next, dispatcher.queue.length]).toEqual([1, null, 0]);
  });

  it('goes on with the next where the client of a request goes before its thread has begun with it', () => {
    const { dispatcher, lane, lanes } = pool(1);
    const all = [1, 2, 3].map((id) => exchange(id));
    for (const one of all) dispatcher.submit(one);
    dispatcher.withdraw(all[0] as Exchange);
    expect([lane(0).head?.id, lane(0).next?.id]).toEqual([2, 3]);
    expect([...(lanes[0]?.slots ?? [])].toSorted()).toEqual([2, 3]);
  });

  it('is full when its queue is, and no thread has room', () => {
    const { dispatcher } = pool(1, 1);
    const full = [1, 2, 3].map((id) => {
      dispatcher.submit(exchange(id));
      return dispatcher.isFull;
    });
    expect(full).toEqual([false, false, true]);
  });

  it('leaves the slot of a request that its thread has yet to begin with to that request', () => {
    const { lane, lanes } = pool(1);
    const [, second, third, fourth] = [1, 2, 3, 4].map((id) => exchange(id));
    lane(0).run(exchange(1));
    lane(0).hold(second as Exchange);
    lane(0).receive({ type: 'released', id: 1 });
    lane(0).hold(third as Exchange);
    expect(lane(0).takeBack()).toBe(third);
    lane(0).hold(fourth as Exchange);
    expect([...(lanes[0]?.slots ?? [])].toSorted()).toEqual([2, 4]);
  });
});
