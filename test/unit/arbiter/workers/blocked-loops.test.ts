import { describe, expect, it } from 'vitest';
import { BlockedLoops } from '../../../../src/arbiter/workers/blocked-loops.ts';
import type { BlockSeen } from '../../../../src/process/ipc/blocks.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';

const worker = { pid: 1001, slot: 0, age: 1, generation: 1 };
const seen: BlockSeen = {
  stack: ['at spin (/srv/app.ts:3:7)'],
  requests: [{ method: 'GET', path: '/spin', ageMs: 1200 }],
  waiting: 4,
};

function follow() {
  const clock = new FakeClock();
  const log = new FakeLogger();
  const loops = new BlockedLoops(clock, log);
  const block = async (ms: number) => {
    await clock.advance(Math.min(ms, 1100));
    loops.note(worker, { tsunicorn: 'blocked', blockedMs: Math.min(ms, 1100), seen });
    let atMs = 2100;
    for (; atMs < ms; atMs += 1000) {
      await clock.advance(1000);
      loops.note(worker, { tsunicorn: 'blocked', blockedMs: atMs, seen: null });
    }
    await clock.advance(ms - atMs + 1000);
    loops.note(worker, { tsunicorn: 'unblocked', blockedMs: ms });
  };
  const lines = () =>
    log.lines.map(
      ({ level, message }) => `${level} ${message.replace(/^Worker \(.*?\): its event loop /, '')}`,
    );
  return { clock, log, loops, block, lines };
}

describe('an event loop that is blocked for a while', () => {
  it('is one record when it begins, with the stack and the requests, and one when it ends', async () => {
    const { clock, log, block, lines } = follow();
    await block(3000);
    await clock.advance(2000);
    expect(lines()).toEqual([
      'warning is blocked, for 1.1 s so far (--stall-warning)',
      'warning is blocked, for 2.1 s so far (--stall-warning)',
      'info runs again; it was blocked for 3.0 s',
    ]);
    expect(log.lines[0]?.fields).toMatchObject({
      ...{ event: 'loop-blocked', pid: 1001, worker, phase: 'begins', count: 1, durationMs: 1100 },
      ...{ stack: seen.stack, requests: seen.requests, waiting: 4 },
      lines: [
        'blocked at:',
        '  at spin (/srv/app.ts:3:7)',
        'requests in flight (4), the latest first:',
        '  GET /spin, for 1.2 s',
        '  and 3 more',
      ],
    });
    expect(log.lines.at(-1)?.fields).toMatchObject({ phase: 'ends', count: 1, durationMs: 3000 });
  });

  it('again and again is said ever less often, and ends once it has turned for a while', async () => {
    const { clock, lines, block } = follow();
    for (let count = 0; count < 20; count++) await block(1200);
    await clock.advance(2000);
    expect(lines()).toEqual([
      'warning is blocked, for 1.1 s so far (--stall-warning)',
      expect.stringMatching(/^warning is blocked again and again: 2 times within/),
      expect.stringMatching(/^warning is blocked again and again: 4 times within/),
      expect.stringMatching(/^warning is blocked again and again: 8 times within/),
      expect.stringMatching(/^warning is blocked again and again: 15 times within/),
      expect.stringMatching(
        /^info runs again; it was blocked 20 times within .*, 24\.0 s in all, at most 1\.2 s$/,
      ),
    ]);
  });

  it('now and then for hours is not said each time', async () => {
    const { clock, lines, block } = follow();
    for (let count = 0; count < 600; count++) {
      await block(1200);
      await clock.advance(4800);
    }
    expect(lines().length).toBeLessThan(80);
  });

  it('of a worker that ends is not said to turn again', async () => {
    const { clock, loops, lines } = follow();
    loops.note(worker, { tsunicorn: 'blocked', blockedMs: 1000, seen });
    loops.forget(worker);
    await clock.advance(120_000);
    expect(lines()).toHaveLength(1);
  });
});
