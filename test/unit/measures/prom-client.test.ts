import { expect, it } from 'vitest';
import { measureOf } from '../../../src/measures/prom-client.ts';

it('a histogram of prom-client is one of ours, its buckets without those below', () => {
  const at = (le: string | number, value: number) => ({
    value,
    labels: { le, a: 'x' },
    metricName: 'h_bucket',
  });
  const values = [
    ...[at(0.5, 2), at(1, 5), at('+Inf', 6)],
    { value: 9, labels: { a: 'x' }, metricName: 'h_sum' },
    { value: 6, labels: { a: 'x' }, metricName: 'h_count' },
  ];
  expect(measureOf({ name: 'h', help: 'How long.', type: 'histogram', values })).toEqual({
    ...{ name: 'h', type: 'histogram', help: 'How long', labels: ['a'], bounds: [0.5, 1] },
    series: [[['x'], [9, 2, 3, 1]]],
  });
});

it('quantiles of a summary are left out', () => {
  const values = [
    { value: 0.3, labels: { quantile: 0.5 }, metricName: 's' },
    { value: 4, labels: {}, metricName: 's_sum' },
    { value: 2, labels: {}, metricName: 's_count' },
  ];
  expect(measureOf({ name: 's', help: 's', type: 'summary', values })).toMatchObject({
    ...{ labels: [], series: [[[], [4, 2]]] },
  });
});

it('a series has a value for each label, empty where prom-client has none', () => {
  const values = [
    { value: 1, labels: { a: 'x' } },
    { value: 2, labels: { b: 'y' } },
  ];
  expect(measureOf({ name: 'c', help: 'c', type: 'counter', values }).series).toEqual([
    [['x', ''], [1]],
    [['', 'y'], [2]],
  ]);
});
