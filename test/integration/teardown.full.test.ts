import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processesWith } from '../support/command.ts';
import { onTestFinished, tellTestsApart } from '../support/current-test.ts';
import { ask } from '../support/http-client.ts';
import { endWithTest, isAlive, serve, start } from '../support/tsunicorn.ts';

// They wait until a limit is over.
tellTestsApart();

/** A thread in native code, for which process.exit() waits. */
const HELD = `import { Worker } from 'node:worker_threads';
import { writeFileSync } from 'node:fs';
const text = "const { execSync } = require('node:child_process'); require('node:worker_threads').parentPort.postMessage(1); execSync('sleep 300');";
const thread = new Worker(text, { eval: true });
await new Promise((held) => thread.once('message', held));
process.on('exit', () => writeFileSync('exited', ''));
export default (request, response) => {
  if (request.url === '/exit') process.exit(0);
  response.end(String(process.pid));
};\n`;

describe.concurrent('an orphan whose runtime hangs when it ends', () => {
  it.each([
    ['when it has drained', '/'],
    ['when the application ends it', '/exit'],
  ])('is gone all the same, %s, and its listeners for exit have run', async (_when, path) => {
    const mark = `TEST_RUN=${randomUUID()}`;
    const env = Object.fromEntries([mark.split('=')]);
    // What holds the thread outlives its process.
    onTestFinished(() => processesWith(mark).forEach((pid) => void process.kill(pid, 'SIGKILL')));
    const running = await serve(['app.mjs', '--graceful-timeout', '5'], { files: { 'app.mjs': HELD }, env });
    const pid = Number((await ask({ url: running.at })).body);
    endWithTest(pid);
    running.signal('SIGKILL');
    await running.waitFor(() => !isAlive(running.pid), 'the end of the arbiter');
    // It may be refused by then.
    if (path === '/exit') await ask({ url: running.at, path }).catch(() => {});
    await running.waitFor(() => !isAlive(pid), 'the end of the worker');
    expect(existsSync(join(running.cwd, 'exited'))).toBe(true);
  });
});

describe.concurrent('onStarting that never returns', () => {
  it.each([
    ['a promise', 'await new Promise(() => {})'],
    ['an endless loop', 'for (;;);'],
  ])('is stopped by TERM, INT and QUIT: %s', async (_what, body) => {
    const config = `import { writeSync } from 'node:fs';
      export default { onStarting: async () => { writeSync(2, 'started\\n'); setInterval(() => {}, 1000); ${body} } };`;
    const files = { 'tsunicorn.config.mjs': config, 'app.mjs': 'export default () => new Response();\n' };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
      const running = start(['app.mjs', '-b', 'unix:app.sock', '--pid', 'pid'], { files });
      await running.waitForLog(/started/);
      running.signal(signal);
      expect(await running.end()).toEqual({ status: null, signal });
      expect(['pid', 'app.sock'].filter((file) => existsSync(join(running.cwd, file)))).toEqual([]);
    }
  });
});

describe.concurrent('a hook that never returns', () => {
  it.each([
    ['whenReady', 'await new Promise(() => {})'],
    ['postFork', 'await new Promise(() => {})'],
    ['postFork', 'for (;;);'],
    ['workerExit', 'await new Promise(() => {})'],
    ['workerExit', 'for (;;);'],
    ['onExit', 'await new Promise(() => {})'],
    ['onExit', 'for (;;);'],
  ])('does not keep the service from being stopped: %s with %s', async (hook, body) => {
    const config = `import { writeSync } from 'node:fs';
      export default { ${hook}: async () => { writeSync(2, '${hook} is called\\n'); ${body} } };`;
    const files = { 'tsunicorn.config.mjs': config, 'app.mjs': 'export default () => new Response();\n' };
    const args = ['app.mjs', '-b', 'unix:app.sock', '--graceful-timeout', '1'];
    const running = start(args, { files });
    await running.waitForLog(hook.endsWith('Exit') ? /Listening at/ : new RegExp(`${hook} is called`));
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    await running.waitForLog(new RegExp(`${hook} is called`));
    expect(existsSync(join(running.cwd, 'app.sock'))).toBe(false);
  });
});
