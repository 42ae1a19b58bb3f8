import { describe, expect, it } from 'vitest';
import {
  DOWN_MS,
  judge,
  type Sample,
  type ScalingLimits,
  worthKeeping,
} from '../../../../src/arbiter/policy/scaling.ts';

const limits: ScalingLimits = { min: 1, max: 8, capacity: 1000 };

/** The load in workers that would have no moment to spare, at a time in seconds. */
type Curve = (second: number) => number;

interface Run {
  /** How many workers there were in each second. */
  readonly counts: readonly number[];
  /** `12: 1 → 2`: the second of each change. */
  readonly changes: readonly string[];
}

/** What the policy makes of a load, sampled each second as the arbiter does: anew after each change. */
function simulate(curve: Curve, seconds: number, start = 1, within: Partial<ScalingLimits> = {}): Run {
  const counts: number[] = [];
  const changes: string[] = [];
  let count = start;
  let samples: readonly Sample[] = [];
  for (let second = 0; second < seconds; second++) {
    const utilisation = Math.min(1, curve(second) / count);
    const now = second * 1000;
    samples = worthKeeping([...samples, { atMs: now, utilisation, inFlight: 0 }], now);
    const verdict = judge(samples, count, now, { ...limits, ...within });
    if (verdict !== null) {
      changes.push(`${second}: ${count} → ${verdict.workers}`);
      count = verdict.workers;
      samples = [];
    }
    counts.push(count);
  }
  return { counts, changes };
}

/** A sample each second for so long, up to `now`. */
function steady(seconds: number, utilisation: number, inFlight = 0): Sample[] {
  return Array.from({ length: seconds + 1 }, (_, second) => ({ atMs: second * 1000, utilisation, inFlight }));
}

describe('a load that rises', () => {
  it('is answered within three seconds', () => {
    expect(simulate((second) => (second < 100 ? 0.1 : 1), 104).changes).toEqual(['102: 1 → 2']);
  });

  it('is answered by as many workers as it asks for, at most twice as many at a time', () => {
    const { changes, counts } = simulate(() => 4, 20);
    expect(changes.slice(0, 3).map((change) => change.replace(/.*: /, ''))).toEqual([
      '1 → 2',
      '2 → 4',
      '4 → 7',
    ]);
    expect(counts.at(-1)).toBe(7);
  });

  it('never asks for more than the limit', () => {
    expect(simulate(() => 100, 60, 1, { max: 3 }).counts.at(-1)).toBe(3);
  });

  it('is left alone where it is below the threshold', () => {
    expect(simulate(() => 0.79, 300).changes).toEqual([]);
  });

  it('for a second only changes nothing', () => {
    expect(simulate((second) => (second % 10 === 0 ? 1 : 0.1), 300).changes).toEqual([]);
  });

  it('counts too where requests in flight, not computations, fill the workers', () => {
    expect(judge(steady(3, 0.1, 800), 2, 3000, limits)).toMatchObject({ workers: 3, inFlight: 800 });
    expect(judge(steady(3, 0.1, 700), 2, 3000, limits)).toBeNull();
  });
});

describe('a load that falls', () => {
  it('is answered after a minute, one worker at a time', () => {
    const { changes } = simulate((second) => (second < 20 ? 4 : 0.1), 600);
    const down = changes.slice(3);
    expect(down.map((change) => change.replace(/.*: /, ''))).toEqual([
      '7 → 6',
      '6 → 5',
      '5 → 4',
      '4 → 3',
      '3 → 2',
      '2 → 1',
    ]);
    const seconds = down.map((change) => Number.parseInt(change, 10));
    for (const [index, second] of seconds.slice(1).entries())
      expect(second - (seconds[index] ?? 0)).toBeGreaterThanOrEqual(DOWN_MS / 1000);
  });

  it('never takes more than the limit allows', () => {
    expect(simulate(() => 0, 1000, 4, { min: 3 }).counts.at(-1)).toBe(3);
  });

  it('keeps the worker without which the others would be busy', () => {
    expect(simulate(() => 1.1, 600, 3).counts.at(-1)).toBe(3);
    expect(simulate(() => 0.9, 600, 3).counts.at(-1)).toBe(2);
  });

  it('keeps a worker whose connections the others could not hold', () => {
    expect(judge(steady(60, 0, 300), 2, 60_000, limits)).toBeNull();
    expect(judge(steady(60, 0, 200), 2, 60_000, limits)).toMatchObject({ workers: 1, inFlight: 200 });
  });

  it('says the highest figures of the minute', () => {
    const samples = steady(60, 0.1, 2).map((one, at) =>
      at < 6 && at > 2 ? { ...one, utilisation: 0.22 } : one,
    );
    expect(judge(samples, 2, 60_000, limits)?.utilisation).toBeCloseTo(0.22);
  });
});

describe('a load that swings', () => {
  const sawtooth =
    (period: number, low: number, high: number): Curve =>
    (second) =>
      low + ((high - low) * (second % period)) / period;
  const square =
    (period: number, low: number, high: number): Curve =>
    (second) =>
      second % period < period / 2 ? high : low;

  it.each([2, 4, 6, 10, 20, 30, 45, 60])(
    'with a period of %i s is answered once, for its peak, and never flaps',
    (period) => {
      for (const curve of [sawtooth(period, 0, 4), square(period, 0, 4), sawtooth(period, 0.3, 0.9)]) {
        const { counts, changes } = simulate(curve, 600);
        // Up to what the peak asks for, and never down again.
        expect(counts, changes.join(', ')).toEqual(counts.toSorted((a, b) => a - b));
      }
    },
  );

  it('over many minutes is followed, with one change each way', () => {
    const { changes } = simulate(square(600, 0.2, 1), 1800);
    expect(changes.map((change) => change.replace(/.*: /, ''))).toEqual([
      '1 → 2',
      '2 → 1',
      '1 → 2',
      '2 → 1',
      '1 → 2',
      '2 → 1',
    ]);
  });

  it('at random never goes up right after it went down, nor down sooner than a minute after any change', () => {
    for (let seed = 1; seed <= 20; seed++) {
      let state = seed;
      const noise: Curve = (second) => {
        if (second % 7 === 0) state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return (state / 2 ** 32) * 5;
      };
      const { counts } = simulate(noise, 900, 2);
      for (let second = 1, changed = 0; second < counts.length; second++) {
        const step = (counts[second] ?? 0) - (counts[second - 1] ?? 0);
        if (step < 0) expect(second - changed).toBeGreaterThanOrEqual(60);
        if (step !== 0) changed = second;
      }
    }
  });
});

describe('few samples', () => {
  it('say nothing', () => {
    expect(judge([], 1, 0, limits)).toBeNull();
    expect(judge([{ atMs: 0, utilisation: 1, inFlight: 0 }], 1, 0, limits)).toBeNull();
    expect(judge(steady(1, 1), 1, 1000, limits)).toBeNull();
    expect(judge(steady(30, 0), 2, 30_000, limits)).toBeNull();
  });

  it('that are old say nothing of now', () => {
    expect(judge(steady(10, 1), 1, 14_000, limits)).toBeNull();
  });

  it('with a gap between them say nothing of what was in it', () => {
    const gap = [...steady(3, 0), ...steady(3, 0).map((one) => ({ ...one, atMs: one.atMs + 70_000 }))];
    expect(judge(gap, 2, 73_000, limits)).toBeNull();
    expect(
      judge(
        [gap[0], gap[7]].flatMap((one) => one ?? []),
        2,
        73_000,
        limits,
      ),
    ).toBeNull();
  });

  it('are kept for a minute, and one more that shows how far they reach', () => {
    const kept = worthKeeping(steady(100, 0), 100_000);
    expect(kept).toHaveLength(61);
    expect(kept[0]?.atMs).toBe(40_000);
  });
});
