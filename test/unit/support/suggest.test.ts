import { expect, it } from 'vitest';
import { suggest } from '../../../src/support/suggest.ts';

const words = ['workers', 'workerClass', 'timeout', 'pid', 'env'];

it.each([
  ['wrokers', 'workers'],
  ['worker', 'workers'],
  ['WORKERS', 'workers'],
  ['workerclas', 'workerClass'],
  ['tiemout', 'timeout'],
  ['pdi', 'pid'],
])('takes %s for %s', (typed, meant) => {
  expect(suggest(typed, words)).toBe(meant);
});

it('suggests nothing for a word that is like none', () => {
  expect(suggest('sandwich', words)).toBeNull();
  expect(suggest('x', words)).toBeNull();
});
