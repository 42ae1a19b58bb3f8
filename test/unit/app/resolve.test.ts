import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveModule } from '../../../src/app/resolve.ts';
import { parseSpec } from '../../../src/app/spec.ts';

const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'tsunicorn-resolve-')));
const files: Readonly<Record<string, string>> = {
  'web.js': '',
  'web.ts': '',
  'pkg/web.mts': '',
  'pkg.name.cjs': '',
  'folder/index.mjs': '',
  'self/package.json': '{ "main": "." }',
  'self/index.js': '',
  'node_modules/plain/package.json': '{ "main": "entry.js" }',
  'node_modules/plain/entry.js': '',
  'node_modules/@scope/modern/package.json': '{ "exports": { ".": { "import": "./esm.mjs" } } }',
  'node_modules/@scope/modern/esm.mjs': '',
  'node_modules/closed/package.json': '{ "exports": {} }',
};

beforeAll(() => {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, file)), { recursive: true });
    writeFileSync(join(cwd, file), text);
  }
});
afterAll(() => rmSync(cwd, { recursive: true }));

const resolved = (module: string) => resolveModule(parseSpec(`${module}:app`), cwd);

it.each([
  ['web.js', 'web.js'],
  ['web', 'web.ts'],
  ['pkg.web', 'pkg/web.mts'],
  ['pkg.name', 'pkg.name.cjs'],
  ['folder', 'folder/index.mjs'],
  ['./folder', 'folder/index.mjs'],
  ['self', 'self/index.js'],
  ['plain', 'node_modules/plain/entry.js'],
  ['@scope/modern', 'node_modules/@scope/modern/esm.mjs'],
])('%s is %s', (module, file) => {
  expect(resolved(module)).toBe(join(cwd, file));
});

it.each([
  ['./plain', "there is no module './plain'"],
  ['fs', "there is no module 'fs'"],
  ['closed', "package 'closed' has no such entry"],
  ['wbe.ts', 'did you mean web.ts?'],
])('%s is refused', (module, text) => {
  expect(() => resolved(module)).toThrow(text);
});
