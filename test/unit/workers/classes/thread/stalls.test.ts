import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../../workers/classes/thread/exchange.ts';
import type { Inspection } from '../../../../../workers/classes/thread/inspect-thread.ts';
import { ThreadStalls } from '../../../../../workers/classes/thread/stalls.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeLogger } from '../../../../support/fake-logger.ts';

const everyMs = 250;
const stack = ['at spin (/srv/app.ts:3:7)'];

/** A thread that is looked at every 250 ms, and answers what it is asked unless it is blocked. */
function watch(inspection: Inspection = { what: 'blocked', stack }) {
  const clock = new FakeClock();
  const log = new FakeLogger();
  const thread = {
    id: 7,
    lane: { head: null as Exchange | null, next: null as Exchange | null },
    isBlocked: false,
    asked: 0,
    hasAnswered: true,
    ask() {
      thread.asked++;
      thread.hasAnswered = !thread.isBlocked;
    },
  };
  let looks = 0;
  const see = async () => {
    looks++;
    return inspection;
  };
  const stalls = new ThreadStalls({ warnMs: 1000, everyMs, clock, log, see, queued: () => 3 });
  const begin = (url: string) =>
    ({
      request: { method: 'GET', url } as IncomingMessage,
      cameMs: clock.now(),
      startedMs: clock.now(),
    }) as Exchange;
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += everyMs) {
      await clock.advance(everyMs);
      stalls.check([thread]);
      await clock.settle();
    }
  };
  const free = () => {
    thread.isBlocked = false;
    thread.hasAnswered = true;
  };
  const lines = () => log.lines.map(({ level, message }) => `${level} ${message}`);
  return { clock, log, thread, stalls, begin, pass, free, lines, looks: () => looks };
}

describe('a thread that is blocked for a while', () => {
  it('is said to be when that begins, with its requests and its stack, while it lasts, and when it ends', async () => {
    const { thread, log, begin, pass, free, lines, looks } = watch();
    thread.lane.head = begin('/spin');
    thread.lane.next = begin('/next');
    thread.isBlocked = true;
    await pass(2500);
    free();
    thread.lane.head = null;
    await pass(3000);
    expect(lines()).toEqual([
      'warning Thread 7: its event loop is blocked, for 1.0 s so far (--stall-warning)',
      'warning Thread 7: its event loop is blocked, for 2.0 s so far (--stall-warning)',
      expect.stringMatching(/^info Thread 7: its event loop runs again; it was blocked for 2\.[5-8] s$/),
    ]);
    expect(looks()).toBe(1);
    const [first, , last] = log.lines;
    const requests = [
      { method: 'GET', path: '/spin', ageMs: 1000 },
      { method: 'GET', path: '/next', ageMs: 1000 },
    ];
    expect(first?.fields).toEqual({
      ...{ event: 'loop-blocked', phase: 'begins', count: 1, durationMs: 1000, longestMs: 1000 },
      ...{ threadId: 7, stack, requests, waiting: 2, queued: 3 },
      lines: [
        'blocked at:',
        '  at spin (/srv/app.ts:3:7)',
        'its request: GET /spin, for 1.0 s',
        'waiting behind it: GET /next, for 1.0 s',
        'waiting for any thread: 3',
      ],
    });
    expect(last?.fields).toMatchObject({ phase: 'ends', threadId: 7, count: 1 });
  });

  it('has no stack where it is blocked in native code', async () => {
    const { thread, log, begin, pass } = watch({ what: 'silent' });
    thread.lane.head = begin('/derive');
    thread.isBlocked = true;
    await pass(1500);
    expect(log.lines[0]?.fields).toMatchObject({
      stack: null,
      lines: [/its request/, /any thread/].map((line) => expect.stringMatching(line)),
    });
  });

  it('counts from when it answered last, where its handler waited before', async () => {
    const { thread, begin, pass, lines } = watch();
    thread.lane.head = begin('/both');
    await pass(3000);
    thread.isBlocked = true;
    await pass(1000);
    expect(lines()).toEqual([]);
    await pass(500);
    expect(lines()).toEqual([
      'warning Thread 7: its event loop is blocked, for 1.0 s so far (--stall-warning)',
    ]);
  });

  it('is said nothing of once it has ended', async () => {
    const { thread, stalls, begin, pass, clock, lines } = watch();
    thread.lane.head = begin('/spin');
    thread.isBlocked = true;
    await pass(1500);
    stalls.forget(thread);
    await clock.advance(10_000);
    expect(lines()).toHaveLength(1);
  });
});

describe('a thread that is not blocked', () => {
  it('is asked while its handler waits for something, and nothing is said', async () => {
    const { thread, begin, pass, lines, looks } = watch();
    thread.lane.head = begin('/later');
    await pass(5000);
    expect(thread.asked).toBeGreaterThan(10);
    expect([lines(), looks()]).toEqual([[], 0]);
  });

  it('is not asked while its requests are fast', async () => {
    const { thread, begin, clock, stalls } = watch();
    for (let i = 0; i < 50; i++) {
      await clock.advance(everyMs);
      thread.lane.head = begin('/fast');
      stalls.check([thread]);
    }
    expect(thread.asked).toBe(0);
  });

  it('is not said to be where it was this process that was held up', async () => {
    const { thread, begin, pass, clock, stalls, free, lines } = watch();
    thread.lane.head = begin('/later');
    await pass(1000);
    // Stopped, the thread cannot answer either.
    thread.isBlocked = true;
    stalls.check([thread]);
    await clock.advance(60_000);
    stalls.check([thread]);
    free();
    await pass(2000);
    expect(lines()).toEqual([]);
  });
});
