import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { namedCommand } from '../../../../src/app/script/named-command.ts';

let cwd = '';
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'command-')));
  write('server.js', '');
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), text);
}

/** A package.json with these scripts. */
function scripts(table: Readonly<Record<string, string>>): void {
  write('package.json', JSON.stringify({ name: 'shop', version: '1.2.3', scripts: table }));
}

const named = (command: string) => namedCommand(command, { cwd, path: '/bin' });

function started(command: string) {
  const { file, options, args } = named(command).program;
  return [...options, file.replace(`${cwd}/`, ''), ...args].join(' ');
}

describe('a command of Node', () => {
  it.each([
    ['node server.js', 'server.js'],
    ['node server', 'server.js'],
    ['node ./server.js --port 3000', 'server.js --port 3000'],
    [
      'node --import tsx -r ./a.js --enable-source-maps server.js -r x',
      '--import tsx -r ./a.js --enable-source-maps server.js -r x',
    ],
    ['node -- server.js', 'server.js'],
    ['node --max-old-space-size=400 server.js', '--max-old-space-size=400 server.js'],
  ])('%s', (command, expected) => {
    expect(started(command)).toBe(expected);
  });

  it.each([
    ['node --watch server.js', /^node --watch server\.js: --watch restarts the program, .*--reload/],
    ['node -e "1"', /-e runs no module; name a module/],
    ['node --inspect', /names no module/],
    ['node missing.js', /there is no module 'missing\.js' in \//],
  ])('%s is refused', (command, message) => {
    expect(() => named(command)).toThrow(message);
  });
});

describe('a script of package.json', () => {
  it.each<[string, string, string]>([
    ['npm start', 'node server.js', 'server.js'],
    ['npm start -- --flag', 'node server.js', 'server.js --flag'],
    [
      'npm run start',
      'NODE_ENV=production node --enable-source-maps server.js',
      '--enable-source-maps server.js',
    ],
    ['yarn start', "cross-env A='b c' node server.js 'd e'", 'server.js d e'],
    ['pnpm start --flag', 'exec node server.js', 'server.js --flag'],
    ['npm start', 'tsx server.js', '--import tsx server.js'],
    ['npm start', 'ts-node server.js', '--require ts-node/register server.js'],
    ['npm start', 'npm run other -- --two', 'server.js --one --two'],
  ])('%s: %s', (command, start, expected) => {
    scripts({ start, other: 'node server.js --one' });
    expect(started(command)).toBe(expected);
  });

  it('sets what stands before it, and what npm sets', () => {
    scripts({ start: `NODE_ENV=production TITLE="a b" node server.js` });
    expect(named('npm start').program.environment).toEqual({
      NODE_ENV: 'production',
      TITLE: 'a b',
      PATH: expect.stringMatching(new RegExp(`^${cwd}/node_modules/\\.bin:.*:/bin$`)),
      npm_lifecycle_event: 'start',
      npm_lifecycle_script: `NODE_ENV=production TITLE="a b" node server.js`,
      npm_package_json: join(cwd, 'package.json'),
      npm_package_name: 'shop',
      npm_package_version: '1.2.3',
    });
  });

  it('is node server.js where there is no start, as with npm', () => {
    scripts({});
    expect(started('npm start')).toBe('server.js');
  });

  it('tells of the scripts around it, which are not run', () => {
    scripts({ prestart: 'tsc', start: 'node server.js', poststart: 'echo' });
    expect(named('npm start').remarks).toEqual([
      'npm start: the script prestart (tsc) is not run; run it before tsunicorn starts',
      'npm start: the script poststart (echo) is not run; run it before tsunicorn starts',
    ]);
  });

  it('may run a command of a package: a link, or what pnpm writes in its place', () => {
    write('node_modules/next/bin.js', '#!/usr/bin/env node --no-deprecation\n');
    mkdirSync(join(cwd, 'node_modules/.bin'));
    symlinkSync('../next/bin.js', join(cwd, 'node_modules/.bin/next'));
    write('node_modules/.bin/other', '#!/bin/sh\nexec node  "$basedir/../next/bin.js" "$@"\n');
    scripts({ start: 'next start -p 3000', other: 'other' });
    expect(started('npm start')).toBe('--no-deprecation node_modules/.bin/next start -p 3000');
    expect(started('npm run other')).toBe('node_modules/next/bin.js');
    expect(started('npx next start')).toBe('--no-deprecation node_modules/.bin/next start');
  });

  it.each([
    [
      'nodemon server.js',
      /^npm start: the script start is `nodemon server\.js`: nodemon cannot be served, because it restarts the program by itself, as tsunicorn does with --reload/,
    ],
    ['tsx watch server.js', /it restarts the program by itself/],
    ['nest start', /builds the program and starts it in another process; name the built module/],
    ['tsc && node server.js', /it needs a shell \(&&\); run what comes before/],
    [`echo "it's" && node server.js 'x'`, /it needs a shell \(&&\); run what comes before/],
    [`echo "it's $HOME" && node server.js 'x'`, /it needs a shell \(\$\)/],
    ['node server.js --port $PORT', /it needs a shell \(\$\)/],
    ['gatsby', /gatsby is no command of node_modules\/\.bin in \/.*; only what Node runs can be served/],
    ['A=b', /it names no command/],
    ['npm start', /its scripts run each other without end/],
    ['npm test', /it runs no script of package\.json; write npm start or npm run <script>/],
    ['bun server.js', /it does not run Node/],
    ["node 'server.js", /a single quote is not closed/],
  ])('%s is refused', (start, message) => {
    scripts({ start });
    expect(() => named('npm start')).toThrow(message);
    expect(() => named('npm start')).not.toThrow('\n');
  });

  it('is refused where it is not Node that runs it', () => {
    write('node_modules/.bin/native', '\x7fELF');
    chmodSync(join(cwd, 'node_modules/.bin/native'), 0o755);
    scripts({ start: 'native' });
    expect(() => named('npm start')).toThrow(/\/native is not run by Node; name the module that serves/);
  });

  it('that is missing is refused with those that there are', () => {
    expect(() => named('npm start')).toThrow(/package\.json cannot be read \(ENOENT.*check --chdir/);
    scripts({ dev: 'node server.js' });
    expect(() => named('npm run prod')).toThrow(/package\.json has no script prod; it has dev/);
  });
});
