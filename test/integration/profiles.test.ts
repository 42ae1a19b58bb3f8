import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { serve } from '../support/tsunicorn.ts';
import { upgrade } from '../support/upgrade.ts';

tellTestsApart();

const app = 'export default (req, res) => res.end(process.env.STAGE);\n';
const config = (workers: number) => `
import { appendFileSync } from 'node:fs';
const note = (line) => appendFileSync('notes', line + '\\n');
class BaseConfig {
  static app = 'app.mjs';
  static workers = 1;
  static onReload() { note('reload in ' + this.env.STAGE); }
  static postFork(worker) { note('fork in ' + this.env.STAGE); }
}
export class ProductionConfig extends BaseConfig {
  static workers = ${workers};
  static env = { STAGE: 'production' };
}
export class StagingConfig extends BaseConfig { static env = { STAGE: 'staging' }; }
`;
const files = { 'app.mjs': app, 'tsunicorn.config.mjs': config(2) };
const notesOf = (cwd: string) => readFileSync(join(cwd, 'notes'), 'utf8').trim().split('\n');

it('serves as the class says, its hooks in the worker included, also after HUP and USR2', async () => {
  const running = await serve(['-c', 'tsunicorn.config.mjs:ProductionConfig'], { files });
  await running.waitForWorkers(2);
  const ask = async () => (await fetch(running.at)).text();
  expect(await ask()).toBe('production');
  writeFileSync(join(running.cwd, 'tsunicorn.config.mjs'), config(1));
  running.signal('SIGHUP');
  await running.waitForLog(/Generation 2 is ready/);
  await running.waitForWorkers(1);
  expect(await ask()).toBe('production');
  const notes = notesOf(running.cwd);
  expect(notes.toSorted()).toEqual([
    'fork in production',
    'fork in production',
    'fork in production',
    'reload in production',
  ]);
  const successor = await upgrade(running);
  expect(successor).toBeGreaterThan(0);
  expect(await ask()).toBe('production');
});

it('is checked and printed by its name, with the class that each value comes from', async () => {
  const env = { TSUNICORN_CONFIG: 'tsunicorn.config.mjs:StagingConfig' };
  const checked = await run(['--check-config'], { files, env });
  expect(checked).toMatchObject({ status: 0, stderr: '' });
  const { stdout } = await run(['--print-config'], { files, env });
  expect(stdout.replace(/ +/g, ' ').split('\n')).toEqual(
    expect.arrayContaining([
      'workers = 1 # tsunicorn.config.mjs:BaseConfig',
      'env = STAGE=*** # tsunicorn.config.mjs:StagingConfig',
      'onReload = hook # tsunicorn.config.mjs:BaseConfig',
    ]),
  );
});

it('ends with status 1 and the profiles that there are, if there is none of that name', async () => {
  const { status, lines, leftProcesses } = await run(['-c', 'tsunicorn.config.mjs:Prod'], { files });
  expect({ status, lines, leftProcesses }).toEqual({
    status: 1,
    lines: [
      'tsunicorn: tsunicorn.config.mjs: it has no profile Prod; it has ProductionConfig, StagingConfig [TSU0105]',
    ],
    leftProcesses: [],
  });
});
