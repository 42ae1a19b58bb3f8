import { describe, expect, it } from 'vitest';
import { serveReady, startService } from '../../support/fake-service.ts';

const scaled = { workers: 2, workersMin: 1, workersMax: 8 };
const three = { count: 3, setting: 1, followsLoad: false };
const sixteen = { count: 16, setting: 2, followsLoad: true };

describe('an arbiter that is upgraded', () => {
  it('hands over how many workers TTIN made it have', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    await service.signal('SIGTTIN', 'SIGTTIN', 'SIGUSR2');
    expect(service.journal.at(-1)).toMatch(/ with 3 workers$/);
  });
});

describe('an arbiter that replaces another one', () => {
  it('has as many workers as that one, and is complete with them only', async () => {
    const service = await startService({ oldArbiter: 5, workerCount: three, settings: { workers: 1 } });
    expect(service.states).toEqual(['1 spawning', '2 spawning', '3 spawning']);
    await service.ready(1, 2);
    expect(service.journal).toEqual([]);
    await service.ready(3);
    expect(service.journal).toEqual(['complete']);
  });

  it('tells the nworkersChanged hook of them', async () => {
    const seen: unknown[] = [];
    const hooks = { nworkersChanged: (_: unknown, after: number) => void seen.push(after) };
    await startService({ oldArbiter: 5, workerCount: three, settings: { workers: 1 }, hooks });
    expect(seen).toEqual([3]);
  });

  it.each([
    ['that setting changed', { workers: 4 }, three, 4],
    ['the load no longer says', { workers: 2 }, sixteen, 2],
    ['its limits do not allow it', scaled, sixteen, 8],
    ['its limits allow it', { ...scaled, workersMax: 20 }, sixteen, 16],
    ['the load says from now on', { ...scaled, workers: 1 }, three, 3],
    ['there is nothing known of them', { workers: 2 }, undefined, 2],
  ])('has its own number where %s', async (_why, settings, workerCount, count) => {
    const service = await startService({ oldArbiter: 5, settings, ...(workerCount ? { workerCount } : {}) });
    expect(service.workers).toHaveLength(count);
  });
});
