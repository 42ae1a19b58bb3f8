import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../../../src/app/application.ts';
import { type FromThread, KEPT_BYTES, WINDOW } from '../../../../../workers/classes/thread/messages.ts';
import { turns } from '../../../../support/wire.ts';
import { runnerOver } from '../../thread/running.ts';

describe('a request that waits', () => {
  it('is run when the one before is over', async () => {
    const { posted, ask, slots } = runnerOver((_req, res) => setImmediate(() => res.end()));
    Atomics.store(slots, 1, 2);
    ask();
    ask({ id: 2, slot: 1 });
    await turns(8);
    expect(posted.map((it) => 'id' in it && it.id)).toEqual([1, 2]);
    expect(Atomics.load(slots, 1)).toBe(0);
  });

  it('is not forgotten where another comes before the thread itself knows that the one before is over', async () => {
    const { posted, ask, slots } = runnerOver((_req, res) => setImmediate(() => res.end()));
    ask();
    for (const [id, slot] of [
      [2, 1],
      [3, 0],
    ] as const) {
      Atomics.store(slots, slot, id);
      ask({ id, slot });
    }
    await turns(12);
    expect(posted.map((it) => 'id' in it && it.id)).toEqual([1, 2, 3]);
  });

  it('is dropped where the pool has taken it back', async () => {
    const { posted, ask } = runnerOver((_req, res) => setImmediate(() => res.end()));
    ask();
    ask({ id: 2, slot: 1 });
    await turns(8);
    ask({ id: 3 });
    await turns(8);
    expect(posted.map((it) => 'id' in it && it.id)).toEqual([1, 3]);
  });

  it('can be taken back until the moment in which it is run', async () => {
    const urls: unknown[] = [];
    const { posted, ask, slots } = runnerOver((req, res) => {
      urls.push(req.url);
      res.end(() => Atomics.compareExchange(slots, 1, 2, 0));
    });
    Atomics.store(slots, 1, 2);
    ask({ url: '/held' });
    ask({ id: 2, slot: 1, url: '/gone' });
    await turns(8);
    ask({ id: 3, url: '/next' });
    await turns(8);
    expect(urls).toEqual(['/held', '/next']);
    expect(posted.map(({ type }) => type)).toEqual(['answer', 'answer']);
  });
});

describe('a request behind an answer that its client is slow to take', () => {
  const LONG = WINDOW * 2;
  const types = (posted: readonly FromThread[], id: number) =>
    posted.flatMap((it) => ('id' in it && it.id === id && it.type !== 'chunk' ? it.type : []));
  const sizeOf = (posted: readonly FromThread[]) =>
    posted.reduce((sum, it) => sum + (it.type === 'chunk' ? it.data.length : 0), 0);

  async function behind(handler: Handler) {
    const service = runnerOver((req, res) => (req.url === '/' ? handler(req, res) : res.end('next')));
    service.ask();
    await turns(5);
    service.ask({ id: 2, url: '/next' });
    await turns(5);
    return service;
  }

  it('runs when the handler has ended that, and the rest follows', async () => {
    const { posted, runner } = await behind((_req, res) => res.end(Buffer.alloc(LONG)));
    expect(types(posted, 2)).toEqual([]);
    runner.handle({ type: 'slow', id: 1 });
    await turns(5);
    expect(types(posted, 1)).toEqual(['head', 'handled']);
    expect(types(posted, 2)).toEqual(['answer']);
    runner.handle({ type: 'taken', id: 1, bytes: LONG });
    await turns(5);
    expect(types(posted, 1)).toEqual(['head', 'handled', 'end']);
    expect(sizeOf(posted)).toBe(LONG);
  });

  it('waits until the handler has ended that', async () => {
    const ended = Promise.withResolvers<void>();
    const { posted, runner } = await behind(async (_req, res) => {
      res.write(Buffer.alloc(LONG));
      await ended.promise;
      res.end('the end');
    });
    runner.handle({ type: 'slow', id: 1 });
    await turns(5);
    expect(types(posted, 2)).toEqual([]);
    ended.resolve();
    await turns(5);
    expect(types(posted, 2)).toEqual(['answer']);
    for (let round = 0; round < 4; round++) {
      runner.handle({ type: 'taken', id: 1, bytes: WINDOW });
      await turns(5);
    }
    expect(types(posted, 1)).toEqual(['head', 'handled', 'end']);
    expect(sizeOf(posted)).toBe(LONG + 'the end'.length);
  });

  it('waits where the thread keeps too much already', async () => {
    const { posted, runner } = await behind((_req, res) => res.end(Buffer.alloc(KEPT_BYTES + 1)));
    runner.handle({ type: 'slow', id: 1 });
    await turns(5);
    expect(types(posted, 2)).toEqual([]);
    runner.handle({ type: 'abort', id: 1, error: null });
    await turns(5);
    expect(types(posted, 2)).toEqual(['answer']);
  });

  it('is not harmed by what becomes of that: its client leaves, or its handler fails afterwards', async () => {
    const failed = Promise.withResolvers<void>();
    const { posted, runner } = await behind(async (_req, res) => {
      res.end(Buffer.alloc(LONG));
      await failed.promise;
    });
    runner.handle({ type: 'slow', id: 1 });
    failed.reject(new Error('on purpose'));
    await turns(5);
    runner.handle({ type: 'abort', id: 1, error: null });
    await turns(5);
    expect(types(posted, 1)).toEqual(['head', 'handled', 'error', 'released']);
    expect(types(posted, 2)).toEqual(['answer']);
  });
});
