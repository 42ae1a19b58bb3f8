import { describe, expect, it } from 'vitest';
import { type Fate, InterleavedPool } from '../../../support/interleaved-pool.ts';

const SEEDS = Number(process.env.TSUNICORN_TEST_SEEDS ?? 300);

describe('whatever the pool and its threads do in the middle of what the other does', () => {
  it('every request whose client waits is run and answered once, and no thread is held for nobody', {
    timeout: 60_000,
  }, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const pool = new InterleavedPool(seed, 1 + (seed % 3));
      await pool.live(30);
      await pool.settle();
      const wrong = [...pool.fates.values()].filter((fate) => !isRight(fate));
      const held = pool.lanes.filter(
        ({ head, next, handled }) => head !== null || next !== null || handled.length > 0,
      );
      const what = {
        seed,
        wrong: wrong.map(({ exchange, ...fate }) => ({ id: exchange.id, ...fate })),
        held: held.map(({ head, next }) => [head?.id, next?.id]),
        queued: pool.dispatcher.queue.length,
      };
      expect(what).toEqual({ seed, wrong: [], held: [], queued: 0 });
    }
  });
});

/** Whoever waits gets one answer; only a body may be lost before anything was begun with it. */
function isRight({ exchange, isWithdrawn, isLost, begun, answers }: Fate): boolean {
  if (isWithdrawn) return begun <= 1;
  return answers === 1 && (begun === 1 || (isLost && !exchange.isBodiless && begun === 0));
}
