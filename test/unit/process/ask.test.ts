import { describe, expect, it } from 'vitest';
import { askChild } from '../../../src/process/ask.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type FakeChild, fakeSpawn } from '../../support/fake-spawn.ts';

/** Asks a child within 5 s; `child` is the one that was started. */
function asking() {
  const { spawn, children } = fakeSpawn();
  const clock = new FakeClock();
  const child = { command: ['node', 'program.ts'] } as const;
  const exitListeners = process.listenerCount('exit');
  const outcome = askChild<string>({ spawn, clock, child, question: { is: 'it' }, limitMs: 5000 });
  return { outcome, clock, child: children[0] as FakeChild, exitListeners };
}

describe('askChild', () => {
  it('asks one question and resolves with the answer', async () => {
    const { outcome, child } = asking();
    expect(child.sent).toEqual([{ is: 'it' }]);
    child.emit('message', { tsunicorn: 'answer', answer: 'yes' });
    expect(await outcome).toEqual({ how: 'answered', answer: 'yes' });
  });

  it('waits for the answer whatever else the child sends', async () => {
    const { outcome, child } = asking();
    for (const message of ['ready', null, { answer: 'no' }, { tsunicorn: 'answer' }])
      child.emit('message', message);
    child.emit('message', { tsunicorn: 'answer', answer: 'yes' });
    expect(await outcome).toEqual({ how: 'answered', answer: 'yes' });
  });

  it('kills a child that has not answered in time', async () => {
    const { outcome, clock, child } = asking();
    await clock.advance(4999);
    expect(child.signals).toEqual([]);
    await clock.advance(1);
    expect(child.signals).toEqual(['SIGKILL']);
    expect(await outcome).toEqual({ how: 'overdue' });
  });

  it('tells how a child has ended that did not answer', async () => {
    const { outcome, child } = asking();
    child.ends(null, 'SIGSEGV');
    expect(await outcome).toEqual({ how: 'ended', status: null, signal: 'SIGSEGV' });
  });

  it('leaves nothing behind once the child has ended', async () => {
    const { clock, child, exitListeners } = asking();
    expect(process.listenerCount('exit')).toBe(exitListeners + 1);
    child.emit('message', { tsunicorn: 'answer', answer: 'yes' });
    child.ends(0);
    await clock.advance(10_000);
    expect(child.signals).toEqual([]);
    expect(process.listenerCount('exit')).toBe(exitListeners);
  });
});
