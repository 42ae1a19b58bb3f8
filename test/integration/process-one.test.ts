import { join } from 'node:path';
import { expect } from 'vitest';
import { ask } from '../support/http-client.ts';
import { AS_PROCESS_ONE, asProcessOne } from '../support/tools.ts';
import { childrenOf, isAlive, type Running, start } from '../support/tsunicorn.ts';

const it = asProcessOne();

/** Leaves a process behind, which then belongs to process 1, and answers once it has. */
const orphaning = `import { spawn } from 'node:child_process';
export default (request, response) => {
  const shell = spawn('sh', ['-c', 'sleep 0.05 & echo $!'], { stdio: ['ignore', 'pipe', 'ignore'] });
  shell.on('exit', () => response.end(String(process.ppid)));
};\n`;

const waiting = `import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
console.error('reading');
while (existsSync('hold')) await pause(10);
export default {};\n`;

function startAsProcessOne(args: readonly string[], files: Readonly<Record<string, string>>): Running {
  return start([...args, '-b', 'unix:app.sock'], { through: AS_PROCESS_ONE, files });
}

/** The arbiter's pid out here; its parent is `unshare`. */
function arbiterOf(running: Running): Promise<number> {
  return running.waitFor(() => childrenOf(running.pid)[0], 'the arbiter');
}

it('as process 1 it serves, is not disturbed by zombies of others, and stops with 0', async () => {
  const running = startAsProcessOne(['app.js'], { 'app.js': orphaning });
  await running.waitForLog(/\[1\] \[INFO\] Listening at: /);
  const arbiter = await arbiterOf(running);
  const workers = childrenOf(arbiter);
  const url = `unix:${join(running.cwd, 'app.sock')}`;
  expect((await ask({ url })).body).toBe('1');
  // Node waits for its own children alone: the other stays as a zombie.
  await running.waitFor(
    () => childrenOf(arbiter).some((pid) => !workers.includes(pid) && !isAlive(pid)),
    'a zombie',
  );
  expect((await ask({ url })).status).toBe(200);
  process.kill(arbiter, 'SIGHUP');
  await running.waitForLog(/Worker exiting .*replaced by another generation/);
  expect((await ask({ url })).status).toBe(200);
  process.kill(arbiter, 'SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
  expect(running.stderr).not.toMatch(/ERROR|CRITICAL/);
});

it('as process 1 it hears a TERM that comes while it starts, which the kernel would drop', async () => {
  const files = {
    'app.js': 'export default (q, r) => r.end();\n',
    'tsunicorn.config.mjs': waiting,
    hold: '',
  };
  const running = startAsProcessOne(['app.js'], files);
  await running.waitForLog(/reading/);
  process.kill(await arbiterOf(running), 'SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
  expect(running.stderr).not.toMatch(/Listening|ERROR|CRITICAL/);
});
