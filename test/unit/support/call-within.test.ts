import { expect, it } from 'vitest';
import { callWithin } from '../../../src/support/call-within.ts';

it('gives what a call returns, and throws what it throws', async () => {
  expect(callWithin(1000, () => 7)).toBe(7);
  await expect(callWithin(1000, async () => 'later')).resolves.toBe('later');
  const error = new TypeError('on purpose');
  expect(() =>
    callWithin(1000, () => {
      throw error;
    }),
  ).toThrow(error);
  expect(error.stack).toMatch(/^TypeError: on purpose\n +at /);
  expect(callWithin(1000, () => callWithin(1000, () => 'inner'))).toBe('inner');
  expect(Object.getOwnPropertySymbols(globalThis)).not.toContain(Symbol.for('tsunicorn.called'));
});

it('ends an endless loop', () => {
  let turns = 0;
  const endless = () => {
    for (;;) turns++;
  };
  expect(() => callWithin(50, endless)).toThrow('it did not return within 0.05 s, and was ended');
  expect(turns).toBeGreaterThan(0);
  expect(callWithin(1000, () => 'as before')).toBe('as before');
});
