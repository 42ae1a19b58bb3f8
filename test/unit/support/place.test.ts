import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { placeOf, searchSyntaxError } from '../../../src/support/place.ts';

function file(name: string, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('the place of an error', () => {
  it('is where the parser gave up, if the stack begins with it', () => {
    const path = file('a.ts', 'export const a = 1;\nconst b = ;\n');
    const stack = `${pathToFileURL(path).href}:2\nconst b = ;\n          ^\n\nSyntaxError: Expression expected\n    at x (node:internal/a:1:1)`;
    expect(placeOf(stack)).toEqual({
      file: path,
      line: 2,
      column: 11,
      lines: [`${path}:2:11`, '2 | const b = ;', '  |           ^'],
    });
  });

  it('has no column where the parser tells none', () => {
    const path = file('a.ts', 'enum A {}\n');
    expect(placeOf(`${path}:1\n  > enum A {}\n\nSyntaxError: no`)).toMatchObject({
      column: null,
      lines: [`${path}:1`, '1 | enum A {}'],
    });
  });

  it('is the first frame outside Node and node_modules', () => {
    const path = file('a.ts', '\tthrow new Error();\n');
    const stack = `Error: no\n    at q (file:///x/node_modules/pg/i.js:9:9)\n    at node:internal/z:1:1\n    at async f (${pathToFileURL(path).href}?g=2:1:8)\n    at ${path}:5:1`;
    expect(placeOf(stack)).toMatchObject({ line: 1, column: 8 });
    expect(placeOf(stack)?.lines).toEqual([`${path}:1:8`, '1 |  throw new Error();', '  |        ^']);
  });

  it('is without source where the file cannot be read, or the line is too long to show', () => {
    expect(placeOf('Error: no\n    at /gone/a.ts:3:4')?.lines).toEqual(['/gone/a.ts:3:4']);
    const path = file('a.js', 'x'.repeat(1000));
    expect(placeOf(`Error: no\n    at ${path}:1:4`)?.lines).toEqual([`${path}:1:4`]);
  });

  it('is null where no file is named', () => {
    expect(placeOf('Error: no\n    at node:internal/a:1:1')).toBeNull();
    expect(placeOf('')).toBeNull();
  });

  it('is searched for by node --check where Node keeps it to itself', () => {
    const good = file('good.mjs', 'export const a = 1;\n');
    const bad = file('bad.mjs', 'export const a = 1;\nexport const b = (;\n');
    expect(searchSyntaxError([good, '/x/skipped.ts', bad])).toMatchObject({ file: bad, line: 2, column: 19 });
    expect(searchSyntaxError([good])).toBeNull();
  });
});
