import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ImportedApp } from '../../../src/migrate/imported.ts';
import { importPm2 } from '../../../src/migrate/pm2.ts';
import { ATTRIBUTES } from '../../../src/migrate/pm2-attributes.ts';
import { loadSettings } from '../../../src/settings/load.ts';

const page = readFileSync(new URL('../../../docs/migrating-from-pm2.md', import.meta.url), 'utf8');

async function imported(app: object): Promise<ImportedApp> {
  const { apps } = await importText(JSON.stringify({ apps: [app] }));
  if (apps[0] === undefined) throw new Error('no app');
  return apps[0];
}

async function importText(text: string, name = 'ecosystem.json') {
  const directory = mkdtempSync(join(tmpdir(), 'pm2-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, name), text);
  return importPm2(name, directory);
}

/** The settings that come of one attribute, as they are loaded. */
async function loadedFrom(name: string, value: unknown) {
  const { entries, remarks } = await imported({ script: 'server.js', name: 'x', [name]: value });
  const { settings } = await loadSettings({
    argv: [],
    env: {},
    cwd: tmpdir(),
    code: { settings: Object.fromEntries(entries), config: null },
    parse: () => ({}),
    applyEnvironment: () => {},
  });
  return { settings, remarks: remarks.map(({ what, how }) => `${what} ${how}`) };
}

it('pm2 serve becomes files without an application', async () => {
  const env = { PM2_SERVE_PATH: 'dist', PM2_SERVE_PORT: 8080, PM2_SERVE_SPA: 'true' };
  const { entries, remarks } = await imported({ script: 'serve', name: 'site', env });
  expect(Object.fromEntries(entries)).toMatchObject({ static: { '/': 'dist' }, bind: '0.0.0.0:8080' });
  expect(Object.fromEntries(entries)).not.toHaveProperty('app');
  expect(remarks).toMatchObject([{ what: 'PM2_SERVE_SPA', how: 'not' }]);
});

describe('each attribute of an app', () => {
  it('is a row of the page', () => {
    const missing = [...ATTRIBUTES.keys()].filter((name) => !page.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });

  it.each([
    ['name', 'shop', { name: 'shop' }, []],
    ['args', "--a 'b c'", { programArguments: ['--a', 'b c'] }, []],
    ['args', ['--a', 'b c'], { programArguments: ['--a', 'b c'] }, []],
    ['node_args', '--import tsx', { app: 'node --import tsx server.js' }, []],
    ['interpreterArgs', ['--inspect'], { app: 'node --inspect server.js' }, []],
    ['interpreter', 'node', { app: 'server.js' }, []],
    ['exec_interpreter', '/opt/node/bin/node', { app: 'server.js' }, ['interpreter differently']],
    ['interpreter', 'tsx', { app: 'node --import tsx server.js' }, ['interpreter differently']],
    ['instances', 3, { workers: 3 }, []],
    ['instances', '3', { workers: 3 }, []],
    ['exec_mode', 'cluster_mode', {}, ['exec_mode differently']],
    ['exec_mode', 'fork', {}, ['exec_mode differently']],
    [
      'max_memory_restart',
      '300M',
      { maxMemory: { bytes: 300 * 1024 ** 2 } },
      ['max_memory_restart differently'],
    ],
    [
      'max_memory_restart',
      314572800,
      { maxMemory: { bytes: 314572800 } },
      ['max_memory_restart differently'],
    ],
    ['kill_timeout', 5000, { gracefulTimeout: 5 }, ['kill_timeout differently']],
    ['listen_timeout', 1500, { bootTimeout: 1.5 }, ['listen_timeout differently']],
    ['wait_ready', true, { waitReady: true }, []],
    ['shutdown_with_message', true, {}, ['shutdown_with_message differently']],
    ['env', { A: 1, B: true, C: { d: 1 } }, { env: { A: '1', B: 'true', C: '{"d":1}' } }, []],
    ['port', 3000, { env: { PORT: '3000' } }, []],
    ['filter_env', true, {}, ['filter_env not']],
    ['instance_var', 'INSTANCE', {}, ['instance_var not']],
    ['increment_var', 'PORT', {}, ['increment_var differently']],
    ['log_type', 'json', { logFormat: 'json' }, []],
    ['time', true, {}, ['time not']],
    ['pid_file', '/tmp/x.pid', { pid: '/tmp/x.pid' }, ['pid_file differently']],
    ['watch', true, { reload: true }, ['watch differently']],
    ['watch', ['views'], { reload: true, reloadExtraFile: ['views'] }, ['watch differently']],
    ['watch', false, { reload: false }, []],
    ['ignore_watch', ['x'], {}, ['ignore_watch not']],
    ['autorestart', false, {}, ['autorestart not']],
    ['max_restarts', 10, {}, ['max_restarts differently']],
    ['stop_exit_codes', [0], {}, ['stop_exit_codes not']],
    ['cron_restart', '0 3 * * *', {}, ['cron_restart differently']],
    ['source_map_support', true, { env: { NODE_OPTIONS: '--enable-source-maps' } }, []],
    ['uid', 1000, { user: '1000' }, []],
    ['gid', 'www', { group: 'www' }, []],
    ['treekill', false, {}, []],
    ['vizion', true, {}, ['vizion not']],
    ['pmx', true, {}, ['pmx not']],
    ['sandwich', true, {}, ['sandwich not']],
  ])('%s: %j', async (name, value, settings, remarks) => {
    const loaded = await loadedFrom(name, value);
    expect(loaded.settings).toMatchObject(settings);
    expect(loaded.remarks).toEqual(remarks);
  });

  it('may send the output elsewhere', async () => {
    const app = await imported({ script: 'a.js', error_file: 'err.log', out: 'out.log' });
    expect(app.behind).toBe(' 2>> err.log >> out.log');
    expect((await imported({ script: 'a.js', log: 'all.log' })).behind).toBe(' >> all.log 2>&1');
    expect((await imported({ script: 'a.js', disable_logs: true })).behind).toBe(' > /dev/null');
  });

  it('is absent where it says nothing', async () => {
    expect((await imported({ script: 'a.js', cwd: null, instances: 'max' })).entries).toEqual([
      ['app', 'a.js'],
      ['workers', 'auto'],
    ]);
  });
});

it('keeps each further environment', async () => {
  const app = await imported({ script: 'a.js', env: { A: '1' }, env_production: { B: 2 } });
  expect(app.environments).toEqual([['production', { B: '2' }]]);
});

it('takes a list of apps, or one alone, and says what is about all of them', async () => {
  expect(
    (await importText("[{ script: 'a.js' }, { script: 'b.js' }] // JSON with comments")).apps,
  ).toHaveLength(2);
  const { apps, remarks } = await importText(JSON.stringify({ apps: [{ script: 'lib/a.js' }], deploy: {} }));
  expect([apps[0]?.name, remarks[0]?.what]).toEqual(['a', 'deploy']);
});

it.each([
  ['{}', 'ecosystem.json: an app has no script'],
  ['{ "apps": [] }', 'ecosystem.json: it has no apps'],
  ['{', 'ecosystem.json: it cannot be read: JSON5'],
])('refuses %s', async (text, message) => {
  await expect(importText(text)).rejects.toThrow(message);
});
