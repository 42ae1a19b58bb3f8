import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { ask } from '../support/http-client.ts';
import { linesIn, linesOf } from '../support/text.ts';
import { withTool } from '../support/tools.ts';
import { app, built, type Running, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';

const hello = app('hello.ts:app', 'examples');
/** Time, process, level and message of a line in Gunicorn's shape. */
const shape = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[(\d+)\] \[(\w+)\] (.*)$/;
/** An application that has its service stopped as soon as it is loaded. */
const stopping =
  'export default (q, r) => r.end();\nsetTimeout(() => process.kill(process.ppid, "SIGTERM"), 1);\n';

async function stop(running: Running): Promise<void> {
  running.signal('SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
}

describe('the text format', () => {
  it("has Gunicorn's lines, each with the process it speaks of", async () => {
    const running = await serve([hello, '-w', '2']);
    await running.waitForLog(/(Booting worker.*\n.*){2}/s);
    const workers = await running.waitForWorkers(2);
    await stop(running);
    const lines = linesOf(running.stderr);
    expect(lines.filter((line) => !shape.test(line))).toEqual([]);
    const said = lines.map((line) => shape.exec(line)?.slice(1));
    const arbiter = String(running.pid);
    expect(said).toEqual(
      expect.arrayContaining([
        [arbiter, 'INFO', expect.stringMatching(/^Starting tsunicorn \d+\.\d+\.\d+$/)],
        [arbiter, 'INFO', 'Using worker: async'],
        [arbiter, 'INFO', `Listening at: ${running.at} (${arbiter})`],
        ...workers.map((pid) => [String(pid), 'INFO', `Booting worker with pid: ${pid}`]),
        [arbiter, 'INFO', 'Handling signal: term'],
        [arbiter, 'INFO', 'Shutting down: arbiter'],
      ]),
    );
    expect(lines.filter((line) => line.includes('Listening at'))).toHaveLength(1);
  });

  it('has no escape codes where stderr is no terminal', async () => {
    const env = { NO_COLOR: '', TERM: 'xterm-256color' };
    const { stderr } = await run(['-b', 'unix:app.sock', 'app.js'], { env, files: { 'app.js': stopping } });
    expect(stderr).toContain('Shutting down');
    expect(stderr).not.toContain('\x1b');
  });

  it('keeps what an application throws from passing for a line of the log', async () => {
    const forged = '[2026-11-21 06:00:00 +0000] [1] [INFO] forged';
    const files = { 'app.js': `export default (q, r) => { throw new Error("no\\n${forged}\\u001b[2J"); };` };
    const running = await serve(['app.js'], { files });
    expect((await ask({ url: running.at, path: '/%0a%1b' })).status).toBe(500);
    await running.waitForLog(/\[ERROR\] .*GET \/%0a%1b.*forged/);
    await stop(running);
    const lines = linesOf(running.stderr);
    expect(lines.filter((line) => shape.exec(line)?.[3]?.startsWith('forged'))).toEqual([]);
    expect(lines.filter((line) => !shape.test(line) && !line.startsWith('    '))).toEqual([]);
    expect(running.stderr).not.toContain('\x1b');
  });
});

describe('on a terminal', () => {
  const itWithScript = withTool('script');
  const printed = async (environment: Record<string, string>) => {
    const cwd = temporaryDirectory({ 'app.js': stopping });
    const { NO_COLOR: _none, FORCE_COLOR: _force, CI: _ci, ...env } = process.env;
    const command = `${process.execPath} ${join(built, 'bin/tsunicorn.js')} -b unix:app.sock app.js`;
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      cwd,
      env: { ...env, TERM: 'xterm-256color', ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text(terminal.stdout);
  };

  itWithScript('the level is coloured, unless NO_COLOR is set', async () => {
    const [coloured, plain] = await Promise.all([printed({}), printed({ NO_COLOR: '1' })]);
    expect(coloured).toContain('[\x1b[32mINFO\x1b[39m] Starting tsunicorn');
    expect(plain).toMatch(/\[INFO\] Starting tsunicorn/);
    expect(plain).not.toContain('\x1b[');
  });
});

it('--log-format json writes one object a line, of the arbiter and of the workers', async () => {
  const files = { 'app.js': 'export default (q, r) => { throw new Error("no books"); };' };
  const running = await serve(['app.js', '--log-format', 'json'], { files });
  expect((await ask({ url: running.at })).status).toBe(500);
  const [worker = 0] = await running.waitForWorkers(1);
  await stop(running);
  const lines = linesOf(running.stderr).map((line) => JSON.parse(line));
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(lines.filter((line) => !time.asymmetricMatch(line.time))).toEqual([]);
  const arbiter = { pid: running.pid, level: 'info' };
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ ...arbiter, msg: `Listening at: ${running.at} (${running.pid})` }),
      expect.objectContaining({ pid: worker, level: 'info', msg: `Booting worker with pid: ${worker}` }),
      expect.objectContaining({
        pid: worker,
        level: 'error',
        err: expect.objectContaining({
          type: 'Error',
          message: 'no books',
          stack: expect.stringContaining('app.js'),
        }),
      }),
    ]),
  );
});

it('--log-level error is silent as long as all is well', async () => {
  const outcome = await run(['-b', 'unix:app.sock', '--log-level', 'error', 'app.js'], {
    files: { 'app.js': stopping },
  });
  expect(outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

it('--error-logfile takes the lines of the arbiter and of every worker, stacks included', async () => {
  const files = {
    'app.js': `console.error('the application itself');
      export default (q, r) => { throw new Error('from ' + process.pid); };`,
  };
  const running = start(['-w', '2', '-b', 'unix:app.sock', '--error-logfile', 'error.log', 'app.js'], {
    files,
  });
  const path = join(running.cwd, 'error.log');
  const lines = () => (existsSync(path) ? linesIn(path) : []);
  const failed = (pid: number) => (line: string) =>
    line.includes(`[${pid}] [ERROR]`) && line.includes(`from ${pid}`);
  await running.waitFor(() => lines().some((line) => line.includes('Listening at')), 'the service');
  const workers = await running.waitForWorkers(2);
  // The kernel gives a connection to any of them: asked until each has had one.
  await running.waitFor(() => {
    void ask({ url: `unix:${join(running.cwd, 'app.sock')}` }).catch(() => {});
    return workers.every((pid) => lines().some(failed(pid)));
  }, 'an error of each worker');
  await stop(running);
  expect(lines().at(-1)).toMatch(/\[INFO\] Shutting down: arbiter$/);
  expect(lines().some((line) => /^ {4}.*app\.js:2:/.test(line))).toBe(true);
  expect(lines().filter((line) => !shape.test(line) && !line.startsWith('    '))).toEqual([]);
  expect(new Set(linesOf(running.stderr))).toEqual(new Set(['the application itself']));
});
