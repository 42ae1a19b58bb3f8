import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BlockSeen } from '../../../../src/process/ipc/blocks.ts';
import { BlockWatch } from '../../../../workers/health/block-watch.ts';

const SEEN: BlockSeen = { stack: ['at spin (/srv/app.ts:3:7)'], requests: [], waiting: 1 };

/** A watch that warns after a second; what it says is kept as `blocked 1000 seen`. */
function follow() {
  const said: string[] = [];
  const looks: { readonly signal: AbortSignal; end(): void }[] = [];
  const watch = new BlockWatch({
    warnMs: 1000,
    see: (signal) =>
      new Promise((resolve) => {
        const end = () => resolve({ ...SEEN, ...(signal.aborted ? { stack: null } : {}) });
        signal.addEventListener('abort', end);
        looks.push({ signal, end });
      }),
    say: (message) => {
      const seen = message.tsunicorn === 'blocked' && message.seen;
      said.push(
        `${message.tsunicorn} ${message.blockedMs}${seen ? ` seen ${seen.stack?.length ?? 'nothing'}` : ''}`,
      );
    },
  });
  return { watch, said, looks };
}

describe('an event loop that is blocked', () => {
  it('is looked at once, told of at most once a second, and told of when it turns', async () => {
    const { watch, said, looks } = follow();
    watch.check(900, null);
    watch.check(1000, null);
    watch.check(1100, null);
    looks[0]?.end();
    await turn();
    for (let ms = 1200; ms <= 4000; ms += 100) watch.check(ms, null);
    watch.check(10, 4050);
    await turn();
    expect(said).toEqual(['blocked 1100 seen 1', 'blocked 2100', 'blocked 3100', 'unblocked 4050']);
    expect(looks).toHaveLength(1);
  });

  it('that turns while it is looked at is left alone, and told of all the same', async () => {
    const { watch, said, looks } = follow();
    watch.check(1000, null);
    watch.check(20, 1200);
    await turn();
    expect(looks[0]?.signal.aborted).toBe(true);
    expect(said).toEqual(['blocked 20 seen nothing', 'unblocked 1200']);
  });

  it('is not told of below the limit', async () => {
    const { watch, said } = follow();
    watch.check(999, null);
    watch.check(10, 999);
    await turn();
    expect(said).toEqual([]);
  });

  it('is left to who ends it: a look under way is broken off', async () => {
    const { watch, looks } = follow();
    watch.check(1000, null);
    await watch.leave();
    expect(looks[0]?.signal.aborted).toBe(true);
  });

  it('is looked at in time, and not more often than it takes', () => {
    const { watch } = follow();
    expect(watch.untilDue(200)).toBe(800);
    expect(watch.untilDue(999.9)).toBe(20);
    watch.check(1000, null);
    expect(watch.untilDue(1000)).toBe(500);
  });
});
