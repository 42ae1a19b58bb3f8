import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { run } from '../support/command.ts';
import { type Running, serve } from '../support/tsunicorn.ts';

/** What an exporter of telemetry does: it flushes, over some turns of the event loop, when its process is to end. */
const exporter = `
import fs from 'node:fs';
import { isMainThread } from 'node:worker_threads';
const say = (what) => fs.writeSync(1, what + '\\n');
const later = (ms, what) => setTimeout(() => say(what), ms);
setInterval(() => {}, 1e6);
process.once('SIGTERM', () => { say('SIGTERM'); later(60, 'flushed'); });
process.once('beforeExit', () => { say('beforeExit'); later(60, 'flushed again'); });
if (isMainThread) process.on('exit', () => say('exit'));
export default (req, res) => req.url === '/slow'
  ? setTimeout(() => { say('answered'); res.end('slow'); }, 300)
  : res.end(String(process.pid));
`;

const said = (running: Running) => running.stdout.trimEnd().split('\n');

describe.each(['async', 'sync', 'thread'])("the application's own listeners in class %s", (workerClass) => {
  const args = ['app.mjs', '-k', workerClass, '--threads', '1'];
  const exit = workerClass === 'thread' ? [] : ['exit'];
  const flushed = ['SIGTERM', 'flushed', 'beforeExit', 'flushed again', ...exit];

  it('run when the service stops, behind the last answer, and are waited for', async () => {
    const running = await serve(args, { files: { 'app.mjs': exporter } });
    const slow = get(running.at, '/slow');
    await running.waitFor(() => running.workers().length === 1, 'a worker');
    await get(running.at);
    running.signal('SIGTERM');
    expect((await slow).body).toBe('slow');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(said(running)).toEqual(['answered', ...flushed]);
  });

  it('run where TERM reaches the worker itself, which serves until it is replaced', async () => {
    const running = await serve(args, { files: { 'app.mjs': exporter } });
    const [worker = 0] = running.workers();
    process.kill(worker, 'SIGTERM');
    await running.waitForLog(/Worker exiting \(pid: \d+\): SIGTERM/);
    expect(said(running)).toEqual(flushed);
    expect(running.stderr).not.toMatch(/ERROR|without being told to/);
  });
});

describe('a listener of the application', () => {
  it('that ends the process, with any status, is no failure', async () => {
    const app = 'process.on("SIGTERM", () => process.exit(143));\nexport default (req, res) => res.end();\n';
    const running = await serve(['app.mjs'], { files: { 'app.mjs': app } });
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/ERROR|WARNING|without being told to/);
  });

  it('that never comes to an end is given the grace, and no more', async () => {
    const app =
      'process.on("SIGTERM", () => setInterval(() => {}, 10));\nexport default (req, res) => res.end();\n';
    const running = await serve(['app.mjs', '--graceful-timeout', '0.4'], { files: { 'app.mjs': app } });
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/killed by the arbiter/);
  });

  it('that throws is an error of the application, and the worker ends', async () => {
    const app =
      'process.on("SIGTERM", () => { throw new Error("no flush"); });\nexport default (req, res) => res.end();\n';
    const running = await serve(['app.mjs'], { files: { 'app.mjs': app } });
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).toMatch(/\[ERROR\][\s\S]*no flush/);
  });

  it('of preloaded code waits too', async () => {
    const files = {
      'preload.mjs':
        "import fs from 'node:fs';\nprocess.on('SIGTERM', () => fs.writeSync(1, 'preloaded\\n'));\n",
      'app.mjs': exporter,
    };
    const running = await serve(['app.mjs', '--env', 'NODE_OPTIONS=--import ./preload.mjs'], { files });
    const slow = get(running.at, '/slow');
    await get(running.at);
    running.signal('SIGTERM');
    await slow;
    await running.end();
    expect(said(running)).toEqual([
      'answered',
      'preloaded',
      'SIGTERM',
      'flushed',
      'beforeExit',
      'flushed again',
      'exit',
    ]);
  });

  it('is not called where the service stops at once', async () => {
    const running = await serve(['app.mjs'], { files: { 'app.mjs': exporter } });
    running.signal('SIGINT');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(said(running)).toEqual(['exit']);
  });
});

it('a worker that is told to go while it boots ends, whatever the application listens for', async () => {
  const app = `process.on('SIGTERM', () => {});\nprocess.kill(process.ppid, 'SIGTERM');\nawait new Promise((r) => setTimeout(r, 50));\nexport default (req, res) => res.end();\n`;
  const outcome = await run(['app.mjs', '-b', 'unix:app.sock'], { files: { 'app.mjs': app } });
  expect(outcome).toMatchObject({ status: 0, leftProcesses: [] });
});
