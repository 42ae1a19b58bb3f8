import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WorkerState } from '../../../../src/arbiter/policy/worker-state.ts';
import { type InspectedWorker, inspectWorker } from '../../../../src/arbiter/workers/inspection.ts';
import type { InspectCommand, StopInspecting } from '../../../../src/process/ipc/inspection.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function asked(state: WorkerState = { name: 'booting', sinceMs: 0 }) {
  const told: (InspectCommand | StopInspecting)[] = [];
  const worker: InspectedWorker = { state, onInspected: null, inspect: (command) => void told.push(command) };
  const leaving = new AbortController();
  const ask = () => inspectWorker(worker, { what: 'stack' }, { patienceMs: 1000, signal: leaving.signal });
  const say = (end: 'more' | 'done' | 'failed', text: string, id = told[0]?.id ?? 0) =>
    worker.onInspected?.({ tsunicorn: 'inspected', id, end, text });
  return { worker, told, ask, say, leaving };
}

describe('the inspection of a worker', () => {
  it('is put together from its parts, and each of them renews the patience', async () => {
    const { worker, ask, say } = asked();
    const answer = ask();
    say('done', 'of an earlier one', -1);
    for (const part of ['a', 'b', 'c']) {
      await vi.advanceTimersByTimeAsync(900);
      say('more', part);
    }
    say('done', 'd');
    expect(await answer).toBe('abcd');
    expect(worker.onInspected).toBeNull();
  });

  it('is one at a time', async () => {
    const { ask, say } = asked();
    const first = ask();
    await expect(ask()).rejects.toThrow(/under way/);
    say('failed', 'no inspector');
    await expect(first).rejects.toThrow('no inspector');
  });

  it('ends with the process, with who asked, or without an answer, and the worker is told', async () => {
    const dead = asked();
    const ended = dead.ask();
    dead.worker.onInspected?.(null);
    await expect(ended).rejects.toThrow(/has ended/);

    const left = asked();
    const gone = left.ask();
    left.leaving.abort();
    await expect(gone).rejects.toThrow();
    expect(left.told.at(-1)).toEqual({ tsunicorn: 'stopInspecting', id: left.told[0]?.id });

    const silent = asked();
    const nothing = expect(silent.ask()).rejects.toThrow(/still loading the application/);
    await vi.advanceTimersByTimeAsync(1000);
    await nothing;
  });
});
