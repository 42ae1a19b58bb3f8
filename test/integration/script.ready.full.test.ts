import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { run } from '../support/command.ts';
import { serve, start } from '../support/tsunicorn.ts';

const body = async (running: { readonly at: string }, path = '/') => (await get(running.at, path)).body;

/** A program that says that it is ready a moment after it listens. */
const slow = `
const begun = performance.now();
let ready = null;
require('http').createServer((req, res) => {
  res.statusCode = ready === null ? 503 : 200;
  res.end(String(ready === null ? 'early' : 'late'));
}).listen(process.env.PORT, () => setTimeout(() => { ready = performance.now() - begun; process.send('ready'); }, 400));\n`;

describe('--wait-ready', () => {
  it.each(['async', 'sync'])(
    'serves nobody before the program has sent its message, in class %s',
    async (name) => {
      const running = await serve(['server.cjs', '--wait-ready', '-w', '2', '-k', name], {
        files: { 'server.cjs': slow },
      });
      expect(await body(running)).toBe('late');
      running.signal('SIGHUP');
      await running.waitForLog(/Generation 2 is ready/);
      for (let request = 0; request < 10; request++) expect(await body(running)).toBe('late');
    },
  );

  it('lets the program send requests to itself before that, of every generation', async () => {
    const files = {
      'server.cjs': `const http = require('node:http');
const server = http.createServer((req, res) => res.end(String(process.pid)));
server.listen(process.env.PORT, () => http.get({ port: process.env.PORT, agent: false }, (response) =>
  response.setEncoding('utf8').on('data', (pid) => {
    console.log(pid === String(process.pid) ? 'itself' : 'another');
    process.send('ready');
  })));`,
    };
    const running = await serve(['server.cjs', '--wait-ready', '-w', '1'], { files });
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    expect(running.stdout).toBe('itself\nitself\n');
  });

  it('waits for an application whose export is named, too', async () => {
    const files = {
      'app.mjs': `setTimeout(() => process.send('ready'), 100);\nexport const app = (req, res) => res.end('on');\n`,
    };
    expect(await body(await serve(['app.mjs:app', '--wait-ready'], { files }))).toBe('on');
  });

  it('is applied by a reload', async () => {
    const config = (settings: object) => JSON.stringify(settings);
    const files = {
      'server.cjs': slow.replace("process.send('ready')", ''),
      'tsunicorn.config.json': config({ bootTimeout: 8 }),
    };
    const running = await serve(['server.cjs'], { files });
    writeFileSync(join(running.cwd, 'tsunicorn.config.json'), config({ bootTimeout: 8, waitReady: true }));
    running.signal('SIGHUP');
    await running.waitForLog(
      /Reload undone.*|--wait-ready: the application has not called process\.send\('ready'\) within 8 s/,
    );
    expect((await get(running.at)).status).toBe(200);
  });

  it('ends the start where the message does not come, with what was listened on', async () => {
    const files = {
      'server.cjs': slow.replace("process.send('ready')", '').replace('process.env.PORT', '3999'),
    };
    const args = [
      'server.cjs',
      '--wait-ready',
      '--boot-timeout',
      '3',
      '-b',
      '127.0.0.1:0',
      '--log-level',
      'error',
    ];
    const outcome = await run(args, { files });
    expect(outcome.stderr).toMatch(
      /--wait-ready: the application has not called process\.send\('ready'\) within 3 s \(--boot-timeout\); it listened on port 3999; let it do that/,
    );
    expect(outcome).toMatchObject({ status: 3, leftProcesses: [] });
  });

  it('is refused in class thread', async () => {
    const outcome = await run(['app.cjs', '--wait-ready', '-k', 'thread'], { files: { 'app.cjs': '' } });
    expect(outcome.stderr).toMatch(
      /^tsunicorn: --wait-ready: an application in class thread cannot call process\.send\(\)/,
    );
    expect(outcome.status).toBe(1);
  });
});

describe('--ready-path', () => {
  const files = {
    'server.cjs': `let asked = 0;
      require('http').createServer((req, res) => { res.statusCode = req.url !== '/ready' || ++asked > 2 ? 200 : 503; res.end(String(asked)); })
        .listen(process.env.PORT);`,
  };

  it('is asked of the server of a program', async () => {
    const running = await serve(['server.cjs', '--ready-path', '/ready'], { files });
    expect(await body(running)).toBe('3');
    expect(running.stderr).toMatch(/Waiting for GET \/ready \(--ready-path\), which answered 503/);
  });

  it('ends the start where the program does not answer it', async () => {
    const args = [
      'server.cjs',
      '--ready-path',
      '/ready',
      '--boot-timeout',
      '3',
      '-b',
      '127.0.0.1:0',
      '--log-level',
      'error',
    ];
    const never = { 'server.cjs': files['server.cjs'].replace('> 2', '> 1e9') };
    const outcome = await run(args, { files: never });
    expect(outcome.stderr).toMatch(/--ready-path \/ready: the application answered 503/);
    expect(outcome).toMatchObject({ status: 3, leftProcesses: [] });
  });
});

describe('a program that exits before it is ready', () => {
  const listens = `const server = require('http').createServer().listen(3999, () => process.exit(STATUS));\n`;

  it.each([0, 1, 7])('with status %d is told what it listened on', async (status) => {
    const files = { 'server.cjs': listens.replace('STATUS', `${status}`) };
    const running = start(['server.cjs', '-b', '127.0.0.1:0', '--log-level', 'error'], { files });
    expect(await running.end()).toEqual({ status: 3, signal: null });
    expect(running.stderr).toMatch(
      new RegExp(
        `CRITICAL\\] server\\.cjs: the program exited with status ${status} before it was ready: it called process\\.exit\\(\\) at \\S+/server\\.cjs:1; it listened on port 3999; let it run on`,
      ),
    );
  });

  it('is told so in a reload, and the old one keeps serving', async () => {
    const running = await serve(['server.cjs'], { files: { 'server.cjs': slow } });
    writeFileSync(join(running.cwd, 'server.cjs'), 'process.exit(0);');
    running.signal('SIGHUP');
    await running.waitForLog(/server\.cjs: the program exited with status 0 before it was ready/);
    expect((await get(running.at)).body).toMatch(/early|late/);
  });
});
