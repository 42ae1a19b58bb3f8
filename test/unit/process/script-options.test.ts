import { expect, it } from 'vitest';
import { ofScripts } from '../../../src/process/script-options.ts';

it.each([
  [
    ['--import', 'tsx', '--conditions=dev'],
    ['--import', 'tsx', '--conditions=dev'],
  ],
  [['--input-type=module', '-e', 'run()', '--no-warnings'], ['--no-warnings']],
  [['--test', '--test-name-pattern=x', '--inspect'], ['--inspect']],
  [['--watch', '-p', '1', '--check'], []],
])('of %j a script can be started with %j', (given, kept) => {
  expect(ofScripts(given)).toEqual(kept);
});
