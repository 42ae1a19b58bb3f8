import { expect, it } from 'vitest';
import { CONTENT_TYPES, Exposition, type Present } from '../../../src/admin/exposition.ts';
import { CounterBlock, writeBlock } from '../../../src/metrics/block.ts';
import { HEADER } from '../../../src/metrics/layout.ts';
import { makeFile } from '../../../src/metrics/place.ts';
import { RequestCounter } from '../../../src/metrics/request-counter.ts';
import { CounterStore } from '../../../src/metrics/store.ts';

const trace = (digit: string) => digit.repeat(32);
const SPAN = 'fedcba9876543210';

/** A worker of a store that has ended requests: [status, milliseconds, trace]. */
function worker(
  store: CounterStore,
  age: number,
  requests: readonly (readonly [number, number, string | null])[],
) {
  const counted = store.begin(age);
  const { fd, position } = counted.place;
  const block = new CounterBlock((values) => fd !== null && writeBlock(values, { fd, position }));
  block.values[HEADER.owner] = age;
  const counter = new RequestCounter(block);
  for (const [status, ms, traceId] of requests) {
    const exemplar = traceId === null ? null : { traceId, spanId: SPAN };
    counter.ended(counter.began('GET', false, undefined), '1.1', status, ms, undefined, exemplar);
  }
  block.changed();
  block.flush();
  return counted;
}

/** The lines of OpenMetrics that have an exemplar. */
function exemplarsIn(store: CounterStore, format: 'text' | 'openMetrics' = 'openMetrics'): readonly string[] {
  const text = new Exposition().text(store.totals(), new Proxy({} as Present, { get: () => 0 }), format);
  return text.split('\n').filter((line) => line.includes(' # {'));
}

it('the last request of each bucket that belongs to a trace stands for it, in OpenMetrics only', () => {
  const store = CounterStore.open(null);
  worker(store, 1, [
    ...([
      [200, 3, trace('a')],
      [200, 4, null],
      [200, 4, trace('b')],
    ] as const),
    ...([
      [500, 2, trace('c')],
      [200, 60_000, trace('d')],
    ] as const),
  ]);
  expect(CONTENT_TYPES.openMetrics).toContain('openmetrics');
  expect(exemplarsIn(store, 'text')).toEqual([]);
  const lines = exemplarsIn(store);
  expect(lines).toHaveLength(3);
  const line = (digit: string) => lines.find((one) => one.includes(trace(digit))) ?? '';
  expect(line('b')).toMatch(
    /status_code="200".*le="0.005"} 3 # \{trace_id="b{32}",span_id="fedcba9876543210"\} 0\.004 1\d{9}\.\d{3}$/,
  );
  expect(line('c')).toMatch(/status_code="500".*le="0.005"} 1 # /);
  expect(line('d')).toMatch(/le="\+Inf"} 4 # .* 60 /);
  store.close();
});

it('exemplars survive the worker, and an upgrade, and the latest of all counts', () => {
  const old = CounterStore.open(null);
  worker(old, 1, [[200, 3, trace('a')]]).ended();
  expect(exemplarsIn(old)).toEqual([expect.stringContaining(trace('a'))]);
  const heir = CounterStore.open(old.handOver());
  expect(exemplarsIn(heir)).toEqual([expect.stringContaining(trace('a'))]);
  heir.othersGone();
  // What ended arbiters have counted is added when the next one comes.
  const next = CounterStore.open(heir.handOver());
  for (const store of [heir, next]) expect(exemplarsIn(store)).toEqual([expect.stringContaining(trace('a'))]);
});

it('numbers that no worker of ours writes are not shown', () => {
  const fd = makeFile();
  const store = CounterStore.open({ own: fd, others: [] });
  const counted = store.begin(1);
  const block = new CounterBlock(() => {});
  const counter = new RequestCounter(block);
  counter.ended(counter.began('GET', false, undefined), '1.1', 200, 3, undefined, {
    traceId: trace('a'),
    spanId: null,
  });
  const sane = [...block.values];
  counted.heard(sane);
  expect(exemplarsIn(store)).toEqual([expect.stringMatching(/trace_id="a{32}"\} /)]);
  const word = 0xaaaaaaaa;
  for (const bad of [Number.NaN, -1, 2 ** 32, 0.5]) {
    counted.heard(sane.map((value) => (value === word ? bad : value)));
    expect(exemplarsIn(store)).toEqual([]);
  }
  store.close();
});
