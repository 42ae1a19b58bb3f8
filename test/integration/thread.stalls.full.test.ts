import { describe, expect, it } from 'vitest';
import { blockedAt } from '../support/blocked-at.ts';
import { get } from '../support/client.ts';
import { app, serve } from '../support/tsunicorn.ts';

const stalls = app('stalls.ts:app');
const inThreads = [stalls, '-k', 'thread', '--threads', '1'];
const begins =
  /WARNING\] (Thread \d+): its event loop is blocked, for \d+\.\d s so far \(--stall-warning\)\n((?: {4}.*\n)*)/;
const ends = /INFO\] Thread \d+: its event loop runs again; it was blocked for (\d+\.\d) s\n/;

describe('a thread of the pool that is blocked for a while', () => {
  it.each([
    ['by a loop', '/spin', blockedAt('stalls.ts', 'spin', 'app')],
    ['by many short native calls', '/hash', blockedAt('stalls.ts', 'hash', 'app')],
    ['by Atomics.wait', '/wait', blockedAt('stalls.ts', 'app')],
    ['by one native call', '/derive', /^(?!.*blocked at)/],
  ])('%s is said when it begins and ends, and its request is answered', async (_what, path, stack) => {
    const running = await serve(inThreads);
    const answer = get(running.at, `${path}?ms=4000`);
    const [, , block = ''] = await running.waitForLog(begins);
    expect(block).toMatch(stack);
    expect(block).toMatch(new RegExp(`its request: GET ${path}, for \\d+\\.\\d s\n`));
    expect((await answer).status).toBe(200);
    const [, seconds] = await running.waitForLog(ends);
    expect(Number(seconds)).toBeGreaterThan(1.5);
    // The thread serves on.
    expect((await get(running.at)).status).toBe(200);
    expect(running.stderr).not.toMatch(/Worker \(pid: \d+, .*\): its event loop/);
  });

  it('is a record with its request and its stack, and with how many wait', async () => {
    const running = await serve([...inThreads, '--log-format', 'json']);
    const blocked = get(running.at, '/spin?ms=3000');
    const behind = [1, 2, 3].map(() => get(running.at, '/later?ms=1'));
    const [line] = await running.waitForLog(/^.*"loop-blocked".*$/m);
    const { event, level, phase, threadId, requests, waiting, queued, stack, worker } = JSON.parse(line);
    expect({ event, level, phase }).toEqual({ event: 'loop-blocked', level: 'warning', phase: 'begins' });
    expect(requests[0]).toMatchObject({ method: 'GET', path: '/spin' });
    expect([threadId, worker.pid]).toEqual([expect.any(Number), running.workers()[0]]);
    expect(waiting + queued).toBe(4);
    expect(stack[0]).toMatch(/^at spin/);
    const answers = await Promise.all([blocked, ...behind]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});

describe('a thread of the pool that is not blocked', () => {
  it('is not said to be while its handler waits for something', async () => {
    const running = await serve(inThreads);
    expect((await get(running.at, '/later?ms=3000')).status).toBe(200);
    // One that is, behind it, shows that somebody has looked.
    await get(running.at, '/spin?ms=3000');
    const [, , block = ''] = await running.waitForLog(begins);
    expect(block).toMatch(/its request: GET \/spin/);
    expect(running.stderr).not.toMatch(/later/);
  });

  it('is never said to be with --stall-warning 0', async () => {
    const running = await serve([...inThreads, '--stall-warning', '0']);
    await get(running.at, '/spin?ms=2500');
    await get(running.at);
    expect(running.stderr).not.toMatch(/event loop/);
  });
});
