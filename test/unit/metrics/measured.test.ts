import { expect, it } from 'vitest';
import { type Measure, type Measured, MeasuredStore } from '../../../src/metrics/measured.ts';

function measured(orders: number, depth: number, failing: Measured['failing'] = {}): Measured {
  const about = { help: 'x', labels: ['kind'], bounds: [] };
  const measures: readonly Measure[] = [
    { ...about, name: 'orders_total', type: 'counter', series: [[['a'], [orders]]] },
    { ...about, name: 'depth', type: 'gauge', series: [[['a'], [depth]]] },
  ];
  return { measures, failing, folded: 1 };
}

const sums = (store: MeasuredStore) =>
  store.totals(0).measures.map(({ name, series }) => [name, series[0]?.[1][0]]);

it('counters outlive their process, gauges do not', () => {
  const store = new MeasuredStore();
  store.heard(1, measured(5, 2), 0);
  store.heard(1, measured(6, 3), 0);
  store.heard(2, measured(10, 4), 0);
  expect(sums(store)).toEqual([
    ['orders_total', 16],
    ['depth', 7],
  ]);
  store.ended(1);
  expect(sums(store)).toEqual([
    ['orders_total', 16],
    ['depth', 4],
  ]);
  expect(store.totals(0).folded).toBe(2);
});

it('a metric that differs between processes is that of the first', () => {
  const store = new MeasuredStore();
  store.heard(1, measured(5, 2), 0);
  const [first, ...others] = measured(7, 3).measures;
  store.heard(
    2,
    { ...measured(7, 3), measures: [{ ...(first as Measure), labels: ['other'] }, ...others] },
    0,
  );
  expect(sums(store)).toEqual([
    ['orders_total', 5],
    ['depth', 5],
  ]);
});

it('a process is unfit while a check fails, or while it does not report', () => {
  const store = new MeasuredStore();
  store.heard(1, measured(0, 0, { database: 'no connection' }), 0);
  store.heard(2, measured(0, 0), 0);
  expect([...store.unfit(1000)]).toEqual([[1, 'check database: no connection']]);
  expect(store.unfit(6000).get(2)).toBe('its checks are not known: it does not report');
  expect(store.totals(6000).stale).toEqual([1, 2]);
});
