import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { run } from '../support/command.ts';
import { serve, start } from '../support/tsunicorn.ts';

const classes = ['async', 'sync', 'thread'];
const serving = (app: string, workerClass: string) => [app, '-k', workerClass, '--threads', '1'];

describe.each(classes)('the process of an application in class %s', (workerClass) => {
  it('whose export is named has a main module for CommonJS, which is not the application itself', async () => {
    const files = {
      'app.cjs': `
        const name = require.main.require('./name.cjs');
        if (require.main === module || process.mainModule !== require.main) throw new Error('it would listen');
        module.exports = (req, res) => res.end([require.main.filename, name].join(' '));`,
      'name.cjs': 'module.exports = __filename;',
    };
    const running = await serve(serving('app.cjs:default', workerClass), { files });
    const cwd = realpathSync(running.cwd);
    expect((await get(running.at)).body).toBe([join(cwd, 'app.cjs'), join(cwd, 'name.cjs')].join(' '));
  });

  it.each([
    ["import cluster from 'node:cluster';\ncluster.fork();", 'a default import'],
    ["import { fork } from 'node:cluster';\nfork();", 'a named import'],
  ])('refuses to fork a cluster: %s', async (source) => {
    const files = { 'app.mjs': `${source}\nexport default (req, res) => res.end();\n` };
    const running = start([...serving('app.mjs', workerClass), '-b', '127.0.0.1:0'], { files });
    expect(await running.end()).toMatchObject({ status: 4 });
    expect(running.stderr).toMatch(
      /CRITICAL\] app\.mjs: .*cluster\.fork\(\) is not supported, because tsunicorn starts/,
    );
  });
});

describe.each(['async', 'sync'])('an application in class %s', (workerClass) => {
  it('whose export is named and that forks process.argv[1] is told what to fork', async () => {
    const files = {
      'app.mjs': `
        import { fork } from 'node:child_process';
        const child = fork(process.argv[1], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
        let said = '';
        child.stderr.on('data', (text) => { said += text; });
        const ended = new Promise((resolve) => child.once('close', (status) => resolve(said + status)));
        export default async (req, res) => res.end(await ended);`,
    };
    const running = await serve(serving('app.mjs:default', workerClass), { files });
    expect((await get(running.at)).body).toMatch(/^tsunicorn: process\.argv\[1\] names a worker.*\n1$/);
  });

  it('that calls process.disconnect() serves on, and is reloaded as ever', async () => {
    const files = {
      'app.mjs':
        'process.disconnect();\nprocess.disconnect();\nexport default (req, res) => res.end("on");\n',
    };
    const running = await serve(serving('app.mjs', workerClass), { files });
    expect((await get(running.at)).body).toBe('on');
    expect(running.stderr.match(/called process\.disconnect\(\)/g)).toHaveLength(1);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
  });
});

it('--check-config refuses a cluster too', async () => {
  const files = {
    'app.cjs': "require('node:cluster').fork();\nmodule.exports = (req, res) => res.end();\n",
  };
  const { status, lines } = await run(['--check-config', 'app.cjs'], { files });
  expect(status).toBe(4);
  expect(lines[0]).toMatch(/^tsunicorn: app\.cjs: .*cluster\.fork\(\) is not supported/);
});
