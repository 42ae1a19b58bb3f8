import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { optionsFor, splitNodeOptions, withoutInspector } from '../../../src/process/node-options.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const options = (execArgv: readonly string[], text = '', to = '/', from = '/srv/app') =>
  optionsFor({ execArgv, env: { NODE_OPTIONS: text }, from, to })(2);
const argv = (...execArgv: string[]) => options(execArgv).execArgv;

describe("Node's own options of a worker", () => {
  it('are as they were given where it starts in the same directory', () => {
    const given = ['--import', './pre.mjs', '-r', './pre.cjs', '--stack-trace-limit=50'];
    expect(options(given, '--import ./pre.mjs', '/srv/app')).toEqual({
      words: ['--import', './pre.mjs'],
      execArgv: given,
      environment: {},
    });
  });

  it('are relative to where the command was given', () => {
    expect(argv('--import', './a b#.mjs', '--import=../pre.mjs', '-r', './pre.cjs', '--require=./x')).toEqual(
      [
        '--import',
        'file:///srv/app/a%20b#.mjs',
        '--import=file:///srv/pre.mjs',
        '-r',
        '/srv/app/pre.cjs',
        '--require=/srv/app/x',
      ],
    );
    expect(
      argv('--cpu-prof', '--cpu-prof-dir', 'profiles', '--diagnostic-dir=/var/x', '--tls-keylog=k'),
    ).toEqual([
      '--cpu-prof',
      '--cpu-prof-dir',
      '/srv/app/profiles',
      '--diagnostic-dir=/var/x',
      '--tls-keylog=/srv/app/k',
    ]);
    expect(argv('--allow-fs-read=*', '--import', 'data:text/javascript,1', '-r', 'node:fs')).toEqual([
      '--allow-fs-read=*',
      '--import',
      'data:text/javascript,1',
      '-r',
      'node:fs',
    ]);
  });

  it('find a package as from where the command was given, by the conditions of each', () => {
    const from = temporaryDirectory();
    const folder = join(from, 'node_modules/dual');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'package.json'),
      '{"name":"dual","exports":{"import":"./i.mjs","require":"./r.cjs"}}',
    );
    for (const file of ['i.mjs', 'r.cjs']) writeFileSync(join(folder, file), '');
    expect(options(['--import', 'dual', '-r', 'dual', '--import=absent'], '', '/', from).execArgv).toEqual([
      '--import',
      pathToFileURL(join(folder, 'i.mjs')).href,
      '-r',
      join(folder, 'r.cjs'),
      '--import=absent',
    ]);
  });

  it('of NODE_OPTIONS are too, and stay quoted', () => {
    const { environment } = options([], '--import "./a b.mjs"  --max-http-header-size=1 -r "./c\\"d.cjs"');
    expect(environment).toEqual({
      NODE_OPTIONS: '--import file:///srv/app/a%20b.mjs --max-http-header-size=1 -r "/srv/app/c\\"d.cjs"',
    });
    expect(splitNodeOptions(environment.NODE_OPTIONS ?? '').at(-1)).toBe('/srv/app/c"d.cjs');
  });

  it('leave out the files of variables, which the arbiter has read', () => {
    expect(argv('--env-file', '.env', '--env-file-if-exists=x', '--no-warnings')).toEqual(['--no-warnings']);
  });
});

describe('the inspector of a worker', () => {
  it.each([
    [['--inspect'], '', 9232],
    [['--inspect=9333'], '', 9336],
    [['--inspect-brk=0.0.0.0:9333'], '', 9336],
    [['--inspect=localhost'], '', 9232],
    [['--inspect-port', '9333', '--inspect'], '', 9336],
    [[], '--inspect=9400', 9403],
    [['--inspect'], '--inspect-port=9500', 9503],
    [['--inspect=65534'], '', 1025],
  ])('of %j and NODE_OPTIONS %j in slot 2 has a port of its own, %i', (execArgv, text, port) => {
    expect(options(execArgv, text).execArgv).toEqual([...execArgv, `--inspect-port=${port}`]);
  });

  it.each([[['--inspect-port', '9333']], [['--inspect=0']], [['--inspect-publish-uid', 'http']]])(
    'is not touched by %j',
    (execArgv) => {
      expect(argv(...execArgv)).toEqual(execArgv);
    },
  );

  it('is none in a process that nobody debugs', () => {
    const given = ['--inspect-brk', '--inspect-port', '9333', '--import', 'x', '--inspect-publish-uid=http'];
    const env = { NODE_OPTIONS: '--inspect=0.0.0.0:9229 --no-warnings' };
    expect(withoutInspector(given, env)).toEqual({
      words: ['--no-warnings'],
      execArgv: ['--import', 'x'],
      environment: { NODE_OPTIONS: '--no-warnings' },
    });
    expect(withoutInspector([], { NODE_OPTIONS: '--no-warnings' }).environment).toEqual({});
  });
});
