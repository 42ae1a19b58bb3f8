import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { run } from '../support/command.ts';
import { serve } from '../support/tsunicorn.ts';
import { gone, upgrade } from '../support/upgrade.ts';

const body = async (running: { readonly at: string }, path = '/') => (await get(running.at, path)).body;

/** A program that answers with what it was started with. */
const server = `require('node:http').createServer((req, res) => res.end(JSON.stringify({
  args: process.argv.slice(2), execArgv: process.execArgv, flavour: process.env.FLAVOUR, event: process.env.npm_lifecycle_event,
}))).listen(process.env.PORT);\n`;

const manifest = (scripts: Readonly<Record<string, string>>) => JSON.stringify({ name: 'shop', scripts });

describe('the arguments behind --', () => {
  it('are those of the program, also after a reload', async () => {
    const running = await serve(['server.cjs', '-w', '2', '--', '--flag', '-w', 'a b'], {
      files: { 'server.cjs': server },
    });
    const expected = { args: ['--flag', '-w', 'a b'], execArgv: [] };
    expect(JSON.parse(await body(running))).toEqual(expected);
    running.signal('SIGHUP');
    await running.waitForLog(/Worker exiting .*another generation/);
    expect(JSON.parse(await body(running))).toEqual(expected);
  });

  it('are kept by an upgrade', async () => {
    const running = await serve(['server.cjs', '--', '--flag'], { files: { 'server.cjs': server } });
    await upgrade(running);
    running.signal('SIGTERM');
    await gone(running, running.pid);
    expect(JSON.parse(await body(running)).args).toEqual(['--flag']);
  });

  it('may be in the configuration file, which a reload reads again', async () => {
    const config = (words: readonly string[]) => JSON.stringify({ programArguments: words });
    const running = await serve(['server.cjs'], {
      files: { 'server.cjs': server, 'tsunicorn.config.json': config(['one']) },
    });
    expect(JSON.parse(await body(running)).args).toEqual(['one']);
    writeFileSync(join(running.cwd, 'tsunicorn.config.json'), config(['two', 'three']));
    running.signal('SIGHUP');
    await running.waitForLog(/Worker exiting .*another generation/);
    expect(JSON.parse(await body(running)).args).toEqual(['two', 'three']);
  });

  it('are in --print-config', async () => {
    const { stdout } = await run(['--print-config', 'server.cjs', '--', '--name', 'a b'], { files: {} });
    expect(stdout).toMatch(/^programArguments += --name 'a b' +# command line -- arguments$/m);
  });

  it('reach an application whose export is named, too', async () => {
    const files = { 'app.cjs': 'exports.app = (req, res) => res.end(process.argv.slice(2).join());' };
    expect(await body(await serve(['app.cjs:app', '--', 'a', 'b'], { files }))).toBe('a,b');
  });
});

describe('npm start', () => {
  it('is served by the command that it stands for, without a shell or npm', async () => {
    const start = 'FLAVOUR=sweet node --enable-source-maps server.cjs one';
    const files = { 'package.json': manifest({ prestart: 'echo', start }), 'server.cjs': server };
    const running = await serve(['npm', 'start', '-w', '2', '--', 'two'], { files });
    expect(JSON.parse(await body(running))).toEqual({
      args: ['one', 'two'],
      execArgv: ['--enable-source-maps'],
      flavour: 'sweet',
      event: 'start',
    });
    expect(running.stderr).toMatch(/WARNING\] npm start: the script prestart \(echo\) is not run/);
  });

  it('is read again by a reload, which is refused where it cannot be served', async () => {
    const files = { 'package.json': manifest({ start: 'node server.cjs one' }), 'server.cjs': server };
    const running = await serve(['npm', 'start'], { files });
    writeFileSync(join(running.cwd, 'package.json'), manifest({ start: 'nodemon server.cjs' }));
    running.signal('SIGHUP');
    await running.waitForLog(
      /Reload refused, nothing was changed: npm start: the script start is `nodemon server\.cjs`/,
    );
    writeFileSync(join(running.cwd, 'package.json'), manifest({ start: 'node server.cjs two' }));
    running.signal('SIGHUP');
    await running.waitForLog(/Worker exiting .*another generation/);
    expect(JSON.parse(await body(running)).args).toEqual(['two']);
  });

  it.each([
    [
      ['npm', 'start'],
      'nodemon server.cjs',
      /^tsunicorn: npm start: the script start is `nodemon server\.cjs`/,
    ],
    [
      ['npm', 'start', '-k', 'thread'],
      'node server.cjs',
      /^tsunicorn: npm start: class thread runs no programs; use class async or sync/,
    ],
    [['npm', 'run', 'a:b'], 'node server.cjs', /package\.json has no script a:b; it has start/],
  ])('%j that cannot be served ends with one line and leaves nothing: %s', async (args, start, line) => {
    const files = { 'package.json': manifest({ start }), 'server.cjs': server };
    const outcome = await run([...args, '-b', 'unix:app.sock'], { files });
    expect(outcome.stderr).toMatch(line);
    expect(outcome).toMatchObject({ status: 1, leftFiles: [], leftProcesses: [] });
    expect(outcome.lines).toHaveLength(1);
  });

  it('that throws is named by its module', async () => {
    const files = {
      'package.json': manifest({ 'a:b': 'node server.cjs' }),
      'server.cjs': 'throw new Error("no");',
    };
    const outcome = await run(['npm', 'run', 'a:b', '-b', '127.0.0.1:0'], { files });
    expect(outcome.stderr).toMatch(/CRITICAL\] server\.cjs: server\.cjs threw while it was loaded: no/);
    expect(outcome.status).toBe(4);
  });

  it('is checked by --check-config', async () => {
    const files = { 'package.json': manifest({ start: 'node server.cjs' }), 'server.cjs': server };
    const { stdout, status } = await run(['--check-config', 'npm', 'start'], { files });
    expect(stdout).toMatch(/OK; npm start: program with an http\.Server/);
    expect(status).toBe(0);
  });
});

it('node with its options may be written behind --', async () => {
  const files = { 'server.cjs': server, 'before.cjs': 'process.env.FLAVOUR = "early";' };
  const running = await serve(
    ['-w', '1', '-b', '127.0.0.1:0', '--', 'node', '-r', './before.cjs', 'server.cjs', '-x'],
    { files },
  );
  expect(JSON.parse(await body(running))).toEqual({
    args: ['-x'],
    execArgv: ['-r', './before.cjs'],
    flavour: 'early',
  });
});
