import { expect, it } from 'vitest';
import { commandPath } from '../../../src/process/command-path.ts';

it.each([
  ['/usr/local/bin:/usr/bin', '/usr/local/bin:/usr/bin'],
  ['.:/usr/bin::bin', '/usr/bin'],
  [':', '/usr/sbin:/usr/bin:/sbin:/bin'],
  [undefined, '/usr/sbin:/usr/bin:/sbin:/bin'],
])('a command of the system is looked for nowhere in the working directory (PATH=%s)', (path, places) => {
  expect(commandPath(path)).toBe(places);
});
