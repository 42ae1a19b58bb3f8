import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import { type Loaded, type LoadInput, loadSettings } from '../../../src/settings/load.ts';

const LOAD = new URL('../../../src/settings/load.ts', import.meta.url).href;

let cwd = '';
let applied: Readonly<Record<string, string>>[] = [];

beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'settings-')));
  applied = [];
});

afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(cwd, name), text);
  return join(cwd, name);
}

function load(
  args: string,
  env: Record<string, string> = {},
  more: Partial<LoadInput> = {},
): Promise<Loaded> {
  const argv = args === '' ? [] : args.split(' ');
  return loadSettings({ argv, env, cwd, applyEnvironment: (added) => applied.push(added), ...more });
}

/** The message of the UsageError that loading ends with. */
async function refusal(args: string, env: Record<string, string> = {}): Promise<string> {
  const error: unknown = await load(args, env).then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'UsageError' });
  const message = error instanceof Error ? error.message : '';
  expect(message).not.toContain('\n');
  return message;
}

/** What a script prints that may use loadHooks; by Node's own loader, for which the test runner puts its own. */
async function natively(script: string): Promise<string> {
  const head = `import { writeFileSync } from 'node:fs';import { loadHooks } from ${JSON.stringify(LOAD)};`;
  const args = ['--input-type=module', '--eval', head + script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  return stdout;
}

describe('precedence', () => {
  it('starts from the defaults', async () => {
    const { settings, origins, configFile, hooks, hookNames, environment } = await load('');
    expect(settings).toMatchObject({
      app: null,
      bind: ['127.0.0.1:8000'],
      workers: 1,
      timeout: 30,
      chdir: cwd,
    });
    expect(origins.workers).toEqual({ source: 'default', name: '' });
    expect({ configFile, hooks, hookNames, environment }).toEqual({
      configFile: null,
      hooks: {},
      hookNames: [],
      environment: {},
    });
  });

  it('lets each source outdo the one below, and every value knows its own', async () => {
    const config = write('tsunicorn.config.mjs', 'export default { workers: 3 };');
    const env = { WEB_CONCURRENCY: '2' };
    const args = { ...env, TSUNICORN_CMD_ARGS: '--workers 4' };
    const results = [
      await load('-c ./tsunicorn.config.mjs', env),
      await load('', args),
      await load('-w 5', args),
    ];
    expect(results.map(({ settings, origins }) => [settings.workers, origins.workers])).toEqual([
      [3, { source: 'config', name: config }],
      [4, { source: 'cmdargs', name: '--workers' }],
      [5, { source: 'argv', name: '--workers' }],
    ]);
    rmSync(config);
    const { settings, origins } = await load('', env);
    expect([settings.workers, origins.workers]).toEqual([
      2,
      { source: 'environment', name: 'WEB_CONCURRENCY' },
    ]);
  });

  it('prefers the own variable of a setting to the other, and takes an empty one as unset', async () => {
    const own = await load('', { TSUNICORN_WORKERS: '3', WEB_CONCURRENCY: '2' });
    expect(own.origins.workers.name).toBe('TSUNICORN_WORKERS');
    const empty = await load('', { TSUNICORN_WORKERS: '', WEB_CONCURRENCY: '2' });
    expect(empty.settings.workers).toBe(2);
  });

  it('listens on every interface where PORT is set', async () => {
    const { settings, origins } = await load('', { PORT: '5000' });
    expect(settings.bind).toEqual(['0.0.0.0:5000']);
    expect(origins.bind).toEqual({ source: 'environment', name: 'PORT' });
  });

  it('replaces the list of a lower source, and merges tables', async () => {
    write('tsunicorn.config.mjs', `export default { bind: ['a:1', 'a:2'], env: { A: 1, B: 1 } };`);
    const { settings } = await load('-b b:3 -b b:4 -e B=2 -e C=2', { TSUNICORN_CMD_ARGS: '-b c:5 -e C=1' });
    expect(settings.bind).toEqual(['b:3', 'b:4']);
    expect(settings.env).toEqual({ A: '1', B: '2', C: '2' });
  });

  it('takes the application from the command line, else from the config file', async () => {
    write('tsunicorn.config.mjs', `export default { app: 'a.ts:x' };`);
    expect((await load('')).settings.app).toBe('a.ts:x');
    const { settings, origins } = await load('b.ts -w 2');
    expect([settings.app, origins.app.name]).toEqual(['b.ts', 'module:export']);
  });

  it('ignores variables that are nobody’s, such as those Kubernetes injects', async () => {
    const { settings } = await load('', { TSUNICORN_PORT: 'tcp://10.0.0.1:80', TSUNICORN_SERVICE_HOST: 'x' });
    expect(settings.bind).toEqual(['127.0.0.1:8000']);
  });

  it('gives frozen, plain data that survives a journey as JSON', async () => {
    write('tsunicorn.config.mjs', 'export default { umask: "027", preFork() {} };');
    const { hooks, ...data } = await load('-e A=1');
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
    expect(Object.isFrozen(data.settings) && Object.isFrozen(data.settings.env)).toBe(true);
    expect(Object.keys(hooks)).toEqual(['preFork']);
  });
});

describe('the config file', () => {
  it.each([
    ['tsunicorn.config.ts', 'const count: number = 7;\nexport default { workers: count };'],
    ['tsunicorn.config.mts', 'export default { workers: 7 as number };'],
    ['tsunicorn.config.js', 'module.exports = { workers: 7 };'],
    ['tsunicorn.config.mjs', 'export default { workers: 7 };'],
    ['tsunicorn.config.json', '{ "workers": 7 }'],
  ])('is found as %s', async (name, text) => {
    const path = write(name, text);
    const { settings, configFile } = await load('');
    expect([settings.workers, settings.config, configFile]).toEqual([7, path, path]);
  });

  it('is the one that is named, by the flag or by the environment', async () => {
    write('tsunicorn.config.json', '{ "workers": 7 }');
    write('other.cjs', 'module.exports = { workers: 8 };');
    expect((await load('-c other.cjs')).settings.workers).toBe(8);
    const { settings, origins } = await load('', { TSUNICORN_CONFIG: 'other.cjs' });
    expect([settings.workers, origins.config.source]).toEqual([8, 'environment']);
  });

  it('may be CommonJS that was compiled from a module', async () => {
    write('c.cjs', 'exports.__esModule = true; exports.default = { workers: 9 };');
    expect((await load('-c c.cjs')).settings.workers).toBe(9);
  });

  it('gives hooks, and undefined settings count as not given', async () => {
    write('tsunicorn.config.mjs', 'export default { workers: undefined, onExit() {}, preFork: () => {} };');
    const { settings, hookNames, hooks } = await load('');
    expect(settings.workers).toBe(1);
    expect(hookNames).toEqual(['preFork', 'onExit']);
    expect(hooks.onExit).toBeInstanceOf(Function);
  });

  it('is read anew with another cache key', async () => {
    const printed = await natively(`
      const write = (name) => writeFileSync('c.cjs', 'module.exports = { ' + name + '() {} };');
      const names = async (key) => Object.keys(await loadHooks(process.cwd() + '/c.cjs', key));
      write('onExit');
      const first = await names(null);
      write('onReload');
      console.log(JSON.stringify([first, await names(null), await names('1')]));`);
    expect(JSON.parse(printed)).toEqual([['onExit'], ['onExit'], ['onReload']]);
  });

  it('is given up when its import never ends', async () => {
    write('tsunicorn.config.mjs', 'await new Promise(() => {}); export default {};');
    const clock: Clock = {
      now: () => 0,
      after(_ms, fire) {
        queueMicrotask(fire);
        return () => {};
      },
    };
    await expect(load('', {}, { clock })).rejects.toThrow(
      'tsunicorn.config.mjs: it has not finished loading after 30 s; look for an await that never ends',
    );
  });
});

describe('the added environment', () => {
  it('comes from files, which never replace what is there, and from --env, which does', async () => {
    write('a.env', 'ONE=1\nTWO="2 2"\nHOME=/a');
    write('b.env', 'ONE=11');
    const env = { HOME: '/root', USER: 'root' };
    const { environment } = await load('--env-file a.env --env-file b.env -e USER=me', env);
    expect(environment).toEqual({ ONE: '11', TWO: '2 2', USER: 'me' });
    expect(applied).toEqual([environment]);
  });

  it('is there before the config file is imported, and again with what that adds', async () => {
    write('a.env', 'ONE=1');
    write('tsunicorn.config.mjs', `export default { env: { TWO: '2' } };`);
    const { environment } = await load('--env-file a.env');
    expect(applied).toEqual([{ ONE: '1' }, { TWO: '2' }]);
    expect(environment).toEqual({ ONE: '1', TWO: '2' });
  });

  it('can set variables that settings are read from', async () => {
    write('a.env', 'PORT=7000\nTSUNICORN_CONFIG=c.mjs');
    write('c.mjs', `export default { env: { WEB_CONCURRENCY: 6 } };`);
    const { settings, origins } = await load('--env-file a.env');
    expect([settings.bind, settings.workers]).toEqual([['0.0.0.0:7000'], 6]);
    expect(origins.workers.name).toBe('WEB_CONCURRENCY');
  });

  it('is complete where applyEnvironment writes to the environment that was given', async () => {
    write('a.env', 'ONE=1');
    write('tsunicorn.config.mjs', `export default { env: { TWO: '2' } };`);
    const env: Record<string, string> = {};
    const applyEnvironment = (added: Readonly<Record<string, string>>) => void Object.assign(env, added);
    const { environment } = await load('--env-file a.env', env, { env, applyEnvironment });
    expect(environment).toEqual({ ONE: '1', TWO: '2' });
    expect(env).toEqual(environment);
  });
});

describe('what the operator is told', () => {
  const noNumber = 'expected a whole number ≥ 1 or "auto", got';

  it.each([
    ['-w 0', {}, `--workers: ${noNumber} "0"`],
    ['', { WEB_CONCURRENCY: 'x' }, `WEB_CONCURRENCY: ${noNumber} "x"`],
    ['', { PORT: '70000' }, 'PORT: expected a whole number from 0 to 65535, got "70000"'],
    ['', { TSUNICORN_CMD_ARGS: '-w 0' }, `TSUNICORN_CMD_ARGS: --workers: ${noNumber} "0"`],
    ['', { TSUNICORN_CMD_ARGS: '"' }, 'TSUNICORN_CMD_ARGS: a double quote is not closed in "'],
    ['-c foo.ts', {}, '-c foo.ts: no such file'],
    ['-c .', {}, '-c .: a directory, expected a file'],
    ['', { TSUNICORN_CONFIG: 'x' }, 'TSUNICORN_CONFIG x: no such file'],
    ['', { TSUNICORN_CMD_ARGS: '-c x' }, 'TSUNICORN_CMD_ARGS: -c x: no such file'],
    ['--env-file .env', {}, '--env-file .env: no such file'],
    ['-e FOO', {}, '--env: expected NAME=VALUE, got "FOO"'],
  ])('names the source of a bad value (%j, %j)', async (args, env, message) => {
    expect(await refusal(args, env)).toBe(message);
  });

  it('names a directory that is not there', async () => {
    expect(await refusal('--chdir nowhere')).toBe(`--chdir: no such directory: ${join(cwd, 'nowhere')}`);
    write('tsunicorn.config.json', '{\n  "chdir": "nowhere"\n}');
    expect(await refusal('')).toMatch(/^tsunicorn\.config\.json:2: chdir: no such directory: /);
  });

  it.each([
    ['export default {\n\n  workers: 0,\n};', `:3: workers: ${noNumber} 0`],
    ['export default {\n  // workers: 1\n  "workers": "2" };', `:3: workers: ${noNumber} "2"`],
    ['const workers = [];\nexport default {\n  workers };', ':3: workers: expected'],
    ['export default {\n  wrokers: 3 };', ':2: unknown setting "wrokers" (did you mean "workers"?)'],
    ['export default {\n  worker_class: "x" };', ':2: unknown setting "worker_class": write workerClass'],
    ['export default { pre_fork() {} };', ':1: unknown setting "pre_fork": write preFork'],
    ['export default { accesslog: "-" };', ':1: unknown setting "accesslog": write accessLogfile'],
    ['export default { preFrok() {} };', ':1: unknown setting "preFrok" (did you mean "preFork"?)'],
    ['export default { sandwich: 1 };', ':1: unknown setting "sandwich"'],
    ['export default { preFork: 3 };', ':1: preFork: expected a function, got 3'],
    ['export default { toString: 3 };', ':1: unknown setting "toString"'],
    ['export default { preload: true };', ':1: "preload" is refused: Node cannot fork a loaded process'],
    ['export default { printConfig: true };', ':1: printConfig cannot be set in the configuration file'],
    ['export default { envFile: ["no.env"] };', ':1: envFile no.env: no such file'],
    ['export const x = 1;', ': it has no default export; write export default defineConfig({ … })'],
    ['export default () => ({});', ': it exports a function, not an object'],
    ['export default Promise.resolve({});', ': it exports a promise, not an object'],
    ['export default [];', ': it exports a list, not an object'],
    ['\nthrow new Error("boom");', ': it threw: Error: boom (at line 2)'],
    ['throw "boom";', ': it threw: boom'],
    [
      'import "nothere"; export default {};',
      ": it threw: Error: Cannot find package 'nothere' imported from",
    ],
  ])('names the file and the line (%j)', async (text, message) => {
    write('tsunicorn.config.mjs', text);
    expect((await refusal('')).startsWith(`tsunicorn.config.mjs${message}`)).toBe(true);
  });

  it('says where TypeScript and JSON do not parse', async () => {
    write('a.ts', 'export default {\n  workers: 1\n  bind: 2 };');
    write('b.mjs', 'export default {');
    const attempt = (file: string) => `await loadHooks(process.cwd() + '/${file}', null).catch(report);`;
    const printed = await natively(
      `const report = (error) => console.log(error.message);${attempt('a.ts')}${attempt('b.mjs')}`,
    );
    const [typescript, javascript] = printed.split('\n');
    expect(typescript).toMatch(/^a\.ts: it does not parse: .* \(at line 3\)$/);
    expect(javascript).toMatch(/^b\.mjs: it does not parse: [^(]*$/);
    write('a.json', '{\n  x');
    expect(await refusal('-c a.json')).toMatch(/^a\.json: it is not valid JSON: /);
  });

  it('names the file in full where it lies outside the current directory', async () => {
    const path = write('c.json', '{ "wrokers": 1 }');
    mkdirSync(join(cwd, 'inner'));
    await expect(load('-c ../c.json', {}, { cwd: join(cwd, 'inner') })).rejects.toThrow(`${path}:1: unknown`);
  });
});
