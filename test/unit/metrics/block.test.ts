import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CounterBlock } from '../../../src/metrics/block.ts';
import { workerFamilies } from '../../../src/metrics/catalogue.ts';
import { placeOf } from '../../../src/metrics/layout.ts';

describe('a block of counters', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  /** A block, the moments of its writes, and how many timers it has had. */
  function noted() {
    const writes: number[] = [];
    const startMs = performance.now();
    const block = new CounterBlock(() => writes.push(performance.now() - startMs));
    const delays = placeOf('tsunicorn_eventloop_delay_seconds') + 1;
    const { length } = workerFamilies.tsunicorn_eventloop_delay_seconds.bounds;
    const timers = () =>
      block.values.subarray(delays, delays + length + 1).reduce((sum, one) => sum + one, 0);
    return { block, writes, timers };
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
    const { block, writes, timers } = noted();
    for (let ms = 0; ms < 200; ms++) {
      block.changed();
      vi.advanceTimersByTime(1);
    }
    const before = writes.length;
    expect(before).toBeGreaterThanOrEqual(18);
    expect(timers()).toBeLessThanOrEqual(5);
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
