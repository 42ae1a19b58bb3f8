import { expect, it } from 'vitest';
import { plainAddress } from '../../../src/support/plain-address.ts';

it.each([
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['10.0.0.1', '10.0.0.1'],
  ['::1', '::1'],
  ['', ''],
])('%s is written %s', (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});
