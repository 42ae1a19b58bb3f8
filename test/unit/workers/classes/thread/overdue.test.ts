import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import type { Exchange } from '../../../../../workers/classes/thread/exchange.ts';
import type { Inspection } from '../../../../../workers/classes/thread/inspect-thread.ts';
import { type EndableThread, Overdue } from '../../../../../workers/classes/thread/overdue.ts';
import { FakeLogger } from '../../../../support/fake-logger.ts';

const request = { method: 'GET', url: '/slow' } as IncomingMessage;

/** A thread that runs a request which came `waitedMs` before it began, three seconds ago. */
function overdue(waitedMs = 0) {
  const now = performance.now();
  const head = { request, startedMs: now - 3000, cameMs: now - 3000 - waitedMs } as Exchange;
  const thread = {
    id: 7,
    lane: { head: head as Exchange | null },
    killed: 0,
    dismissed: 0,
    kill: () => void thread.killed++,
    dismiss: () => void thread.dismissed++,
  };
  return { thread: thread satisfies EndableThread, head };
}

it('says in one record what the thread was doing, and ends it', async () => {
  const log = new FakeLogger();
  const { thread, head } = overdue(2000);
  const inspection: Inspection = { what: 'blocked', stack: ['at slow (/srv/app.ts:3:7)'] };
  await new Overdue(log, async () => inspection).end(thread, head);
  const [line, ...more] = log.lines;
  expect(more).toEqual([]);
  expect(line?.message).toBe('Request timed out after 3.0 s: GET /slow; its thread is ended and replaced');
  expect(line?.fields).toMatchObject({
    event: 'request-timeout',
    request: { method: 'GET', path: '/slow' },
    thread: 'blocked',
    stack: inspection.stack,
  });
  expect(line?.fields?.ageMs).toBeGreaterThanOrEqual(5000);
  expect(line?.fields?.lines).toEqual([
    'after it had waited 2.0 s for a thread',
    'blocked at:',
    '  at slow (/srv/app.ts:3:7)',
  ]);
  expect(thread.killed).toBe(1);
});

it.each<[Inspection, RegExp, object]>([
  [{ what: 'waiting' }, /the handler waits for something/, { killed: 0, dismissed: 1 }],
  [{ what: 'silent' }, /native code or gets no processor time/, { killed: 0, dismissed: 1 }],
  [
    { what: 'unseen', why: 'a debugger may be connected' },
    /could not be read: a debugger may be connected/,
    { killed: 0, dismissed: 1 },
  ],
])('ends it without a stack too: %o', async (inspection, line, ended) => {
  const log = new FakeLogger();
  const { thread, head } = overdue();
  await new Overdue(log, async () => inspection).end(thread, head);
  expect(log.lines[0]?.fields).toMatchObject({ stack: null, lines: [expect.stringMatching(line)] });
  expect(thread).toMatchObject(ended);
});

it('lets it be where it answers while it is looked at', async () => {
  const log = new FakeLogger();
  const { thread, head } = overdue();
  await new Overdue(log, async () => {
    thread.lane.head = null;
    return { what: 'waiting' };
  }).end(thread, head);
  expect(thread.killed).toBe(0);
  expect(log.lines).toEqual([]);
});

it('looks once where it is told several times', async () => {
  const log = new FakeLogger();
  const { thread, head } = overdue();
  const over = new Overdue(log, async () => ({ what: 'waiting' }));
  await Promise.all([over.end(thread, head), over.end(thread, head)]);
  // Until it has ended, its request is still too slow.
  await over.end(thread, head);
  expect(thread.dismissed).toBe(1);
});
