import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Answer, get } from '../support/client.ts';
import { deadlineMs } from '../support/patience.ts';
import { refusal } from '../support/refusal.ts';
import { isAlive, type Running, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';

const listener = (body: string) => `export const app = (_req, res) => res.end(${JSON.stringify(body)});\n`;
const SYNTAX_ERROR = 'export const app = (;\n';

function save(running: Running, name: string, text: string): void {
  const path = join(running.cwd, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Asks, one request after the other, until that is the answer: the old worker accepts until it hears of the new one. */
async function answers({ at, stderr }: Running & { at: string }, expected: Partial<Answer>): Promise<void> {
  const untilMs = performance.now() + deadlineMs();
  for (;;) {
    const answer = await get(at);
    if (isDeepStrictEqual({ ...answer, ...expected }, answer)) return;
    if (performance.now() > untilMs) throw new Error(`it answers ${answer.body} for long\n${stderr}`);
    await pause(10);
  }
}

/** Saves as many editors do, and resolves once the new code answers. */
async function saveAndServe(running: Running & { at: string }, name: string, text: string, body: string) {
  save(running, `${name}~`, text);
  renameSync(join(running.cwd, `${name}~`), join(running.cwd, name));
  await answers(running, { body });
}

/** Does something, and resolves once what it leads to is logged. */
async function sees(running: Running, pattern: RegExp, act: () => void): Promise<string> {
  const after = running.stderr.length;
  act();
  return (await running.waitForLog(pattern, after))[0];
}

const page = (at: string, accept: string) =>
  fetch(at, { headers: { accept } }).then((answer) => answer.text());

describe('--reload', () => {
  it('serves the new code after a save, whoever imports the file, and does nothing for others', async () => {
    const files = {
      'app.ts':
        "import { body } from './lib.ts';\nexport const app = (_req: unknown, res: { end(body: string): void }) => res.end(body());\n",
      'lib.ts':
        "import { createRequire } from 'node:module';\nconst text: string = createRequire(import.meta.url)('./text.cjs');\nexport const body = () => text;\n",
      'text.cjs': "module.exports = 'one';\n",
      'other.ts': 'export {};\n',
    };
    const running = await serve(['app.ts:app', '--reload'], { files });
    expect((await get(running.at)).body).toBe('one');
    await saveAndServe(running, 'text.cjs', "module.exports = 'two';\n", 'two');
    save(running, 'other.ts', 'export const changed = 1;\n');
    const lib = "export const body = () => 'three';\n";
    await saveAndServe(running, 'lib.ts', lib, 'three');
    expect(running.stderr.match(/Reloading: .*/g)).toEqual([
      'Reloading: text.cjs changed',
      'Reloading: lib.ts changed',
    ]);
  });

  it('keeps the old code while the new does not load, says where, and serves the save that mends it', async () => {
    const running = await serve(['app.mjs:app', '--reload', '-w', '2'], {
      files: { 'app.mjs': `import './lib.mjs';\n${listener('one')}`, 'lib.mjs': '' },
    });
    const place = await sees(running, /Reload undone.*\n.*\n.*\n.*\^/, () =>
      save(running, 'lib.mjs', SYNTAX_ERROR),
    );
    expect(place.split('\n').slice(1)).toEqual([
      '    lib.mjs:1:21',
      '    1 | export const app = (;',
      '      |                     ^',
    ]);
    expect((await get(running.at)).body).toBe('one');
    await sees(running, /Reload undone.*cannot be found/, () => rmSync(join(running.cwd, 'lib.mjs')));
    await sees(running, /Generation \d+ is ready/, () => save(running, 'lib.mjs', ''));
    await saveAndServe(running, 'app.mjs', listener('two'), 'two');
    await running.waitForWorkers(2);
  });

  it('waits for an application that does not load at first, or is not there yet', async () => {
    const running = start(['app.mjs:app', '--reload', '-b', '127.0.0.1:0'], { files: {} });
    await running.waitForLog(
      /\[ERROR\] The application cannot be loaded; waiting for a file change.*there is no module/,
    );
    const text = `import './gone/lib.mjs';\n${listener('late')}`;
    await sees(
      running,
      /\[ERROR\] The application cannot be loaded; waiting for a file change.*cannot be found/,
      () => save(running, 'app.mjs', text),
    );
    save(running, 'gone/lib.mjs', '');
    expect((await get(await running.url())).body).toBe('late');
  });

  it('follows an import of later, extra files and the configuration, and leaves nothing behind', async () => {
    const files = {
      'app.mjs': "export const app = async (_req, res) => res.end((await import('./late.mjs')).default);\n",
      'late.mjs': "export default 'late';\n",
      'a.html': 'one',
      'tsunicorn.config.mjs': 'export default { workers: 1 };\n',
    };
    const running = await serve(['app.mjs:app', '--reload', '--reload-extra-file', '*.html'], { files });
    expect((await get(running.at)).body).toBe('late');
    await saveAndServe(running, 'late.mjs', "export default 'later';\n", 'later');
    await sees(running, /Reloading: a\.html changed/, () => save(running, 'a.html', 'two'));
    await sees(running, /Reloading: b\.html changed/, () => save(running, 'b.html', 'new'));
    const config = 'export default { workers: 2 };\n';
    await sees(running, /Reloading: tsunicorn\.config\.mjs changed/, () =>
      save(running, 'tsunicorn.config.mjs', config),
    );
    const workers = await running.waitForWorkers(2);
    running.signal('SIGINT');
    expect(await running.end()).toMatchObject({ status: 0 });
    // Among them may be one that reads the settings, which is killed as the arbiter ends.
    await running.waitFor(() => !workers.some(isAlive), 'every process to be gone');
  });

  it('refuses a glob that can match nothing in one line', async () => {
    expect(await refusal(['app.mjs:app', '--reload', '--reload-extra-file', 'views/[a'])).toMatch(
      /^--reload-extra-file: expected a path or a glob.*, got "views\/\[a"$/,
    );
  });
});

describe('--debug', () => {
  const broken = `throw new RangeError('no <b>database</b>');\n`;

  it.each(['async', 'sync'])('shows why the application does not load, in class %s', async (name) => {
    const options = { files: { 'app.mjs': broken } };
    const running = await serve(['app.mjs:app', '--reload', '--debug', '-k', name], options);
    const { status, body } = await get(running.at);
    expect(status).toBe(500);
    expect(body).toContain("app.mjs:1:7\n1 | throw new RangeError('no <b>database</b>');");
    expect(await page(running.at, 'text/html')).toContain('no &lt;b&gt;database&lt;/b&gt;');
    await saveAndServe(running, 'app.mjs', listener('mended'), 'mended');
    await sees(running, /shows the error/, () => save(running, 'app.mjs', broken));
    await answers(running, { status: 500 });
  });

  it.each(['async', 'thread'])('shows what a handler threw or rejected with, in class %s', async (name) => {
    const files = {
      'app.mjs': `export const app = (req, res) => { if (req.url !== '/') throw new TypeError('<i>no</i>'); res.end('ok'); };\n`,
    };
    const running = await serve(['app.mjs:app', '--debug', '-k', name, '--threads', '1'], { files });
    expect((await get(running.at)).body).toBe('ok');
    const { status, body } = await get(running.at, '/fail');
    expect({ status, body }).toEqual({
      status: 500,
      body: expect.stringContaining('TypeError: <i>no</i>\n    at '),
    });
    expect(await page(`${running.at}/fail`, 'text/html')).toContain('&lt;i&gt;no&lt;/i&gt;');
    const json = JSON.parse(await page(`${running.at}/fail`, 'application/json'));
    expect(json).toMatchObject({ error: { name: 'TypeError', message: '<i>no</i>' } });
  });

  it('is refused in production, and warned of where others can connect', async () => {
    const cwd = temporaryDirectory({ 'app.mjs': 'export default async () => { throw new Error("x"); };\n' });
    const line = await refusal(['app.mjs', '--debug'], { cwd, env: { NODE_ENV: 'production' } });
    expect(line).toMatch(/^--debug: it shows the source code/);
    const running = await serve(['app.mjs', '--debug', '-b', '0.0.0.0:0'], { cwd });
    expect(running.stderr).toMatch(/\[WARNING\] --debug shows source code, and --bind 0\.0\.0\.0:0/);
    expect((await get(running.at)).body).toContain('Error: x');
  });
});
