import { describe, expect, it } from 'vitest';
import { Ending, type EndingOptions } from '../../../../workers/end/ending.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** The end of a worker, with what ran of it, in order. */
function ending(given: Partial<EndingOptions> = {}) {
  const ran: string[] = [];
  const step = (name: string) => async () => void ran.push(name);
  const clock = new FakeClock();
  const it = new Ending({
    graceMs: 5000,
    termination: { run: async (limitMs) => void ran.push(`termination ${limitMs}`) },
    close: step('close'),
    hooks: { call: async (name) => void ran.push(name) },
    spans: { flush: async () => void ran.push('spans') },
    logs: { applicationFailed: (error) => void ran.push(String(error)), close: step('logs') },
    clock,
    ...given,
  });
  const isOver = async (ended: Promise<void>) => {
    const open = Symbol('open');
    await clock.settle();
    return (await Promise.race([ended, Promise.resolve(open)])) !== open;
  };
  return { it, ran, clock, isOver };
}

const never = { run: () => new Promise<never>(() => {}) };

describe('the end of a worker', () => {
  it("runs the application's part, the hook and what closes it, and the logs last", async () => {
    const { it: end, ran, clock } = ending();
    await end.run();
    expect(ran).toEqual(['spans', 'termination 5000', 'workerExit', 'close', 'logs']);
    expect(clock.timerCount).toBe(0);
  });

  it("runs nothing of the application's without any grace, save the hook", async () => {
    const { it: end, ran } = ending({ graceMs: 0 });
    await end.run();
    expect(ran).toEqual(['spans', 'workerExit', 'logs']);
  });

  it('goes on where a part of it fails, which is logged', async () => {
    const failing = { run: () => Promise.reject('no disk') };
    const { it: end, ran } = ending({ termination: failing });
    await end.run();
    expect(ran).toEqual(['spans', 'no disk', 'workerExit', 'close', 'logs']);
  });

  it('is over with its grace, whatever still runs', async () => {
    const { it: end, clock, isOver } = ending({ termination: never });
    const ended = end.run();
    await clock.advance(4900);
    expect(await isOver(ended)).toBe(false);
    await clock.advance(100);
    expect(await isOver(ended)).toBe(true);
  });

  it('can be hastened, down to half a second', async () => {
    const { it: end, clock, isOver } = ending({ termination: never });
    const ended = end.run();
    end.hasten(0);
    await clock.advance(400);
    expect(await isOver(ended)).toBe(false);
    await clock.advance(100);
    expect(await isOver(ended)).toBe(true);
  });
});
