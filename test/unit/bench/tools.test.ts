import { expect, it } from 'vitest';
import { isInstalled } from '../../../bench/tools.ts';

it('finds a command on the PATH and misses one that is not there', () => {
  expect(isInstalled('sh')).toBe(true);
  expect(isInstalled('no-such-command-as-this')).toBe(false);
});
