import { describe, expect, it } from 'vitest';
import {
  between,
  excessOf,
  p99Text,
  percentText,
  thresholdsOf,
} from '../../../../src/ctl/roll/thresholds.ts';
import type { Outcomes } from '../../../../src/metrics/outcomes.ts';

const NONE: Outcomes = outcomes({});

/** Of bounds 0.1, 1 and none: how many requests took at most that. */
function outcomes({ fast = 0, slow = 0, slowest = 0, serverErrors = 0, died = 0 }): Outcomes {
  const counts = [fast, fast + slow, fast + slow + slowest];
  const durations = [0.1, 1, null].map((withinSeconds, index) => ({
    withinSeconds,
    count: counts[index] ?? 0,
  }));
  return { ended: counts[2] ?? 0, serverErrors, died, durations };
}

describe('what came between two looks', () => {
  it('is the difference of the counters', () => {
    const before = outcomes({ fast: 1000, slow: 500, serverErrors: 100 });
    const after = outcomes({ fast: 1099, slow: 500, serverErrors: 102, died: 1 });
    expect(between(before, after)).toEqual({ requests: 100, errorRate: 0.03, p99Ms: expect.closeTo(99) });
  });

  it('has its p99 within the bucket where the 99th of a hundred lies', () => {
    expect(between(NONE, outcomes({ fast: 98, slow: 2 })).p99Ms).toBeCloseTo(550);
    expect(between(NONE, outcomes({ fast: 98, slowest: 2 })).p99Ms).toBe(Infinity);
    expect(between(NONE, outcomes({ died: 1 }))).toEqual({ requests: 1, errorRate: 1, p99Ms: null });
  });

  it('is nothing where there was no request', () => {
    const same = outcomes({ fast: 7, serverErrors: 7 });
    expect(between(same, same)).toEqual({ requests: 0, errorRate: null, p99Ms: null });
  });

  it('is what was counted since, where the service was started anew', () => {
    const before = outcomes({ fast: 1000, serverErrors: 1000 });
    expect(between(before, outcomes({ fast: 10 }))).toMatchObject({ requests: 10, errorRate: 0 });
  });
});

describe('the thresholds', () => {
  const of = (flags: Record<string, string>) => thresholdsOf(new Map(Object.entries(flags)));

  it('are 1 % and 1 s where nothing is said, and may be none', () => {
    expect(of({})).toEqual({ errorRate: 0.01, p99Ms: 1000 });
    expect(of({ '--max-error-rate': '0', '--max-p99': '50' })).toEqual({ errorRate: 0, p99Ms: 50 });
    expect(of({ '--max-error-rate': 'none', '--max-p99': 'none' })).toEqual({ errorRate: null, p99Ms: null });
  });

  it.each([
    [
      { '--max-error-rate': '1%' },
      /--max-error-rate: expected <percent>, a number from 0 to 100, or none; got "1%"/,
    ],
    [{ '--max-error-rate': '101' }, /a number from 0 to 100/],
    [{ '--max-p99': '0' }, /--max-p99: expected <ms>, a number from 1 to 10000, or none; got "0"/],
    [{ '--max-p99': ' ' }, /got " "/],
  ])('refuse %j', (flags, message) => {
    expect(() => of(flags)).toThrow(message);
  });

  it('say which of them is passed', () => {
    const allowed = { errorRate: 0.01, p99Ms: 1000 };
    const measured = { requests: 1000, errorRate: 0.01, p99Ms: 1000 };
    expect(excessOf(measured, allowed)).toBeNull();
    expect(excessOf({ ...measured, errorRate: 0.015 }, allowed)).toBe(
      '1.5% of its requests failed, more than 1% (--max-error-rate)',
    );
    expect(excessOf({ ...measured, p99Ms: Infinity }, allowed)).toBe(
      'its p99 was over 10s, more than 1s (--max-p99)',
    );
    expect(
      excessOf({ ...measured, errorRate: 1, p99Ms: Infinity }, { errorRate: null, p99Ms: null }),
    ).toBeNull();
    expect(excessOf({ requests: 0, errorRate: null, p99Ms: null }, allowed)).toBeNull();
    expect([percentText(null), percentText(0.5), p99Text(12.34)]).toEqual(['-', '50%', '12ms']);
  });
});
