import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Settings } from '../../../../src/settings/catalogue/catalogue.ts';
import { drawLimits } from '../../../../workers/recycle/limits.ts';
import { Recycler } from '../../../../workers/recycle/recycler.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';
import { loadedWith } from '../../../support/fake-service.ts';

const MIB = 1024 ** 2;

function recyclerOf(changed: Partial<Settings>) {
  const { settings } = loadedWith(changed);
  const clock = new FakeClock();
  const log = new FakeLogger();
  const memory = { rss: 50 * MIB, heapUsed: 10 * MIB };
  const limits = drawLimits(settings, () => 0.5, 1000 * MIB);
  const recycler = new Recycler({ settings, limits, clock, log, measure: () => memory });
  const asked: string[] = [];
  const request = {} as IncomingMessage;
  const serve = (count: number) => {
    for (let i = 0; i < count; i++) recycler.observer?.(request, {} as ServerResponse, 0);
  };
  return {
    recycler,
    clock,
    log,
    memory,
    asked,
    serve,
    begin: () => recycler.begin((why) => asked.push(why)),
  };
}

describe('a worker that is to be recycled', () => {
  it('asks when it has served its requests, once, and serves on', () => {
    const { asked, serve, begin } = recyclerOf({ maxRequests: 100 });
    begin();
    serve(104);
    expect(asked).toEqual([]);
    serve(50);
    expect(asked).toEqual(['served 105 requests (--max-requests 100, jitter 10)']);
  });

  it('asks when it is ready where it had served them before', () => {
    const { asked, serve, begin } = recyclerOf({ maxRequests: 1, maxRequestsJitter: 0 });
    serve(3);
    begin();
    expect(asked).toEqual(['served 1 request (--max-requests 1, jitter 0)']);
  });

  it('does not look at requests where they are not limited', () => {
    expect(recyclerOf({ maxLifetime: 60 }).recycler.observer).toBeNull();
  });

  it('looks again later where what it takes cannot be known', async () => {
    const { settings } = loadedWith({ maxHeap: MIB });
    const clock = new FakeClock();
    const limits = drawLimits(settings, () => 0.5, 1000 * MIB);
    const asked: string[] = [];
    let usage: { rss: number; heapUsed: number } | null = null;
    const measure = () => usage;
    new Recycler({ settings, limits, clock, log: new FakeLogger(), measure }).begin((why) => asked.push(why));
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    usage = { rss: 2 * MIB, heapUsed: 2 * MIB };
    await clock.advance(60_000);
    expect(asked).toHaveLength(1);
  });

  it('asks when it has lived long enough', async () => {
    const { asked, begin, clock } = recyclerOf({ maxLifetime: 60, maxLifetimeJitter: 5 });
    begin();
    await clock.advance(62_000);
    expect(asked).toEqual([]);
    await clock.advance(1000);
    expect(asked).toEqual(['lived for 62.5 s (--max-lifetime 60, jitter 5)']);
  });

  it.each([
    ['memory', { maxMemory: { bytes: 40 * MIB } }, 'hurry'],
    ['heap', { maxHeap: 5 * MIB }, 'hurry'],
    ['lifetime', { maxLifetime: 1, maxLifetimeJitter: 0 }, 'replace'],
  ] as const)('goes for its %s with the haste that deserves', async (_what, settings, purpose) => {
    const { recycler, asked, begin, clock } = recyclerOf(settings);
    begin();
    expect(recycler.purpose).toBe('replace');
    await clock.advance(2000);
    expect(asked).toHaveLength(1);
    expect(recycler.purpose).toBe(purpose);
  });

  it('asks when its memory is above a size', async () => {
    const { asked, begin, clock, memory } = recyclerOf({ maxMemory: { bytes: 100 * MIB } });
    begin();
    await clock.advance(5000);
    expect(asked).toEqual([]);
    memory.rss = 130.4 * MIB;
    await clock.advance(1000);
    expect(asked).toEqual(['uses 130M of memory (--max-memory 100M)']);
  });

  it('asks when its memory is above its part of a percentage', async () => {
    const { asked, begin, clock, memory } = recyclerOf({ workers: 4, maxMemory: { percent: 80 } });
    begin();
    memory.rss = 199 * MIB;
    await clock.advance(1000);
    expect(asked).toEqual([]);
    memory.rss = 210 * MIB;
    await clock.advance(1000);
    expect(asked).toEqual(['uses 210M of memory (--max-memory 80%, 200M for each worker)']);
  });

  it('asks when its heap is too large', async () => {
    const { asked, begin, clock, memory } = recyclerOf({ maxHeap: 64 * MIB });
    begin();
    memory.heapUsed = 70 * MIB;
    await clock.advance(1000);
    expect(asked).toEqual(['uses 70M of heap (--max-heap 64M)']);
  });

  it('asks for the first reason alone', async () => {
    const { asked, begin, clock, memory, serve } = recyclerOf({ maxRequests: 10, maxHeap: 64 * MIB });
    begin();
    serve(11);
    memory.heapUsed = 70 * MIB;
    await clock.advance(5000);
    expect(asked).toEqual(['served 11 requests (--max-requests 10, jitter 1)']);
  });

  it('says nothing any more once it goes', async () => {
    const limits = { maxRequests: 10, maxLifetime: 60, maxMemory: { bytes: 100 * MIB } };
    const { recycler, asked, begin, clock, memory, serve, log } = recyclerOf(limits);
    begin();
    recycler.end();
    memory.rss = 160 * MIB;
    serve(20);
    await clock.advance(100_000);
    expect(asked).toEqual([]);
    expect(log.lines).toEqual([]);
  });

  it('says once that it runs away while nobody replaces it', async () => {
    const { asked, begin, clock, memory, log } = recyclerOf({ maxMemory: { bytes: 100 * MIB } });
    begin();
    memory.rss = 120 * MIB;
    await clock.advance(3000);
    expect(log.lines).toEqual([]);
    memory.rss = 160 * MIB;
    await clock.advance(2000);
    expect(log.lines).toEqual([]);
    await clock.advance(9000);
    expect(asked).toHaveLength(1);
    expect(log.at('warning')).toEqual([
      'This worker uses 160M of memory (--max-memory 100M) and has not been replaced yet; it keeps serving',
    ]);
  });
});
