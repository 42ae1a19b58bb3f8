import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { serve } from '../support/tsunicorn.ts';

const body = async (running: { readonly at: string }, path = '/') => (await get(running.at, path)).body;

it('the children and threads of a program inherit no descriptor and no variable of our own', async () => {
  const files = {
    'server.cjs': `
      const { execFileSync, fork } = require('child_process');
      const { Worker, isMainThread, parentPort } = require('worker_threads');
      const own = () => Object.keys(process.env).filter((name) => /^(TSUNICORN_PROGRAM|NODE_CHANNEL|NODE_UNIQUE_ID|NODE_OPTIONS)/.test(name));
      if (!isMainThread) return parentPort.postMessage([own(), process.execArgv, require('cluster').isPrimary]);
      if (process.argv[2] === 'child') return process.send([own(), process.execArgv, require('cluster').isPrimary]);
      const child = new Promise((resolve) => fork(__filename, ['child']).once('message', resolve));
      const thread = new Promise((resolve) => new Worker(__filename).once('message', resolve));
      require('http').createServer(async (req, res) => {
        const descriptors = execFileSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).trim().split('\\n');
        res.end(JSON.stringify({ descriptors, own: own(), child: await child, thread: await thread }));
      }).listen(process.env.PORT);`,
  };
  expect(JSON.parse(await body(await serve(['server.cjs'], { files })))).toEqual({
    // As of a child of this process: whoever started it may have left it descriptors.
    descriptors: execFileSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).trim().split('\n'),
    own: [],
    child: [[], [], true],
    thread: [[], [], true],
  });
});

it('--reload follows the files of a program, and shows an error page while it does not load', async () => {
  const program = (text: string) =>
    `const { text } = require('./text.cjs');\nrequire('http').createServer((req, res) => res.end(text + '${text}')).listen(process.env.PORT);\n`;
  const running = await serve(['server.cjs', '--reload', '--debug'], {
    files: { 'server.cjs': program('one'), 'text.cjs': 'exports.text = "is ";' },
  });
  expect(await body(running)).toBe('is one');
  const write = (name: string, text: string) => writeFileSync(join(running.cwd, name), text);
  const answers = async (pattern: RegExp) => {
    let last = '';
    await running.waitFor(() => {
      void get(running.at).then(
        (answer) => {
          last = answer.body;
        },
        () => {},
      );
      return pattern.test(last);
    }, `an answer like ${pattern}`);
  };
  write('text.cjs', 'exports.text = "was ";');
  await answers(/^was one$/);
  write('server.cjs', 'throw new Error("not today");');
  await answers(/not today/);
  write('server.cjs', program('two'));
  await answers(/^was two$/);
});
