import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import type { Failure } from './failures.ts';

const cwd = `${import.meta.dirname}/../../fixtures`;

const CASES: readonly (readonly [string, RegExp])[] = [
  ['broken/throws.ts:app', /^broken\/throws\.ts threw while it was loaded: no database at db\.example$/],
  [
    'broken/syntax.ts:app',
    /^Node cannot run the TypeScript of \/.+\/broken\/syntax\.ts:1: .*enum.*\. Only types can be stripped: write it without enum.*--env 'NODE_OPTIONS=--import tsx'/,
  ],
  [
    'broken/typescript/decorated.ts:app',
    /^broken\/typescript\/decorated\.ts has a syntax error, .* if it is a decorator, which Node cannot run, run it with a loader: npm install tsx/,
  ],
  [
    'broken/typescript/decorated.cts:app',
    /^\/.+\/typescript\/decorated\.cts:2 has a decorator, which Node cannot run; run it with a loader: npm install tsx/,
  ],
  [
    'broken/typescript/alias.ts:app',
    /^'@\/hello', imported by \/.+\/alias\.ts, is an alias of \/.+\/typescript\/tsconfig\.json, which Node does not know; run it/,
  ],
  [
    'broken/grammar.js:app',
    /^broken\/grammar\.js has a syntax error, or a module that it imports: Unexpected token ';'; node --check shows the line$/,
  ],
  // What `npm init` writes since npm 11, and a first application in TypeScript.
  [
    'broken/commonjs/imports.ts:app',
    /^\/.+\/commonjs\/imports\.ts:1 is written as an ES module, and \/.+\/commonjs\/package\.json says "type": "commonjs"; write "type": "module" there, or name the file imports\.mts$/,
  ],
  [
    'broken/commonjs/exports.js:app',
    /^\/.+\/commonjs\/exports\.js:1 is written as an ES module, and .+ or name the file exports\.mjs$/,
  ],
  [
    'broken/commonjs/imports.cts:app',
    /^\/.+\/imports\.cts:1 is written as an ES module, and its name says that it is none; name it imports\.mts$/,
  ],
  [
    'broken/missing-package.ts:app',
    /^'@example\/missing', imported by \/.+\/imports-missing\.ts, cannot be found; install it: npm install @example\/missing$/,
  ],
  [
    'broken/missing-file.ts:app',
    /^'\/.+\/broken\/nowhere\.ts', imported by \/.+\/missing-file\.ts, cannot be found; check the path; an import must include the extension of the file$/,
  ],
  [
    'broken/missing.cjs',
    /^'missing-package-for-cjs', imported by \/.+\/missing\.cjs, cannot be found; install it: npm install missing-package-for-cjs$/,
  ],
  ['broken/rejects.ts:create()', /^create\(\) rejected: the migration failed$/],
  ['broken/rejects.ts:createNow()', /^createNow\(\) threw: no secret$/],
  ['broken/rejects.ts:promised', /^the exported promise rejected: the migration failed$/],
  [
    'broken/silent.cjs',
    /^broken\/silent\.cjs exports nothing; export the application, such as `module\.exports = app`, or serve it as a program in class async or sync$/,
  ],
  [
    'broken/silent.ts:app',
    /^broken\/silent\.ts exports nothing; export the application, such as `export const app = …`, or serve it as a program \(broken\/silent\.ts alone\) in class async or sync$/,
  ],
  [
    'broken/no-exports.ts',
    /^broken\/no-exports\.ts exports nothing and calls listen\(\) itself \(port 0\); export .*, without calling listen\(\), or serve it as a program .*$/,
  ],
  [
    'broken/listening.ts:server',
    /^the application calls listen\(\) itself \(port 0\); export it without that call, and set the address with --bind, or serve it as a program .*$/,
  ],
  [
    'broken/listens-for-app.ts:app',
    /^the application calls listen\(\) itself \(port 0\); export it without that call/,
  ],
  [
    'broken/markup.tsx:app',
    /^Node cannot load broken\/markup\.tsx: Unknown file extension ".tsx" .*--import tsx.* build it to JavaScript first$/,
  ],
];

const failures = new Map<string, Failure>();

beforeAll(async () => {
  const specs = CASES.map(([spec]) => spec);
  const program = `${import.meta.dirname}/failures.ts`;
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...specs], { cwd });
  const parsed: readonly Failure[] = JSON.parse(stdout);
  for (const [index, spec] of specs.entries()) {
    const failure = parsed[index];
    if (failure !== undefined) failures.set(spec, failure);
  }
});

it.each(CASES)('%s is told in one line', (spec, text) => {
  const { exitStatus, message } = failures.get(spec) ?? { exitStatus: -1, message: 'nothing' };
  expect(message.startsWith(`${spec}: `) ? message.slice(spec.length + 2) : message).toMatch(text);
  expect(message).not.toContain('\n');
  expect(exitStatus).toBe(4);
});

it('shows the stack of their code, causes included, and no frame of Node or of the loader', () => {
  const stack = failures.get('broken/throws.ts:app')?.userStack ?? '';
  expect(stack).toMatch(/at connect .*broken\/throws\.ts:\d+[\s\S]*Caused by: Error: refused/);
  expect(stack).not.toMatch(/node:internal|app\/load\.ts/);
  expect(failures.get('broken/rejects.ts:create()')?.userStack).toContain('broken/rejects.ts');
});

it('shows the place of a syntax error', () => {
  expect(failures.get('broken/syntax.ts:app')?.userStack).toContain('enum Colour');
});
