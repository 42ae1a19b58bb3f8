import { describe, expect, it } from 'vitest';
import { judged, medianOf, pairedRatio } from '../../../../bench/prove/ratio.ts';

describe('medianOf', () => {
  it('has the median of an odd and of an even number of values', () => {
    expect(medianOf([3, 1, 2]).median).toBe(2);
    expect(medianOf([4, 1, 2, 3]).median).toBe(2.5);
  });

  it('has an interval around it, which is the same for the same values', () => {
    const values = [1, 1.1, 0.9, 1.05, 0.95, 1.2, 0.8];
    const ratio = medianOf(values);
    expect(ratio.low).toBeGreaterThanOrEqual(0.8);
    expect(ratio.low).toBeLessThan(ratio.median);
    expect(ratio.high).toBeGreaterThan(ratio.median);
    expect(medianOf(values)).toEqual(ratio);
  });

  it('has no width where every round measured the same', () => {
    expect(medianOf([2, 2, 2])).toEqual({ median: 2, low: 2, high: 2 });
  });
});

describe('pairedRatio', () => {
  it('compares within each round, so that a round which was slow for both says what the others say', () => {
    expect(pairedRatio([10, 100, 20], [5, 50, 10])).toEqual({ median: 2, low: 2, high: 2 });
  });
});

describe('judged', () => {
  it('is missed only where the interval excludes the goal', () => {
    expect(judged({ median: 0.9, low: 0.85, high: 0.95 }, 'at least', 0.97)).toBe('missed');
    expect(judged({ median: 0.9, low: 0.85, high: 0.98 }, 'at least', 0.97)).toBe('not decided');
    expect(judged({ median: 0.98, low: 0.85, high: 1 }, 'at least', 0.97)).toBe('reached');
    expect(judged({ median: 3, low: 2.1, high: 4 }, 'at most', 2)).toBe('missed');
    expect(judged({ median: 3, low: 1.9, high: 4 }, 'at most', 2)).toBe('not decided');
  });
});
