import { describe, expect, it } from 'vitest';
import type { Settings } from '../../../../src/settings/catalogue/catalogue.ts';
import { drawLimits } from '../../../../workers/recycle/limits.ts';
import { loadedWith } from '../../../support/fake-service.ts';

const GIB = 1024 ** 3;
const limits = (changed: Partial<Settings>, random = 0.5) =>
  drawLimits(loadedWith(changed).settings, () => random, 4 * GIB);

describe('the limits of a worker', () => {
  it('are none where nothing was set', () => {
    expect(limits({})).toEqual({
      requests: Infinity,
      lifetimeMs: Infinity,
      memoryBytes: Infinity,
      heapBytes: Infinity,
    });
  });

  it.each([
    ['least', 0, 1000],
    ['middle', 0.5, 1050],
    ['most', 0.999_999, 1100],
  ])('have a tenth as jitter where none was set: the %s', (_what, random, requests) => {
    expect(limits({ maxRequests: 1000 }, random).requests).toBe(requests);
  });

  it.each([
    ['requests', { maxRequests: 1000, maxRequestsJitter: 10 }, { requests: 1010 }],
    ['requests without jitter', { maxRequests: 1000, maxRequestsJitter: 0 }, { requests: 1000 }],
    ['few requests', { maxRequests: 1 }, { requests: 1 }],
    ['a lifetime without jitter', { maxLifetime: 60, maxLifetimeJitter: 0 }, { lifetimeMs: 60_000 }],
  ])('take the jitter that is set: %s', (_what, changed, expected) => {
    expect(limits(changed, 0.999_999)).toMatchObject(expected);
  });

  it('let a lifetime be longer by any fraction', () => {
    expect(limits({ maxLifetime: 60 }, 0.25).lifetimeMs).toBe(61_500);
    expect(limits({ maxLifetime: 60, maxLifetimeJitter: 20 }, 0.25).lifetimeMs).toBe(65_000);
  });

  it('draw a number of its own for each', () => {
    const numbers = [0, 0.75];
    const { settings } = loadedWith({ maxRequests: 100, maxLifetime: 100 });
    const drawn = drawLimits(settings, () => numbers.shift() ?? 1, GIB);
    expect(drawn).toMatchObject({ requests: 100, lifetimeMs: 107_500 });
  });

  it('are sizes as they were given, for each worker', () => {
    const bytes = 100 * 1024 ** 2;
    expect(limits({ workers: 4, maxMemory: { bytes }, maxHeap: bytes })).toMatchObject({
      memoryBytes: bytes,
      heapBytes: bytes,
    });
  });

  it('are an even part of a percentage, which is of the whole', () => {
    expect(limits({ workers: 4, maxMemory: { percent: 80 } }).memoryBytes).toBe(0.8 * GIB);
  });
});
