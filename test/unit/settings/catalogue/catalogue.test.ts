import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { renderDocs } from '../../../../scripts/docs.ts';
import { defineConfig, type Settings, type UserConfig } from '../../../../src/index.ts';
import { parseArguments } from '../../../../src/main/options.ts';
import {
  catalogue,
  isConfigurable,
  sections,
  settingNames,
  settingOf,
  variablesOf,
} from '../../../../src/settings/catalogue/catalogue.ts';
import { hookDocs } from '../../../../src/settings/catalogue/hooks.ts';
import { ARBITER_HOOKS, WORKER_HOOKS } from '../../../../src/settings/hooks.ts';
import { loadSettings } from '../../../../src/settings/load.ts';
import { longFlag } from '../../../../src/settings/setting.ts';

const root = new URL('../../../../', import.meta.url);

describe('the catalogue', () => {
  it('puts every setting into one section', () => {
    expect(sections.flatMap(([, names]) => names).toSorted()).toEqual(settingNames.toSorted());
  });

  it('names every flag as its setting, or with no- where it switches off', () => {
    const named = settingNames.filter((name) => settingOf(name).flags !== null);
    const expected = named.map((name) => `--${name.replace(/[A-Z]/g, '-$&').toLowerCase()}`);
    const flags = named.map((name) => longFlag(settingOf(name))?.replace('--no-', '--'));
    expect(flags).toEqual(expected);
    expect(settingNames.filter((name) => !named.includes(name))).toEqual([
      'app',
      'programArguments',
      'companions',
    ]);
  });

  it('names every variable as its setting', () => {
    expect(variablesOf('workers')).toEqual(['TSUNICORN_WORKERS', 'WEB_CONCURRENCY']);
    expect(variablesOf('logLevel')).toEqual(['TSUNICORN_LOG_LEVEL']);
    expect(variablesOf('printConfig')).toEqual([]);
  });

  it('documents every hook', () => {
    expect(Object.keys(hookDocs).toSorted()).toEqual([...ARBITER_HOOKS, ...WORKER_HOOKS].toSorted());
    expect(settingNames.filter((name) => name in hookDocs)).toEqual([]);
  });

  it('ends every description with a full stop', () => {
    const docs = [...settingNames.map((name) => catalogue[name]), ...Object.values(hookDocs)];
    expect(docs.map(({ doc }) => doc).filter((doc) => !doc.endsWith('.'))).toEqual([]);
  });
});

describe('the types that follow from it', () => {
  it('are those of the values', () => {
    expectTypeOf<Settings['workers']>().toEqualTypeOf<number>();
    expectTypeOf<Settings['bind']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<Settings['pid']>().toEqualTypeOf<string | null>();
    expectTypeOf<Settings['umask']>().toEqualTypeOf<number | null>();
    expectTypeOf<Settings['logFormat']>().toEqualTypeOf<'text' | 'json' | 'logfmt'>();
  });

  it('accept in a config what people like to write', () => {
    expectTypeOf<UserConfig['workers']>().toEqualTypeOf<number | 'auto' | undefined>();
    expectTypeOf<UserConfig['bind']>().toEqualTypeOf<string | readonly string[] | undefined>();
    expectTypeOf<UserConfig['umask']>().toEqualTypeOf<number | string | null | undefined>();
    expectTypeOf<UserConfig>().not.toHaveProperty('printConfig');
    const config = { workers: 'auto', preFork() {} } as const;
    expect(defineConfig(config)).toBe(config);
  });
});

describe('docs/settings.md', () => {
  it('is what the catalogue says; else run npm run docs', () => {
    expect(readFileSync(new URL('docs/settings.md', root), 'utf8')).toBe(renderDocs());
  });
});

describe('config.example.ts', () => {
  const copy = fileURLToPath(new URL(`test/unit/settings/catalogue/example-${process.pid}.config.ts`, root));
  const text = readFileSync(new URL('config.example.ts', root), 'utf8');
  afterEach(() => rmSync(copy, { force: true }));

  it('shows every setting of the config file with its default', async () => {
    const shown = text
      .replaceAll(/^( *)\/\/ (\w+: .*,)$/gm, '$1$2')
      .replace("'tsunicorn'", "'../../../../src/index.ts'");
    for (const name of settingNames.filter(isConfigurable))
      expect(shown).toMatch(new RegExp(`^ *${name}: `, 'm'));
    writeFileSync(copy, shown);
    const input = { env: {}, cwd: fileURLToPath(root), parse: parseArguments, applyEnvironment: () => {} };
    const example = await loadSettings({ ...input, argv: ['-c', copy] });
    const plain = await loadSettings({ ...input, argv: [] });
    expect({ ...example.settings, config: null }).toEqual(plain.settings);
    expect(example.origins.workers).toEqual({ source: 'config', name: copy });
  });
});
