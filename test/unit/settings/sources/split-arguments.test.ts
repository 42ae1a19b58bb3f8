import { expect, it } from 'vitest';
import { splitArguments } from '../../../../src/settings/sources/split-arguments.ts';
import { UsageError } from '../../../../src/support/errors.ts';

it.each([
  ['', []],
  ['  \n ', []],
  ['-w 2  --timeout\t5', ['-w', '2', '--timeout', '5']],
  [`--name 'two words' ''`, ['--name', 'two words', '']],
  [`-e "A=\\"x\\" \\n $B"`, ['-e', 'A="x" \\n $B']],
  [`a\\ b c'd'"e"f`, ['a b', 'cdef']],
])('splits %j as a shell would', (text, words) => {
  expect(splitArguments('TSUNICORN_CMD_ARGS', text)).toEqual(words);
});

it.each([
  [`--name 'x`, "TSUNICORN_CMD_ARGS: a single quote is not closed in --name 'x"],
  [`--name "x`, 'TSUNICORN_CMD_ARGS: a double quote is not closed in --name "x'],
  ['x\\', 'TSUNICORN_CMD_ARGS: a backslash at the end escapes nothing in x\\'],
])('refuses %j', (text, message) => {
  expect(() => splitArguments('TSUNICORN_CMD_ARGS', text)).toThrow(new UsageError(message));
});
