import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explained, explanationOf } from '../../../src/explain/catalogue.ts';
import { codeOfMessage, withCode } from '../../../src/explain/code.ts';
import { explain } from '../../../src/explain/explain.ts';

const root = join(import.meta.dirname, '../../..');

/** The first literal in each call that makes an error of the operator's, with `x` for what is put into it. */
function messages(): readonly { readonly place: string; readonly message: string }[] {
  const CALL =
    /(?:new UsageError|new BootError|\bappError)\(\s*(`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/g;
  return globSync('{src,workers}/**/*.ts', { cwd: root }).flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return [...text.matchAll(CALL)].map(({ 1: literal = '', index }) => ({
      place: `${path}:${text.slice(0, index).split('\n').length}`,
      message: withoutValues(literal.slice(1, -1)),
    }));
  });
}

function withoutValues(template: string): string {
  let text = template;
  // Templates in templates are taken from the inside.
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/\$\{[^{}]*\}/g, 'x');
  }
  return text.replaceAll('\\`', '`').replaceAll("\\'", "'");
}

describe('codes of mistakes', () => {
  it('are given to every message whose words stand in the source', () => {
    const found = messages();
    expect(found.length).toBeGreaterThan(90);
    const without = found.filter(({ message }) => {
      const words = message.replace(/\bx\b/g, '').match(/[a-z]{3,}/gi) ?? [];
      return words.length > 1 && explanationOf(message) === undefined;
    });
    expect(without).toEqual([]);
  });

  it.each([
    ['--workers: expected a whole number ≥ 1, got "many"', 'TSU0199'],
    ['tsunicorn.config.ts:3: unknown setting "worker" (did you mean "workers"?)', 'TSU0102'],
    ['--certfle is refused: x', 'TSU0103'],
    ['unknown option --wrokers (did you mean --workers?)', 'TSU0101'],
    ['-c nowhere.ts: no such file', 'TSU0104'],
    [
      '--bind 127.0.0.1:80: the address is already in use; stop what holds it (`ss -ltnp` shows it) or choose another',
      'TSU0201',
    ],
    ["app:nope: app.js has no export 'nope'; it has default", 'TSU0503'],
    ["nowhere:app: there is no module 'nowhere' in /srv (tried nowhere.ts); correct it", 'TSU0502'],
    ["there is no module 'lgos' here; did you mean logs? In that case: x", 'TSU0901'],
    ["app.js: 'pg', imported by /srv/app.js, cannot be found; npm install pg", 'TSU0506'],
    ['app.js:create: create() rejected: no database', 'TSU0508'],
    ["the application failed while it was loading: Unexpected token 'default'", 'TSU0507'],
    ['/srv/app/tsunicorn.config.ts: it threw: TypeError: x (at line 3)', 'TSU0106'],
    ['Worker (pid: 7) was not ready within 60 s (--boot-timeout): the import had not finished', 'TSU0601'],
  ])('%s has %s', async (message, code) => {
    expect(await codeOfMessage(message)).toBe(code);
    expect(withCode(message, code)).toBe(`${message} [${code}]`);
  });

  it('differ, and stand in order of their areas', () => {
    const codes = explained.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => !/^TSU0[1-9]\d\d$/.test(code))).toEqual([]);
  });

  it('are explained by code, in any case, and by message', () => {
    expect(explain(['tsu0201'])).toMatch(/^TSU0201: The address is in use\n\n.*\n\nWhat to do: `?ss -ltnp/);
    expect(explain(['--bind', 'x:', 'the address is already in use'])).toMatch(/^TSU0201/);
    expect(() => explain(['TSU9999'])).toThrow(/^explain TSU9999: there is no such code/);
  });
});
