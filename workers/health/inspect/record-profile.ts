import type { Profiler } from 'node:inspector';
import type { Target } from './target.ts';
import { within } from './within.ts';

/** The first profile of a process needs a moment; native code and a process without a processor answer nothing at all. */
const BEGIN_MS = 3000;
/** A thread may be in native code at the end, which comes to an end itself. */
const END_MS = 10_000;

/**
 * What the thread spends its time on, for `durationMs` or until `signal` aborts, as the text of a .cpuprofile. Rejects with
 * one line where it does not answer.
 */
export async function recordProfile(
  target: Target,
  durationMs: number,
  signal: AbortSignal,
): Promise<string> {
  const enabled = target.post('Profiler.enable').then(() => target.post('Profiler.start'));
  await answered(BEGIN_MS, enabled, 'begin a profile');
  try {
    await over(durationMs, signal);
    const result = await answered(END_MS, target.post('Profiler.stop'), 'end its profile');
    return JSON.stringify((result as Profiler.StopReturnType).profile);
  } finally {
    await within(0, target.post('Profiler.disable'));
  }
}

async function answered(ms: number, answer: Promise<unknown>, what: string): Promise<unknown> {
  const result = await within(ms, answer);
  if (result === 'late')
    throw new Error(
      `the thread did not ${what} within ${ms / 1000} s: it is in native code, or gets no processor`,
    );
  return result;
}

function over(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
