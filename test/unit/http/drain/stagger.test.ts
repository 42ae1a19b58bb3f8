import { describe, expect, it } from 'vitest';
import { stagger } from '../../../../src/http/drain/stagger.ts';

describe('clients that are sent away', () => {
  it('go one after another, evenly over the whole time where they are many', () => {
    const times = stagger(10_000, 15_000, 0);
    expect(times).toHaveLength(10_000);
    expect(times.slice(0, 3)).toEqual([0, 1.5, 3]);
    expect(times.at(-1)).toBeLessThan(15_000);
  });

  it('need less of it where they are few', () => {
    expect(stagger(3, 15_000, 0)).toEqual([0, 50, 100]);
  });

  it('keep the same distance in every worker, and not the same moments', () => {
    const [first = 0, second = 0] = stagger(2, 15_000, 0.5);
    expect([first, second]).toEqual([25, 75]);
  });

  it.each([0, 0.5, 0.999])('never go behind the end of the time (random: %d)', (random) => {
    for (const count of [1, 7, 300]) expect(Math.max(...stagger(count, 1000, random))).toBeLessThan(1000);
  });

  it('go at once where there is no time, and nowhere where there are none', () => {
    expect(stagger(3, 0, 0.5)).toEqual([0, 0, 0]);
    expect(stagger(0, 1000, 0.5)).toEqual([]);
  });
});
