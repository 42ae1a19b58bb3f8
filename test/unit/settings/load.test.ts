import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/support/clock.ts';
import { loading } from './loading.ts';

const { state, write, load, natively } = loading();

describe('precedence', () => {
  it('starts from the defaults', async () => {
    const { settings, origins, configFile, hooks, hookNames, environment } = await load('');
    expect(settings).toMatchObject({
      app: null,
      bind: ['127.0.0.1:8000'],
      workers: 1,
      timeout: 30,
      chdir: state.cwd,
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
      const names = async (key) => Object.keys(await loadHooks(process.cwd() + '/c.cjs', key, process.cwd(), null));
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
    expect(state.applied).toEqual([environment]);
  });

  it('is there before the config file is imported, and again with what that adds', async () => {
    write('a.env', 'ONE=1');
    write('tsunicorn.config.mjs', `export default { env: { TWO: '2' } };`);
    const { environment } = await load('--env-file a.env');
    expect(state.applied).toEqual([{ ONE: '1' }, { TWO: '2' }]);
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
