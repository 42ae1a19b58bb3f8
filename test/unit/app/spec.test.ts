import { expect, it } from 'vitest';
import { parseArguments, parseSpec } from '../../../src/app/spec.ts';
import { EXIT } from '../../../src/support/errors.ts';

it.each([
  ['server.ts', 'server.ts', [], null],
  ['server.ts:app', 'server.ts', ['app'], null],
  ['my.pkg.web:server.handler', 'my.pkg.web', ['server', 'handler'], null],
  ['./dir with space/(group)/server.ts:app', './dir with space/(group)/server.ts', ['app'], null],
  ['server.ts:create()', 'server.ts', ['create'], ''],
  ['server.ts:create("a:b(c)", {d: 1})', 'server.ts', ['create'], '"a:b(c)", {d: 1}'],
  ['a:b.ts:app', 'a:b.ts', ['app'], null],
  ['@scope/package:größe', '@scope/package', ['größe'], null],
])('parses %s', (text, module, path, call) => {
  expect(parseSpec(text)).toEqual({ text, module, path, call });
});

it.each([
  ['', 'no application given; write module:export'],
  ['server.ts:', "server.ts:: '' is not the name of an export"],
  ['server.ts:create-app', "'create-app' is not the name of an export"],
  ['server.ts:create(', "'create(' is not the name of an export"],
  [':app', "'app' is not the name of an export"],
  ['server.ts()', 'name the factory'],
])('refuses %j', (text, message) => {
  expect(() => parseSpec(text)).toThrow(
    expect.objectContaining({ exitStatus: EXIT.appLoad, message: expect.stringContaining(message) }),
  );
});

it.each([
  ['create', []],
  ['create()', []],
  ['create( )', []],
  [`create("prod", 'dev', 3, -0.5, true, null)`, ['prod', 'dev', 3, -0.5, true, null]],
  ['create("prod", {debug: true, tags: [1, "b"]},)', ['prod', { debug: true, tags: [1, 'b'] }]],
])('reads the arguments of %s', async (call, values) => {
  expect(await parseArguments(parseSpec(`server.ts:${call}`))).toEqual(values);
});

it.each(['create(process.env)', 'create(1 + 1)', 'create("a" "b")'])(
  'refuses %s, which is not literal',
  async (call) => {
    await expect(parseArguments(parseSpec(`server.ts:${call}`))).rejects.toMatchObject({
      exitStatus: EXIT.appLoad,
      message: expect.stringMatching(/^server.ts:create\(.* are not literals .*write strings, numbers/),
    });
  },
);
