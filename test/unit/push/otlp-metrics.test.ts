import { expect, it } from 'vitest';
import { DURATION, DURATION_BOUNDS } from '../../../src/metrics/catalogue.ts';
import { FIGURES, placeFor, placeOf } from '../../../src/metrics/layout.ts';
import { keyOf } from '../../../src/metrics/series.ts';
import { otlpMetrics } from '../../../src/push/otlp-metrics.ts';
import type { Picture } from '../../../src/push/picture.ts';
import { since } from '../../../src/push/since.ts';

const RECORDS = placeFor('tsunicorn_log_records_total', 'error') ?? 0;
const CONNECTIONS = placeOf('tsunicorn_connections');
const KEY = keyOf(0, 200, 0, 0);

function totalsOf(count: number) {
  const figures = new Float64Array(FIGURES);
  figures[RECORDS] = count;
  figures[CONNECTIONS] = 7;
  const sums = new Float64Array(DURATION_BOUNDS.length + 2);
  sums[0] = count / 2;
  sums[1] = count;
  return { figures, series: new Map([[KEY, sums]]), exemplars: new Map(), workers: [], ended: new Map() };
}

it('what an old arbiter has sent is not sent again', () => {
  const { figures, series } = since(totalsOf(10), totalsOf(12));
  expect(figures[RECORDS]).toBe(2);
  expect(figures[CONNECTIONS]).toBe(7);
  expect([...(series.get(KEY) ?? [])].slice(0, 3)).toEqual([1, 2, 0]);
  const { series: fresh } = since({ figures: new Float64Array(FIGURES), series: new Map() }, totalsOf(3));
  expect(fresh.get(KEY)?.[1]).toBe(3);
});

it('each metric has its start, and an application cannot replace one of ours', () => {
  const measure = { type: 'counter', help: 'A', labels: [], bounds: [], series: [[[], [4]]] };
  const names = ['orders_total', 'tsunicorn_connections', DURATION.name];
  const measured = { measures: names.map((name) => ({ ...measure, name })), folded: 0, stale: [] };
  const picture = { totals: totalsOf(1), measured, atMs: 9000 } as unknown as Picture;
  const metrics = otlpMetrics(picture, { own: 5000, application: 1000 });
  const startsOf = (name: string) =>
    metrics.filter(({ descriptor }) => descriptor.name === name).map((one) => one.dataPoints[0]?.startTime);
  expect(startsOf('orders')).toEqual([[1, 0]]);
  expect(startsOf('tsunicorn.connections')).toEqual([[5, 0]]);
  expect(startsOf('http.server.request.duration')).toEqual([[5, 0]]);
});
