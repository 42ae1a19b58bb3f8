import { describe, expect, it } from 'vitest';
import { MemoryWatch } from '../../../../workers/health/memory-watch.ts';

function follow() {
  let bytes = { rssBytes: 100, heapBytes: 50, heapLimitBytes: null };
  const told: number[] = [];
  const watch = new MemoryWatch(
    () => bytes,
    ({ rssBytes }) => told.push(rssBytes),
  );
  const look = (rssBytes: number, heapBytes = 50) => {
    bytes = { ...bytes, rssBytes, heapBytes };
    watch.look();
    return watch.untilDueMs;
  };
  return { told, look };
}

describe('what a process takes', () => {
  it('is told when it has changed, and not when it has hardly', () => {
    const { told, look } = follow();
    for (const bytes of [100, 102, 104, 106, 106, 90]) look(bytes);
    expect(told).toEqual([100, 106, 90]);
    look(90, 60);
    expect(told).toEqual([100, 106, 90, 90]);
  });

  it('is looked at sooner while it grows', () => {
    const { look } = follow();
    expect([100, 150, 151, 90].map((bytes) => look(bytes))).toEqual([Infinity, 100, Infinity, Infinity]);
  });

  it('is not told where it is unknown', () => {
    const told: unknown[] = [];
    const watch = new MemoryWatch(
      () => null,
      (message) => told.push(message),
    );
    watch.look();
    expect(told).toEqual([]);
  });
});
