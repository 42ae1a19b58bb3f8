import { describe, expect, it } from 'vitest';
import { evenArrivals, randomArrivals, seeded } from '../../../bench/arrivals.ts';

const load = { perSecond: 200, seconds: 5, usual: '/', rare: '/block' };

describe('randomArrivals', () => {
  it('are the same for the same seed, so that every candidate meets the same, and others for another', () => {
    expect(randomArrivals(seeded(3), load)).toEqual(randomArrivals(seeded(3), load));
    expect(randomArrivals(seeded(3), load)).not.toEqual(randomArrivals(seeded(4), load));
  });

  it('come one after the other at the rate that was asked for', () => {
    const times = randomArrivals(seeded(1), load).map(({ atMs }) => atMs);
    expect(times).toHaveLength(1000);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeGreaterThan(4000);
    expect(times.at(-1)).toBeLessThan(6000);
  });

  it('have exactly one of the rare kind in each hundred', () => {
    const paths = randomArrivals(seeded(2), load).map(({ path }) => path);
    for (let from = 0; from < paths.length; from += 100)
      expect(paths.slice(from, from + 100).filter((path) => path === '/block')).toHaveLength(1);
  });
});

describe('evenArrivals', () => {
  it('begin at once and leave equal intervals', () => {
    expect(evenArrivals(500, 2, '/')).toEqual([0, 500, 1000, 1500].map((atMs) => ({ atMs, path: '/' })));
  });
});
