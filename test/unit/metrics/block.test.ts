import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CounterBlock } from '../../../src/metrics/block.ts';

describe('a block of counters', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  /** A block, the moments of its writes, and the delays that it was told. */
  function noted() {
    const writes: number[] = [];
    const delays: number[] = [];
    const startMs = performance.now();
    const block = new CounterBlock(
      () => writes.push(performance.now() - startMs),
      (ms) => delays.push(ms),
    );
    return { block, writes, delays };
  }

  it('writes a change within 10 ms, and nothing while nothing changes', () => {
    const { block, writes } = noted();
    vi.advanceTimersByTime(100);
    block.changed();
    block.changed();
    vi.advanceTimersByTime(500);
    expect(writes).toEqual([110]);
  });

  it('writes every 10 ms under load, with few timers, and the last change within 50 ms', () => {
    const { block, writes, delays } = noted();
    for (let ms = 0; ms < 200; ms++) {
      block.changed();
      vi.advanceTimersByTime(1);
    }
    const before = writes.length;
    expect(before).toBeGreaterThanOrEqual(18);
    expect(delays.length).toBeLessThanOrEqual(5);
    block.changed();
    vi.advanceTimersByTime(1000);
    expect(writes.length).toBe(before + 1);
    expect(writes.at(-1)).toBeLessThanOrEqual(250);
    // Load is over: a single change is written soon again.
    block.changed();
    vi.advanceTimersByTime(1000);
    expect(writes.at(-1)).toBe(1210);
  });
});
