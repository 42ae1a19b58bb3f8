import { existsSync, readFileSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { get, outcome, pidsThatAnswer, refused } from '../support/client.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { app, endWithTest, isAlive, serve, start } from '../support/tsunicorn.ts';

// Two of them wait for seconds, beside each other.
tellTestsApart();

const puppet = app('puppet.ts:app');

describe.concurrent('an arbiter that was stopped for longer than the timeout', () => {
  it('kills no worker when it goes on', async () => {
    const running = await serve([puppet, '-w', '2', '--timeout', '2']);
    const workers = running.workers();
    running.signal('SIGSTOP');
    // Not a wait for something to happen: this silence is what the test is about.
    await pause(3000);
    expect(await outcome(get(running.at))).toBe('200');
    running.signal('SIGCONT');
    // Twice: the second is handled a whole turn of the loop after it woke.
    for (const handled of [/Handling signal: usr1/, /(Handling signal: usr1[\s\S]*){2}/]) {
      running.signal('SIGUSR1');
      await running.waitForLog(handled);
    }
    expect(running.workers()).toEqual(workers);
    expect(running.stderr).not.toMatch(/silent|WARNING|ERROR|CRITICAL/);
  });
});

describe.concurrent("an arbiter that the operator's hook holds up for longer than the timeout", () => {
  it('kills no worker when it goes on', async () => {
    const config = `const cell = new Int32Array(new SharedArrayBuffer(4));
      export default {
        nworkersChanged(arbiter, after, before) {
          if (before !== null) Atomics.wait(cell, 0, 0, 3000);
        },
      };`;
    const running = await serve([puppet, '--timeout', '2'], { files: { 'tsunicorn.config.mjs': config } });
    const [worker = 0] = running.workers();
    running.signal('SIGTTIN');
    const workers = await running.waitForWorkers(2);
    expect(workers).toContain(worker);
    expect(await pidsThatAnswer(running.at, 2)).toEqual(new Set(workers));
    expect(running.stderr).not.toMatch(/silent|ERROR|CRITICAL/);
  });
});

describe('an arbiter whose application writes to the channel', () => {
  it('goes on, hears its workers still, and ends when it is told to', async () => {
    const running = await serve([app('intruder.ts:app'), '--timeout', '2']);
    const workers = running.workers();
    for (const _ of [1, 2]) expect((await get(running.at)).body).toBe(`${workers[0]}`);
    await running.waitForLog(/Uncaught exception in the arbiter, which continues[\s\S]*descriptor 3/);
    running.signal('SIGTTIN');
    const both = await running.waitForWorkers(2);
    running.signal('SIGTTOU');
    const [left = 0] = await running.waitForWorkers(1);
    expect(both).toContain(left);
    process.kill(left, 'SIGKILL');
    await running.waitForLog(new RegExp(`pid: ${left},.*was killed by SIGKILL`));
    expect(await outcome(get(running.at))).toBe('200');
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
  });
});

describe('an arbiter that is killed', () => {
  it('leaves workers that finish what they hold and go, and an address that the next start takes at once', async () => {
    const port = freePort();
    const args = [puppet, '-w', '2', '-b', `127.0.0.1:${port}`, '-b', 'unix:app.sock', '--pid', 'pid'];
    const running = start(args, { files: { hold: '' } });
    const at = await running.url();
    const workers = await running.waitForWorkers(2);
    endWithTest(...workers);
    const held = get(at, '/held');
    await running.waitForLog(/holds a request/);
    running.signal('SIGKILL');
    await refused(at);

    const next = start(args, { cwd: running.cwd });
    expect(await next.url()).toBe(at);
    expect(readFileSync(join(running.cwd, 'pid'), 'utf8')).toBe(`${next.pid}\n`);
    const urls = [at, `unix:${join(running.cwd, 'app.sock')}`];
    expect(await Promise.all(urls.map((url) => outcome(get(url))))).toEqual(['200', '200']);

    expect(workers.filter(isAlive)).not.toEqual([]);
    rmSync(join(running.cwd, 'hold'));
    const answer = await held;
    expect(answer.status).toBe(200);
    expect(workers).toContain(Number(answer.body));
    await running.waitFor(() => !workers.some(isAlive), 'the orphans to go');
    expect(await Promise.all(urls.map((url) => outcome(get(url))))).toEqual(['200', '200']);
    next.signal('SIGTERM');
    expect(await next.end()).toEqual({ status: 0, signal: null });
    expect(['pid', 'app.sock'].filter((file) => existsSync(join(running.cwd, file)))).toEqual([]);
  });

  it('while its workers boot leaves none of them', async () => {
    const running = start([puppet, '-w', '2', '-b', 'unix:app.sock'], { files: { 'hold-boot': '' } });
    await running.waitForLog(/waits in its import[\s\S]*waits in its import/);
    const workers = running.workers();
    endWithTest(...workers);
    running.signal('SIGKILL');
    await running.waitFor(() => !workers.some(isAlive), 'the orphans to go');
  });
});

/** A port of 127.0.0.1 that was free a moment ago. */
function freePort(): number {
  const socket = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
  const { port } = socket.address() as AddressInfo;
  socket.close();
  return port;
}
