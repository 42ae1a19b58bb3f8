import { expect, it } from 'vitest';
import { FIGURES, placeFor } from '../../../src/metrics/layout.ts';
import { outcomesOf } from '../../../src/metrics/outcomes.ts';
import { keyOf, NO_ANSWER } from '../../../src/metrics/series.ts';

/** A series of [its sum, …how many in each bucket]. */
function series(buckets: Readonly<Record<number, number>>): Float64Array {
  const all = new Float64Array(16);
  for (const [bucket, count] of Object.entries(buckets)) all[1 + Number(bucket)] = count;
  return all;
}

it('adds up how requests came out, whatever their method', () => {
  const figures = new Float64Array(FIGURES);
  figures[placeFor('tsunicorn_requests_cut_total', 'worker_died') ?? -1] = 3;
  const totals = {
    figures,
    series: new Map([
      [keyOf(0, 200, 0, 0), series({ 0: 5, 5: 1 })],
      [keyOf(1, 503, 0, 0), series({ 0: 2 })],
      [keyOf(1, 499, 0, 0), series({ 1: 1 })],
      [keyOf(0, NO_ANSWER, 0, 0), series({ 14: 1 })],
    ]),
  };
  const { durations, ...counts } = outcomesOf(totals);
  expect(counts).toEqual({ ended: 10, serverErrors: 2, died: 3 });
  expect(durations).toHaveLength(15);
  expect([durations[0], durations[1], durations[5], durations[14]]).toEqual([
    { withinSeconds: 0.005, count: 7 },
    { withinSeconds: 0.01, count: 8 },
    { withinSeconds: 0.1, count: 9 },
    { withinSeconds: null, count: 10 },
  ]);
});
