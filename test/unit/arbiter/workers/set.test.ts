import { describe, expect, it } from 'vitest';
import type { Generation } from '../../../../src/arbiter/change/generation.ts';
import { WorkerSet } from '../../../../src/arbiter/workers/set.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { loadedWith } from '../../../support/fake-service.ts';
import { FakeWorker } from '../../../support/fake-worker.ts';

const generation: Generation = { number: 1, loaded: loadedWith(), hooks: {}, listeners: [] };

function setOf(count: number) {
  const clock = new FakeClock(0);
  const workers: FakeWorker[] = [];
  const set = new WorkerSet(clock, (order) => {
    const worker = new FakeWorker(order);
    workers.push(worker);
    return worker;
  });
  for (let slot = 0; slot < count; slot++) set.spawn(slot, generation, () => {});
  const [first] = workers;
  if (first === undefined) throw new Error('it spawned nothing');
  return { clock, set, workers, first };
}

describe('the workers', () => {
  it('get ages in the order of spawning that are never used again', () => {
    const { set } = setOf(2);
    set.remove(2);
    expect(set.nextAge).toBe(3);
    set.spawn(1, generation, () => {});
    expect(set.all.map(({ age }) => age)).toEqual([1, 3]);
  });

  it('are forgotten once', () => {
    const { set, first } = setOf(1);
    expect(set.remove(1)).toBe(first);
    expect(set.remove(1)).toBeUndefined();
    expect(set.size).toBe(0);
  });
});

describe('what a worker says', () => {
  it('of being ready, where the order to go has crossed it, gives it all of its grace', () => {
    const { set, first } = setOf(1);
    set.retire(first, 'replaced', 'replace', false);
    expect(first.state).toMatchObject({ name: 'cancelled', killAtMs: 2000 });
    set.note(first, { tsunicorn: 'ready', urls: [] });
    expect(first.state).toEqual({
      name: 'retiring',
      reason: 'replaced',
      purpose: 'replace',
      killAtMs: 31_000,
    });
  });

  it('of its birth begins no new time to boot', () => {
    const { clock, set, first } = setOf(1);
    clock.block(500);
    set.note(first, { tsunicorn: 'hello' });
    expect(first.state).toEqual({ name: 'booting', sinceMs: 0 });
  });

  it('as a heartbeat counts from when it is heard, and keeps the wish to be replaced', () => {
    const { clock, set, first } = setOf(1);
    first.state = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: 'SIGTERM' };
    clock.block(500);
    set.note(first, { tsunicorn: 'heartbeat' });
    expect(first.state).toEqual({ name: 'ready', sinceMs: 0, heartbeatMs: 500, outgoing: 'SIGTERM' });
  });

  it('as a heartbeat means nothing from one that retires', () => {
    const { set, first } = setOf(1);
    set.retire(first, 'fewer', 'replace', false);
    const before = first.state;
    set.note(first, { tsunicorn: 'heartbeat' });
    set.note(first, { tsunicorn: 'outgoing', reason: 'SIGTERM', by: 'signal' });
    expect(first.state).toBe(before);
  });

  it('does not bring a killed one back', () => {
    const { set, first } = setOf(1);
    set.kill(first, 'SIGABRT', 'silent');
    set.note(first, { tsunicorn: 'leaving', reason: 'SIGTERM', by: 'signal' });
    expect(first.state.name).toBe('killed');
  });
});

describe('the verbs', () => {
  it('retire gives the grace and a second for the exit', () => {
    const { set, first } = setOf(1);
    first.state = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: null };
    set.retire(first, 'fewer', 'stop', true);
    expect(first.state).toEqual({ name: 'retiring', reason: 'fewer', purpose: 'stop', killAtMs: 31_000 });
    expect(first.sent).toEqual([{ tsunicorn: 'retire', purpose: 'stop', emptyQueue: true, graceMs: 30_000 }]);
  });

  it('retire gives one that was never ready two seconds', () => {
    const { set, first } = setOf(1);
    set.retire(first, 'fewer', 'stop', true);
    expect(first.state).toEqual({ name: 'cancelled', reason: 'fewer', killAtMs: 2000 });
  });

  it('kill escalates from ABRT a second later, and from KILL never', () => {
    const { set, first } = setOf(1);
    set.kill(first, 'SIGABRT', 'silent');
    expect(first.state).toEqual({
      name: 'killed',
      reason: 'silent',
      escalateAtMs: 1000,
      cause: 'boot-timeout',
    });
    set.kill(first, 'SIGKILL', 'silent');
    expect(first.state).toEqual({
      name: 'killed',
      reason: 'silent',
      escalateAtMs: Infinity,
      cause: 'boot-timeout',
    });
    expect(first.signals).toEqual(['SIGABRT', 'SIGKILL']);
  });

  it('quitAll shortens the time of one that retires already', () => {
    const { set, first } = setOf(1);
    set.retire(first, 'fewer', 'replace', false);
    set.quitAll('at once');
    expect(first.state).toEqual({ name: 'retiring', reason: 'at once', purpose: 'stop', killAtMs: 2000 });
    expect(first.told).toEqual(['retire', 'quit']);
  });

  it('noteLeaving never gives back time that was taken', () => {
    const { set, first } = setOf(1);
    set.quitAll('at once');
    set.noteLeaving(first, 'SIGTERM');
    expect(first.state).toMatchObject({ name: 'retiring', killAtMs: 2000 });
  });

  it('forgive moves every deadline by what was missed, and lets ready ones begin anew', () => {
    const { clock, set, workers } = setOf(4);
    const [ready, retiring, booting, failed] = workers;
    if (!ready || !retiring || !booting || !failed) throw new Error('it spawned too few');
    ready.state = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: null };
    retiring.state = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: null };
    set.retire(retiring, 'fewer', 'replace', false);
    set.note(failed, { tsunicorn: 'bootFailed', exitStatus: 4, message: 'no' });
    clock.block(90_000);
    set.forgive(90_000);
    expect(ready.state).toMatchObject({ heartbeatMs: 90_000 });
    expect(retiring.state).toMatchObject({ killAtMs: 121_000 });
    expect(booting.state).toMatchObject({ sinceMs: 90_000 });
    expect(failed.state).toMatchObject({ killAtMs: 91_000 });
  });

  it('forgive gives no more than its own time to what began behind a hook that blocked', () => {
    const { clock, set, first } = setOf(1);
    clock.block(90_000);
    first.state = { name: 'ready', sinceMs: 90_000, heartbeatMs: 90_000, outgoing: null };
    set.retire(first, 'fewer', 'replace', false);
    set.spawn(1, generation, () => {});
    set.forgive(90_000);
    expect(first.state).toMatchObject({ killAtMs: 121_000 });
    expect(set.get(2)?.state).toMatchObject({ sinceMs: 90_000 });
  });
});
