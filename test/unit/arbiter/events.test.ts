import { describe, expect, it, onTestFinished } from 'vitest';
import { type ArbiterEvent, EventQueue, trapSignals } from '../../../src/arbiter/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const hup: ArbiterEvent = { type: 'signal', signal: 'SIGHUP' };
const term: ArbiterEvent = { type: 'signal', signal: 'SIGTERM' };

/** What `promise` has resolved with so far. */
function watch<T>(promise: Promise<T>): { value: T | undefined } {
  const seen: { value: T | undefined } = { value: undefined };
  void promise.then((value) => {
    seen.value = value;
  });
  return seen;
}

describe('the queue', () => {
  it('gives the events one at a time in their order', async () => {
    const queue = new EventQueue(new FakeClock());
    queue.push(hup);
    queue.push(term);
    expect(await queue.next(Infinity)).toBe(hup);
    expect(await queue.next(Infinity)).toBe(term);
  });

  it('waits for an event', async () => {
    const clock = new FakeClock();
    const queue = new EventQueue(clock);
    const next = watch(queue.next(Infinity));
    await clock.advance(3_600_000);
    expect(next.value).toBeUndefined();
    queue.push(hup);
    await clock.settle();
    expect(next.value).toBe(hup);
  });

  it('gives null when the time has come', async () => {
    const clock = new FakeClock(0);
    const queue = new EventQueue(clock);
    const next = watch(queue.next(700));
    await clock.advance(699);
    expect(next.value).toBeUndefined();
    await clock.advance(1);
    expect(next.value).toBeNull();
  });

  it('gives an event that is there before a time that has passed', async () => {
    const queue = new EventQueue(new FakeClock(1000));
    queue.push(hup);
    expect(await queue.next(0)).toBe(hup);
  });

  it('leaves no timer behind when an event came first', async () => {
    const clock = new FakeClock(0);
    const queue = new EventQueue(clock);
    const first = queue.next(700);
    queue.push(hup);
    await first;
    const second = watch(queue.next(2000));
    await clock.advance(700);
    expect(second.value).toBeUndefined();
    queue.push(term);
    await clock.settle();
    expect(second.value).toBe(term);
  });

  it('keeps a second event that comes in the same turn', async () => {
    const queue = new EventQueue(new FakeClock());
    const first = queue.next(Infinity);
    queue.push(hup);
    queue.push(term);
    expect(await first).toBe(hup);
    expect(await queue.next(Infinity)).toBe(term);
  });
});

describe('trapped signals', () => {
  it('come out of the queue', async () => {
    const before = process.listeners('SIGUSR2');
    onTestFinished(() => {
      for (const listener of process.listeners('SIGUSR2'))
        if (!before.includes(listener)) process.removeListener('SIGUSR2', listener);
    });
    const queue = new EventQueue(new FakeClock());
    trapSignals(queue, ['SIGUSR2']);
    process.kill(process.pid, 'SIGUSR2');
    expect(await queue.next(Infinity)).toEqual({ type: 'signal', signal: 'SIGUSR2' });
  });
});
