import { describe, expect, it } from 'vitest';
import { closedLoop, openLoop } from '../../../bench/client.ts';

const at = (...times: readonly number[]) => times.map((atMs) => ({ atMs, path: `/${atMs}` }));

describe('openLoop', () => {
  it('does not wait for an answer before it sends the next request', async () => {
    const answers = new Map<string, (status: number) => void>();
    const send = (path: string) =>
      new Promise<number>((answer) => {
        answers.set(path, answer);
        if (answers.size === 2) for (const each of answers.values()) each(200);
      });
    expect(await openLoop(at(0, 1), send, 200)).toHaveLength(2);
  });

  it('counts from when a request was due, so that the time to send it is not lost', async () => {
    const [timed] = await openLoop(at(-1000), async () => 200, 200);
    expect(timed?.ms).toBeGreaterThanOrEqual(1000);
  });

  it('takes a wrong status and a failure as later than any answer', async () => {
    const send = async (path: string) => {
      if (path === '/0') throw new Error('reset');
      return 503;
    };
    expect(await openLoop(at(0, 1), send, 200)).toMatchObject([{ ms: Infinity }, { ms: Infinity }]);
  });
});

describe('closedLoop', () => {
  it('never has more requests under way than clients', async () => {
    let underWay = 0;
    let most = 0;
    const perSecond = await closedLoop(3, 0.02, async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((turn) => setImmediate(turn));
      underWay -= 1;
      return 200;
    });
    expect(most).toBe(3);
    expect(perSecond).toBeGreaterThan(0);
  });

  it('refuses to measure a server that fails', async () => {
    await expect(closedLoop(1, 0.02, async () => 500)).rejects.toThrow('a request was answered with 500');
  });
});
