import { describe, expect, it } from 'vitest';
import { parseStat, treeOf } from '../../../bench/processor.ts';

describe('parseStat', () => {
  const rest = 'S 7 42 42 0 -1 4194304 1 2 3 4 100 20 3 1 20 0 1 0 0';

  it('adds user and system ticks to those of reaped children', () => {
    expect(parseStat(`42 (node) ${rest}`)).toEqual({ pid: 42, parent: 7, ticks: 124 });
  });

  it('is not misled by spaces and brackets in a command name', () => {
    expect(parseStat(`42 (a) b (c) ${rest}`)).toEqual({ pid: 42, parent: 7, ticks: 124 });
  });
});

describe('treeOf', () => {
  const one = (pid: number, parent: number) => ({ pid, parent, ticks: 1 });

  it('finds children of children and leaves strangers out', () => {
    const all = [one(1, 0), one(30, 20), one(20, 10), one(10, 1), one(21, 10), one(40, 1)];
    expect(treeOf(10, all).map(({ pid }) => pid)).toEqual([10, 20, 21, 30]);
  });

  it('is empty where the root has gone', () => {
    expect(treeOf(99, [one(1, 0)])).toEqual([]);
  });
});
