import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loading } from './loading.ts';

const { state, write, load, refusal, natively } = loading();

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
    expect(await refusal('--chdir nowhere')).toBe(
      `--chdir: no such directory: ${join(state.cwd, 'nowhere')}`,
    );
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
    ['export default { get workers() { throw new Error("no") } };', ': a getter of its export threw: no'],
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
    const attempt = (file: string) =>
      `await loadHooks(process.cwd() + '/${file}', null, process.cwd(), null).catch(report);`;
    const printed = await natively(
      `const report = (error) => console.log(error.message);${attempt('a.ts')}${attempt('b.mjs')}`,
    );
    const [typescript, javascript] = printed.split('\n');
    expect(typescript).toMatch(/^a\.ts: it does not parse: .* \(at line 3\)$/);
    expect(javascript).toMatch(/^b\.mjs: it does not parse: [^(]*$/);
    write('a.json', '{\n  x');
    expect(await refusal('-c a.json')).toMatch(/^a\.json: it is not valid JSON: /);
  });

  it('says how a file becomes an ES module, and which names a configuration file may have', async () => {
    write('package.json', '{ "type": "commonjs" }');
    write('a.ts', 'import { join } from "node:path";\nexport default { chdir: join(".") };');
    write('gunicorn.conf.py', 'workers = 2');
    const attempt = (file: string) =>
      `await loadHooks(process.cwd() + '/${file}', null, process.cwd(), null).catch(report);`;
    const printed = await natively(
      `const report = (error) => console.log(error.message);${attempt('a.ts')}${attempt('gunicorn.conf.py')}`,
    );
    const [typescript, python] = printed.split('\n');
    const manifest = join(state.cwd, 'package.json');
    expect(typescript).toBe(
      `a.ts: it is written as an ES module, and ${manifest} says "type": "commonjs"; write "type": "module" there, or name the file a.mts`,
    );
    expect(python).toBe('gunicorn.conf.py: its name does not end in .ts, .mts, .js, .mjs or .json');
  });

  it('names the file in full where it lies outside the current directory', async () => {
    const path = write('c.json', '{ "wrokers": 1 }');
    mkdirSync(join(state.cwd, 'inner'));
    await expect(load('-c ../c.json', {}, { cwd: join(state.cwd, 'inner') })).rejects.toThrow(
      `${path}:1: unknown`,
    );
  });
});
