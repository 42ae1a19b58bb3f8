import { describe, expect, it } from 'vitest';
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
