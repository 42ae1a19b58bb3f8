import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Newcomers } from '../../../../workers/accept/pending.ts';

describe('newcomers', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('are slow once the limit has passed, each of them once, and none that is known by then', () => {
    const slow = vi.fn();
    const newcomers = new Newcomers(5, slow);
    const [known, first, second] = [new Socket(), new Socket(), new Socket()];
    for (const socket of [known, first, second]) newcomers.add(socket);
    newcomers.know(known);
    newcomers.know(known);
    expect(newcomers.count).toBe(2);
    vi.advanceTimersByTime(4);
    expect(slow).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(slow.mock.calls).toEqual([[first], [second]]);
    expect(newcomers.count).toBe(0);
    vi.advanceTimersByTime(20);
    expect(slow).toHaveBeenCalledTimes(2);
  });

  it('have the limit again after quiet times', () => {
    const slow = vi.fn();
    const newcomers = new Newcomers(5, slow);
    vi.advanceTimersByTime(60);
    const late = new Socket();
    newcomers.add(late);
    vi.advanceTimersByTime(4);
    expect(slow).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(slow).toHaveBeenCalledExactlyOnceWith(late);
  });
});
