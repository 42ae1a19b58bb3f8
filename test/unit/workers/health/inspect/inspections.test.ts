import { describe, expect, it } from 'vitest';
import type { Inspected } from '../../../../../src/process/ipc/inspection.ts';
import { Inspections } from '../../../../../workers/health/inspect/inspections.ts';
import { Turns } from '../../../../../workers/health/inspect/turns.ts';

describe('the inspections of a worker', () => {
  it('are refused while a debugger can be connected', async () => {
    const said: Inspected[] = [];
    const inspections = new Inspections({
      say: async (part) => void said.push(part),
      isDebugged: () => true,
      waiting: () => ({ requests: [], waiting: 0 }),
      turns: new Turns(),
    });
    await inspections.take({ tsunicorn: 'inspect', id: 7, what: 'stack' });
    expect(said).toEqual([
      { tsunicorn: 'inspected', id: 7, end: 'failed', text: expect.stringMatching(/debugger/) },
    ]);
  });

  it('take turns in what stops the thread', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const first = Promise.withResolvers<void>();
    const one = turns.take(async () => {
      await first.promise;
      order.push('first');
      throw new Error('failed');
    });
    const two = turns.take(async () => void order.push('second'));
    first.resolve();
    await expect(one).rejects.toThrow('failed');
    await two;
    expect(order).toEqual(['first', 'second']);
  });
});
