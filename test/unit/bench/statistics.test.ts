import { describe, expect, it } from 'vitest';
import { judge, meanOf, percentile, rotated, summarise } from '../../../bench/statistics.ts';

describe('summarise', () => {
  it('takes the middle value of an odd series, whatever its order', () => {
    expect(summarise([9, 1, 5])).toEqual({ min: 1, q1: 3, median: 5, q3: 7, max: 9 });
  });

  it('interpolates between the two middle values of an even series', () => {
    expect(summarise([4, 1, 3, 2]).median).toBe(2.5);
  });

  it('sorts by value, not by text', () => {
    expect(summarise([100, 20, 3]).median).toBe(20);
  });

  it('says that rounds without an answer took for ever', () => {
    expect(summarise([Infinity, Infinity]).median).toBe(Infinity);
  });

  it('refuses an empty series', () => {
    expect(() => summarise([])).toThrow('nothing was measured');
  });
});

describe('judge', () => {
  const summary = { min: 0, q1: 1, median: 2, q3: 3, max: 9 };

  it.each([
    ['at most', 3, 'reached'],
    ['at most', 2.9, 'within spread'],
    ['at most', 0.9, 'not reached'],
    ['at least', 1, 'reached'],
    ['at least', 1.1, 'within spread'],
    ['at least', 3.1, 'not reached'],
  ] as const)('calls quartiles 1 to 3 with a bar of %s %d %s', (sense, limit, mark) => {
    expect(judge(summary, sense, limit)).toBe(mark);
  });
});

describe('rotated', () => {
  it('begins one place later each round and keeps the order', () => {
    const orders = [0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''));
    expect(orders).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  it('leaves nothing out of an empty list', () => {
    expect(rotated([], 5)).toEqual([]);
  });
});

describe('percentile', () => {
  it('is one of the values: the smallest that the share of them does not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile([...values, 101], 0.99)).toBe(100);
    expect(percentile([7], 0.99)).toBe(7);
  });

  it('is endless where failures reach down to it', () => {
    expect(percentile([1, Infinity, Infinity], 0.5)).toBe(Infinity);
    expect(percentile([1, 2, Infinity], 0.5)).toBe(2);
  });
});

describe('meanOf', () => {
  it('is not moved by values far away at both ends', () => {
    const values = [-1000, 9, 10, 11, 9, 10, 11, 9, 10, 11, 10, 5000];
    const { mean, margin } = meanOf(values);
    expect(mean).toBeCloseTo(10, 0);
    expect(margin).toBeLessThan(2);
  });

  it('refuses a short series', () => {
    expect(() => meanOf([1, 2])).toThrow('too little was measured');
  });
});
