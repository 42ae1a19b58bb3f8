import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tellTestsApart } from '../support/current-test.ts';
import { type Running, start, temporaryDirectory } from '../support/tsunicorn.ts';

// They wait for what a worker does half a second after it is ready.
tellTestsApart();

const MIXED = /WARNING\] Generation \d+ runs two versions of the code/g;

/** An application of ES modules, CommonJS and a package of each. */
function application(): string {
  const directory = temporaryDirectory({
    'app.mjs': `import './own.mjs'; import './own.cjs'; import 'old'; import fresh from 'fresh';
import fs from 'node:fs';
export default (_, res) => res.end(fresh);\n`,
    'own.mjs': 'export const own = 1;\n',
    'own.cjs': "require('./deep.cjs');\n",
    'deep.cjs': 'exports.deep = 1;\n',
  });
  const file = (path: string, text: string) => writeFileSync(join(directory, path), text);
  for (const name of ['old', 'fresh']) mkdirSync(join(directory, 'node_modules', name), { recursive: true });
  file('node_modules/old/package.json', '{"name":"old","main":"i.js"}');
  file('node_modules/old/i.js', 'exports.old = 1;\n');
  file('node_modules/fresh/package.json', '{"name":"fresh","type":"module","exports":{"import":"./i.js"}}');
  file('node_modules/fresh/i.js', 'export default "fresh";\n');
  return directory;
}

/** As an installation does it: another file takes the place of the one that is there. */
function install(directory: string, name: string, text: string): void {
  writeFileSync(join(directory, `${name}~`), text);
  renameSync(join(directory, `${name}~`), join(directory, name));
}

async function replaceWorker(running: Running, code: 'the same' | 'other'): Promise<void> {
  const from = running.stderr.length;
  for (const pid of running.workers()) process.kill(pid, 'SIGTERM');
  await running.waitForLog(new RegExp(`has loaded ${code} code`), from);
}

it.concurrent.each([
  ['own.mjs', 'sync', 'export const own = 2;\n'],
  [
    'node_modules/fresh/package.json',
    'async',
    '{"name":"fresh","type":"module","exports":{"import":"./i.js"},"version":"2.0.0"}',
  ],
  ['node_modules/old/i.js', 'async', 'exports.old = 2;\n'],
  ['deep.cjs', 'thread', 'exports.deep = 2;\n'],
])(
  'a worker that finds another %s than the others have is warned of, in class %s',
  async (name, kind, text) => {
    const directory = application();
    const running = start(['app.mjs', '-k', kind, '-b', '127.0.0.1:0', '--log-level', 'debug'], {
      cwd: directory,
    });
    await running.waitForLog(/Generation 1 was loaded from \d+ files/);
    await replaceWorker(running, 'the same');
    expect(running.stderr).not.toMatch(MIXED);
    install(directory, name, text);
    await replaceWorker(running, 'other');
    const [line] = await running.waitForLog(/two versions of the code: (\S+) differs from what.*send HUP/);
    expect(line).toContain(join(directory, name));
    await replaceWorker(running, 'other');
    expect(running.stderr.match(MIXED)).toHaveLength(1);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 was loaded from/);
    await replaceWorker(running, 'the same');
    expect(running.stderr.match(MIXED)).toHaveLength(1);
  },
);
