import { closeSync, openSync, readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CounterBlock, writeBlock } from '../../../src/metrics/block.ts';
import { Counters } from '../../../src/metrics/counters.ts';
import { HEADER, placeFor, placeOf } from '../../../src/metrics/layout.ts';
import { openFile } from '../../../src/metrics/place.ts';
import { RequestCounter } from '../../../src/metrics/request-counter.ts';
import { keyOf, NO_ANSWER } from '../../../src/metrics/series.ts';
import { type CountedWorker, CounterStore, type Totals } from '../../../src/metrics/store.ts';

const GET_200 = keyOf(0, 200, 0, 0);

/** A worker as its process sees it. */
function worker({ place }: CountedWorker, age = 1) {
  const block = new CounterBlock(
    (values) => place.fd !== null && writeBlock(values, { fd: place.fd, position: place.position }),
  );
  block.values[HEADER.owner] = age;
  block.values[HEADER.pid] = age;
  const counter = new RequestCounter(block);
  const serve = (count: number) => {
    for (let served = 0; served < count; served++)
      counter.ended(counter.began('GET', false, undefined), '1.1', 200, 3);
    block.flush();
  };
  return { block, counter, serve };
}

function requestsIn({ series }: Totals, key = GET_200): number {
  return (series.get(key) ?? Float64Array.of(0)).slice(1).reduce((sum, count) => sum + count, 0);
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('the counters of a service', () => {
  it('are those of living workers and of those that have ended', () => {
    const store = CounterStore.open(null);
    const [one, other] = [store.begin(0), store.begin(1)];
    worker(one).serve(3);
    worker(other, 2).serve(4);
    expect(requestsIn(store.totals())).toBe(7);
    expect(Object.fromEntries(store.totals().ended)).toEqual({ 1: 3, 2: 4 });
    one.ended();
    expect(requestsIn(store.totals())).toBe(7);
    worker(store.begin(0), 3).serve(1);
    other.ended();
    expect(requestsIn(store.totals())).toBe(8);
  });

  it('are those of a worker too that was started before what adds them up was loaded', async () => {
    const counters = new Counters(openFile(null));
    const counted = counters.begin(0);
    const { serve } = worker(counted);
    serve(2);
    const store = await counters.load();
    expect(requestsIn(store.totals())).toBe(2);
    serve(1);
    counted.ended();
    expect(requestsIn(store.totals())).toBe(3);
    expect(store.totals().workers).toEqual([]);
    counters.close();
  });

  it('are those of a worker that has ended, and sent them, before what adds them up was loaded', async () => {
    const counters = new Counters(openFile(null, () => openSync('/dev/null', 'r')));
    const counted = counters.begin(0);
    const { block, serve } = worker(counted);
    serve(2);
    counted.heard([...block.values]);
    counted.ended();
    expect(requestsIn((await counters.load()).totals())).toBe(2);
    counters.close();
  });

  it('keep the requests that died with their worker', () => {
    const store = CounterStore.open(null);
    const counted = store.begin(0);
    const { counter, block } = worker(counted);
    counter.began('GET', false, undefined);
    counter.began('POST', true, '12');
    counter.waits();
    block.flush();
    const active = placeFor('http_server_active_requests', 'GET,http') ?? 0;
    const died = placeFor('tsunicorn_requests_cut_total', 'worker_died') ?? 0;
    expect(store.totals().figures[active]).toBe(1);
    counted.ended();
    expect(store.totals().figures[active]).toBe(0);
    expect(store.totals().figures[died]).toBe(2);
  });

  it('of two arbiters are the same in both, and stay when either has ended', () => {
    const old = CounterStore.open(null);
    const first = old.begin(0);
    worker(first).serve(5);
    const handed = old.handOver();
    const young = CounterStore.open(handed);
    worker(young.begin(0)).serve(2);
    expect([requestsIn(old.totals()), requestsIn(young.totals())]).toEqual([7, 7]);
    first.ended();
    expect([requestsIn(old.totals()), requestsIn(young.totals())]).toEqual([7, 7]);
    young.othersGone();
    expect(requestsIn(young.totals())).toBe(7);
    // The next upgrade hands on one file for both.
    const third = CounterStore.open(young.handOver());
    expect(requestsIn(third.totals())).toBe(7);
  });

  it('come back to the old arbiter when an upgrade is rolled back', () => {
    const old = CounterStore.open(null);
    const young = CounterStore.open(old.handOver());
    const counted = young.begin(0);
    worker(counted).serve(2);
    counted.ended();
    old.othersGone();
    expect(requestsIn(old.totals())).toBe(2);
    expect(requestsIn(CounterStore.open(old.handOver()).totals())).toBe(2);
  });

  it('count gauges of a living arbiter only', () => {
    const old = CounterStore.open(null);
    const ready = placeFor('tsunicorn_workers', 'ready') ?? 0;
    old.set(ready, 3);
    old.publish();
    const young = CounterStore.open(old.handOver());
    expect(young.totals().figures[ready]).toBe(3);
    young.othersGone();
    expect(young.totals().figures[ready]).toBe(0);
  });

  it('let go of what no new arbiter has taken, and count on', () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const store = CounterStore.open(null);
    onTestFinished(() => store.close());
    worker(store.begin(0)).serve(2);
    const before = descriptors();
    store.handOver();
    store.notTaken();
    expect(descriptors()).toBe(before);
    worker(store.begin(1)).serve(3);
    expect(requestsIn(store.totals())).toBe(5);
    expect(requestsIn(CounterStore.open(store.handOver()).totals())).toBe(5);
  });

  it('let go of their files', () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const store = CounterStore.open(null);
    const counted = store.begin(0);
    store.handOver();
    store.close();
    store.close();
    expect(descriptors()).toBe(before);
    const next = openSync('/dev/null', 'r');
    store.add(placeOf('tsunicorn_eventloop_blocked_total'), 1);
    store.publish();
    counted.ended();
    expect(store.totals().workers).toEqual([]);
    closeSync(next);
  });

  it('do not take what is no count from a worker', () => {
    const store = CounterStore.open(null);
    const { block, serve } = worker(store.begin(0));
    block.values[placeOf('process_cpu_time_seconds_total')] = Number.NaN;
    block.values[placeOf('tsunicorn_series_folded_total')] = -5;
    serve(1);
    expect(store.totals().figures.every(Number.isFinite)).toBe(true);
    expect(store.totals().figures[placeOf('tsunicorn_series_folded_total')]).toBe(0);
  });
});

describe('counters without a file', () => {
  const refuse = () => {
    throw new Error('no such directory');
  };

  it('are sent, and say why', () => {
    const store = CounterStore.open(null, refuse);
    expect(store.trouble).toBe('no such directory');
    const counted = store.begin(0);
    expect(counted.place.fd).toBe(null);
    const { counter, block } = worker(counted);
    counter.ended(counter.began('GET', false, undefined), '1.1', 200, 3);
    counted.heard([...block.values]);
    counted.heard([...block.values]);
    expect(requestsIn(store.totals())).toBe(1);
    counted.ended();
    expect(requestsIn(store.totals())).toBe(1);
    expect(store.handOver()).toBe(null);
  });

  it('are sent where the file cannot be written', () => {
    const store = CounterStore.open(null, () => openSync('/dev/null', 'r'));
    expect(store.trouble).toMatch(/EBADF/);
  });
});

describe('the requests of a worker', () => {
  it('are folded into one series beyond those that there is room for', () => {
    const store = CounterStore.open(null, () => openSync('/dev/null', 'r'));
    const counted = store.begin(0);
    const { counter, block } = worker(counted);
    for (let status = 200; status < 300; status++)
      counter.ended(counter.began('GET', false, undefined), '1.1', status, 3);
    counted.heard([...block.values]);
    const { series, figures } = store.totals();
    const all = [...series.values()]
      .flatMap((sums) => [...sums.slice(1)])
      .reduce((sum, count) => sum + count, 0);
    expect(all).toBe(100);
    expect(figures[placeOf('tsunicorn_series_folded_total')]).toBe(100 - 63);
  });

  it('without an answer count as left by their client', () => {
    const store = CounterStore.open(null, () => openSync('/dev/null', 'r'));
    const counted = store.begin(0);
    const { counter, block } = worker(counted);
    const active = counter.began('BREW', false, undefined);
    counter.ended(active, '1.1', NO_ANSWER, 3);
    counter.cut(NO_ANSWER);
    counted.heard([...block.values]);
    const totals = store.totals();
    expect(requestsIn(totals, keyOf(10, NO_ANSWER, 0, 0))).toBe(1);
    expect(totals.figures[placeFor('tsunicorn_requests_cut_total', 'client_left') ?? 0]).toBe(1);
  });
});
