import { describe, expect, it } from 'vitest';
import { MemoryWatch } from '../../../../workers/health/memory-watch.ts';

function follow() {
  let bytes = { rssBytes: 100, heapBytes: 50, heapLimitBytes: null };
  const told: number[] = [];
  const watch = new MemoryWatch(
    () => bytes,
    ({ rssBytes }) => told.push(rssBytes),
  );
  const check = (rssBytes: number, heapBytes = 50) => {
    bytes = { ...bytes, rssBytes, heapBytes };
    watch.check();
    return watch.untilDueMs;
  };
  return { told, check };
}

describe('what a process takes', () => {
  it('is told when it has changed, and not when it has hardly', () => {
    const { told, check } = follow();
    for (const bytes of [100, 102, 104, 106, 106, 90]) check(bytes);
    expect(told).toEqual([100, 106, 90]);
    check(90, 60);
    expect(told).toEqual([100, 106, 90, 90]);
  });

  it('is looked at sooner while it grows', () => {
    const { check } = follow();
    expect([100, 150, 151, 90].map((bytes) => check(bytes))).toEqual([Infinity, 100, Infinity, Infinity]);
  });

  it('is not told where it is unknown', () => {
    const told: unknown[] = [];
    const watch = new MemoryWatch(
      () => null,
      (message) => told.push(message),
    );
    watch.check();
    expect(told).toEqual([]);
  });
});
