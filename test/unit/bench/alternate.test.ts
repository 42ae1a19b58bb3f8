import { expect, it } from 'vitest';
import { costRatioOf, describeRatio, ratiosOf } from '../../../bench/alternate.ts';

it('divides what a request costs with it by what it costs without, whichever slice came first', () => {
  // Off, on, on, off.
  expect(ratiosOf([10, 20, 30, 10], 0)).toEqual([2, 3]);
});

it('leaves the slices of the warm-up out, and one that has no neighbour', () => {
  expect(ratiosOf([1, 9, 30, 10, 10], 2)).toEqual([3]);
});

it('has an interval around the ratio that all pairs agree on', () => {
  const { ratio, low, high, pairs } = costRatioOf(Array.from({ length: 20 }, () => 1.5));
  expect(ratio).toBeCloseTo(1.5);
  expect([low, high].map((value) => value.toFixed(3))).toEqual(['1.500', '1.500']);
  expect(pairs).toBe(20);
});

it('is described with its interval', () => {
  expect(describeRatio({ ratio: 1.0123, low: 1, high: 1.02, pairs: 7 })).toBe(
    '× 1.012 (95 % confidence: 1.000 to 1.020; 7 pairs)',
  );
});
