import { expect, it, vi } from 'vitest';
import { Hold } from '../../../../workers/end/hold.ts';

/** Whether the promise has resolved by now. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return over;
}

it('a worker ends at once where nobody holds it', async () => {
  const told = vi.fn();
  expect(await isOver(new Hold().ended(told))).toBe(true);
  expect(told).not.toHaveBeenCalled();
});

it('a held worker says that it has finished, and waits until it is released', async () => {
  const [hold, told] = [new Hold(), vi.fn()];
  hold.for(60_000);
  const ended = hold.ended(told);
  expect(await isOver(ended)).toBe(false);
  expect(told).toHaveBeenCalledOnce();
  hold.for(0);
  expect(await isOver(ended)).toBe(true);
});

it('a hold is over when its time is', async () => {
  const hold = new Hold();
  hold.for(5);
  await hold.ended(() => {});
});
