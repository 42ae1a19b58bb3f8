import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settingOf } from '../../../src/settings/catalogue/catalogue.ts';
import { globOf } from '../../../src/watch/globs.ts';

describe('a glob', () => {
  it.each([
    ['templates/**/*.html', '/app/templates', ['/app/templates/a.html', '/app/templates/x/y/a.html']],
    ['*.{html,css}', '/app', ['/app/a.html', '/app/a.css']],
    ['pages/*/index.html', '/app/pages', ['/app/pages/shop/index.html']],
    ['../shared/*.html', '/shared', ['/shared/a.html']],
    ['/etc/shop/*.json', '/etc/shop', ['/etc/shop/a.json']],
    ['.env', '/app/.env', ['/app/.env']],
    ['./data/prices.csv', '/app/data/prices.csv', ['/app/data/prices.csv']],
  ])('%s is looked for in %s', (pattern, base, files) => {
    const glob = globOf(pattern, '/app');
    expect(glob.base).toBe(base);
    expect(files.filter((file) => !glob.matches(file))).toEqual([]);
    expect(glob.matches('/app/other.txt')).toBe(false);
    expect(glob.matches('/elsewhere/a.html')).toBe(false);
  });

  it('takes brackets in the path of the working directory for themselves', () => {
    expect(globOf('*.html', '/app/[shop]').matches('/app/[shop]/a.html')).toBe(true);
  });

  it('is no deeper than it has directories, unless it has **', () => {
    const shallow = globOf('pages/*/index.html', '/app');
    expect(shallow.mayHold('/app/pages/shop')).toBe(true);
    expect(shallow.mayHold('/app/pages/shop/deep')).toBe(false);
    expect(globOf('pages/**/index.html', '/app').mayHold('/app/pages/shop/deep')).toBe(true);
    expect(shallow.mayHold('/app')).toBe(false);
  });

  it('does not enter node_modules and .git', () => {
    const glob = globOf('**/*.html', '/app');
    expect(glob.mayHold('/app/node_modules')).toBe(false);
    expect(glob.mayHold('/app/.git')).toBe(false);
    expect(globOf('node_modules/ui/**', '/app').mayHold('/app/node_modules/ui/dist')).toBe(true);
  });

  it('of a directory is everything in it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    mkdirSync(join(directory, 'views'));
    expect(globOf('views', directory).matches(join(directory, 'views/deep/a.html'))).toBe(true);
  });
});

describe('--reload-extra-file', () => {
  const { kind } = settingOf('reloadExtraFile');

  it.each(['a.txt', 'templates/**/*.html', '*.{html,css}', 'app/[[]id]/x', '[a-z]{1,2}/*', 'a[{]b', '\\[a'])(
    'takes %s',
    (text) => expect(kind.fromTexts([text])).toEqual([text]),
  );

  it.each(['', ' ', 'a\0b', 'templates/[a', 'a.{html,css', 'a.html}', 'x'.repeat(70_000)])(
    'refuses %j',
    (text) => expect(() => kind.fromTexts([text])).toThrow(/expected a path or a glob/),
  );
});
