import { expect, it } from 'vitest';
import { moreUrgent } from '../../../../src/process/ipc/retirement.ts';

it.each([
  ['replace', 'hurry', 'hurry'],
  ['hurry', 'stop', 'stop'],
  ['stop', 'replace', 'stop'],
  ['hurry', 'hurry', 'hurry'],
] as const)('of %s and %s the more urgent purpose is %s', (one, other, urgent) => {
  expect(moreUrgent(one, other)).toBe(urgent);
});
