import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { splitArguments } from '../../src/settings/sources/split-arguments.ts';
import { run } from '../support/command.ts';
import { onTestFinished, tellTestsApart } from '../support/current-test.ts';
import { objectsIn } from '../support/kubernetes.ts';
import { complaintsOf } from '../support/kubernetes-schemas.ts';
import { request } from '../support/load.ts';
import { adminOf } from '../support/metrics.ts';
import { startNginx } from '../support/nginx.ts';
import { PROGRAM_MS } from '../support/patience.ts';
import { withTool } from '../support/tools.ts';
import { built, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';

tellTestsApart();

const itWithAnalyze = withTool('systemd-analyze');
const itWithNginx = withTool('nginx');
const server = `require('node:http').createServer((req, res) =>
  res.end([process.env.NODE_ENV, ...process.argv.slice(2)].join())).listen(process.env.PORT);\n`;

/** The configuration that `import` prints, with the library where this repository has it. */
async function imported(words: readonly string[], files: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = await run(['import', ...words], { files });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.replace("'tsunicorn'", JSON.stringify(join(built, 'src/index.js')));
}

describe('tsunicorn import', () => {
  it('prints a configuration for an ecosystem file that serves as PM2 did', async () => {
    const ecosystem = `module.exports = { apps: [
      { name: 'my-api', script: './server.js', instances: 2, exec_mode: 'cluster', args: '--verbose',
        env: { NODE_ENV: 'development' }, env_production: { NODE_ENV: 'production' } },
      { name: 'other', script: './server.js', cron_restart: '0 3 * * *' }] };`;
    const config = await imported(['ecosystem.config.cjs'], { 'ecosystem.config.cjs': ecosystem });
    expect(config).toMatch(/^\/\/ my-api: npx tsunicorn -c tsunicorn\.config\.ts:myApi$/m);
    expect(config).toMatch(/Done differently:\n.* {4}cron_restart: /);
    const files = { 'server.js': server, 'tsunicorn.config.mts': config };
    const running = await serve(['-c', 'tsunicorn.config.mts:myApi_production'], { files });
    await running.waitForWorkers(2);
    expect(await (await fetch(running.at)).text()).toBe('production,--verbose');
  });

  it('prints one for a Procfile', async () => {
    const config = await imported(['Procfile'], { Procfile: 'web: NODE_ENV=production node server.js -v\n' });
    const running = await serve([], { files: { 'server.js': server, 'tsunicorn.config.mts': config } });
    expect(await (await fetch(running.at)).text()).toBe('production,-v');
  });

  it('prints one for a command line of Gunicorn', async () => {
    const config = await imported(['gunicorn shop.wsgi:app -w 2 -k gevent --preload'], {});
    expect(config).toMatch(/Not done:\n.* {4}--preload: Node cannot fork/);
    const cwd = temporaryDirectory({ 'tsunicorn.config.mts': config });
    mkdirSync(join(cwd, 'shop'));
    writeFileSync(join(cwd, 'shop/wsgi.mjs'), 'export const app = (req, res) => res.end("shop");');
    const running = await serve([], { cwd });
    await running.waitForWorkers(2);
    expect(await (await fetch(running.at)).text()).toBe('shop');
  });

  it.each([
    [['import', 'none.cjs'], /^tsunicorn: import none\.cjs: no such file; write tsunicorn import ecosystem/],
    [['import', 'x.py'], /^tsunicorn: import x\.py: it is neither an ecosystem file of PM2 nor a Procfile/],
    [['import'], /^tsunicorn: there is no module 'import' here: write tsunicorn import ecosystem/],
    [['imprt', 'Procfile'], /^tsunicorn: there is no module 'imprt' here; did you mean import\?/],
    [['init', 'systmd'], /^tsunicorn: init systmd: it is not known \(did you mean systemd\?\)/],
    [
      ['init', 'docker'],
      /^tsunicorn: init docker: no application was named; write for example: tsunicorn init docker/,
    ],
    [
      ['relaod'],
      /^tsunicorn: there is no module 'relaod' here; did you mean reload\? In that case: write tsunicornctl reload/,
    ],
  ])('%j says what to write instead', async (words, line) => {
    const { status, lines, leftFiles } = await run(words, { files: { 'x.py': '' } });
    expect({ status, count: lines.length, leftFiles }).toEqual({ status: 1, count: 1, leftFiles: [] });
    expect(lines[0]).toMatch(line);
  });

  it('is proposed by tsunicorn alone, as is the program that is there', async () => {
    const files = { 'server.js': server, Procfile: 'web: node server.js' };
    const { status, lines } = await run([], { files });
    expect({ status, lines }).toEqual({
      status: 1,
      lines: [
        'tsunicorn: no application was named; write here: tsunicorn server.js, or tsunicorn import Procfile [TSU0501]',
      ],
    });
  });
});

/** A project that has tsunicorn installed, in which `tsunicorn init …` was run; resolves with its directory and the file. */
async function initialised(words: readonly string[]): Promise<{ cwd: string; file: string; text: string }> {
  const cwd = temporaryDirectory({ 'server.js': server, 'package.json': '{ "name": "@me/shop" }' });
  mkdirSync(join(cwd, 'node_modules/.bin'), { recursive: true });
  const text = `#!/bin/sh\nexec '${process.execPath}' '${join(built, 'bin/tsunicorn.js')}' "$@"\n`;
  writeFileSync(join(cwd, 'node_modules/.bin/tsunicorn'), text, { mode: 0o755 });
  const before = new Set(readdirSync(cwd));
  const { status, stderr } = await run(['init', ...words], { cwd });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [file = ''] = readdirSync(cwd).filter((name) => !before.has(name));
  const again = await run(['init', ...words], { cwd });
  expect(again.lines).toEqual([
    expect.stringMatching(`^tsunicorn: init ${words[0]}: ${file} exists, and is not overwritten`),
  ]);
  return { cwd, file, text: readFileSync(join(cwd, file), 'utf8') };
}

const env = { NODE_ENV: '' };
const options = ['--drain-delay', '5', '--graceful-timeout', '20', 'server.js', '--', '-v'];

describe('tsunicorn init', () => {
  itWithAnalyze(
    'systemd writes a unit that systemd has nothing to say against, and whose command serves',
    async () => {
      const { cwd, file, text } = await initialised(['systemd', ...options]);
      expect(file).toBe('me-shop.service');
      expect(text).toContain(
        '# 5 (--drain-delay) + 20 (--graceful-timeout) + 10 (last hooks, ends of processes) = 35\nTimeoutStopSec=35',
      );
      const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(cwd, file)], {
        encoding: 'utf8',
        timeout: PROGRAM_MS,
      });
      expect(stdout + stderr).toBe('');
      const [, command = ''] = /^ExecStart=(.*)$/m.exec(text) ?? [];
      const [script = '', ...words] = splitArguments('unit', command);
      expect(script).toBe(join(cwd, 'node_modules/.bin/tsunicorn'));
      const running = start(words, { cwd, env });
      expect(await (await fetch(await running.url())).text()).toBe(',-v');
    },
  );

  it('docker writes a Dockerfile whose command serves', async () => {
    const { cwd, file, text } = await initialised(['docker', '-b', '127.0.0.1:0', ...options]);
    expect(file).toBe('Dockerfile');
    expect(text).toContain('--stop-timeout 35');
    const [, json = '[]'] = /^CMD (\[.*\])$/m.exec(text) ?? [];
    const [script, ...words]: readonly string[] = JSON.parse(json);
    expect(script).toBe('node_modules/.bin/tsunicorn');
    expect(words).toContain('0.0.0.0:8000');
    const running = start(
      words.map((word) => word.replace(':8000', ':0')),
      { cwd, env },
    );
    const url = (await running.url()).replace('0.0.0.0', '127.0.0.1');
    expect(await (await fetch(url)).text()).toBe(',-v');
  });

  it('kubernetes writes a manifest whose command serves', async () => {
    const { cwd, file, text } = await initialised(['kubernetes', '--ready-path', '/', ...options]);
    expect(file).toBe('me-shop.yaml');
    expect(text).toContain('terminationGracePeriodSeconds: 35\n');
    const objects = objectsIn(text);
    expect(complaintsOf(objects)).toEqual([]);
    const [container] = objects[0]?.spec.template.spec.containers ?? [];
    const running = start(
      container.args.map((word: string) => word.replace(/:\d{4}$/, ':0')),
      { cwd, env },
    );
    const url = (await running.url()).replace('0.0.0.0', '127.0.0.1');
    expect(await (await fetch(url)).text()).toBe(',-v');
    const admin = (await adminOf(running)).replace('0.0.0.0', '127.0.0.1');
    for (const { httpGet } of [container.startupProbe, container.readinessProbe, container.livenessProbe])
      expect((await fetch(new URL(httpGet.path, admin))).status).toBe(200);
  });

  itWithNginx('nginx writes a server through which the service answers', async () => {
    const socket = join(temporaryDirectory(), 'app.sock');
    const { text } = await initialised(['nginx', '-b', `unix:${socket}`, 'server.js']);
    await serve(['server.js', '-b', `unix:${socket}`], { files: { 'server.js': server } });
    const front = await startNginx((directory) => {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      const paths = temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n');
      const own = text.replace('listen 80;', `listen unix:${directory}/front.sock;`);
      return `daemon off;\nmaster_process off;\npid ${directory}/nginx.pid;\nerror_log stderr warn;
        events { worker_connections 64; }\nhttp { access_log off;\n${paths}\n${own} }\n`;
    });
    expect(await request({ url: front })).toBe('200');
  });

  it('procfile writes a command that serves on PORT, within the time that a platform gives', async () => {
    const { cwd, file, text } = await initialised(['procfile', 'server.js', '--', '-v']);
    expect(file).toBe('Procfile');
    const [, command = ''] = /^web: (.*)$/m.exec(text) ?? [];
    expect(command).toContain('--graceful-timeout 20');
    const child = spawn('sh', ['-c', `exec ${command}`], {
      cwd,
      env: { ...process.env, ...env, PORT: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let log = '';
    for await (const piece of child.stderr.setEncoding('utf8')) {
      log += piece;
      const [, port] = /Listening at: http:\/\/0\.0\.0\.0:(\d+)/.exec(log) ?? [];
      if (port === undefined || child.killed) continue;
      expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe(',-v');
      child.kill('SIGTERM');
    }
    expect(log).toContain('Shutting down');
  });
});
