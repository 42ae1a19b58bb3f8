import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { seeStack } from '../../../../../workers/health/inspect/see-stack.ts';
import type { Heard, Target } from '../../../../../workers/health/inspect/target.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A thread that does what `act` says with each message; without a value it does not answer. */
function thread(act: (method: string, say: Heard) => unknown) {
  let heard: Heard = () => {};
  const posted: string[] = [];
  const target: Target = {
    threadId: 3,
    name: 'jobs',
    listen(listener) {
      heard = listener;
    },
    async post(method) {
      posted.push(method);
      return act(method, (event, params) => heard(event, params)) ?? new Promise(() => {});
    },
  };
  return { target, posted };
}

const frame = (functionName: string, scriptId: string) => ({
  ...{ functionName, url: '', location: { scriptId, lineNumber: 4, columnNumber: 2 } },
});

/** A thread that stops with these frames: [function, URL of its script]. */
function running(frames: readonly (readonly [string, string])[]) {
  return thread((method, say) => {
    for (const [index, [, url]] of frames.entries())
      if (method === 'Debugger.enable') say('Debugger.scriptParsed', { scriptId: `${index}`, url });
    if (method === 'Debugger.pause')
      say('Debugger.paused', { callFrames: frames.map(([name], index) => frame(name, `${index}`)) });
    return {};
  });
}

async function seen(target: Target) {
  const done = seeStack(target);
  await vi.runAllTimersAsync();
  return done;
}

describe('the stack of a thread', () => {
  it('that runs is read, and the thread goes on', async () => {
    const { target, posted } = running([
      ['spin', 'file:///app/a.js'],
      ['', 'node:events'],
    ]);
    expect(await seen(target)).toEqual({
      ...{ threadId: 3, name: 'jobs', state: 'running' },
      stack: ['at spin (/app/a.js:5:3)', 'at (anonymous) (node:events:5:3)'],
    });
    expect(posted.at(-1)).toBe('Debugger.disable');
  });

  it.each([
    ['runs our own timer', [['tsunicornBeat', 'file:///t/watchdog.js']] as const],
    ['runs nothing but what is of Node', [['processTimers', 'node:internal/timers']] as const],
  ])('that %s is none: it is idle', async (_what, frames) => {
    expect(await seen(running(frames).target)).toMatchObject({ state: 'idle', stack: [] });
  });

  it('that does not stop is none: it is idle, if it answers', async () => {
    const { target, posted } = thread(() => ({}));
    expect(await seen(target)).toMatchObject({ state: 'idle', stack: [] });
    expect(posted.at(-1)).toBe('Debugger.disable');
  });

  it.each([
    ['answers nothing', []],
    ['goes into native code before it stops', ['Debugger.enable', 'Debugger.pause']],
  ])('that %s is none, which is said', async (_what, answered) => {
    const { target, posted } = thread((method) => (answered.includes(method) ? {} : undefined));
    expect(await seen(target)).toMatchObject({ state: 'native', stack: [] });
    expect(posted.at(-1)).toBe('Debugger.disable');
  });
});
