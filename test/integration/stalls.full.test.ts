import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blockedAt } from '../support/blocked-at.ts';
import { get } from '../support/client.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { app, type Running, serve, start } from '../support/tsunicorn.ts';

// They wait until a limit is over.
tellTestsApart();

const stalls = app('stalls.ts:app');
const begins =
  /WARNING\] Worker \(pid: (\d+), slot 0, age 1\): its event loop is blocked, for (\d+\.\d) s so far \(--stall-warning\)\n((?: {4}.*\n)*)/;
const ends =
  /INFO\] Worker \(pid: \d+, slot 0, age 1\): its event loop runs again; it was blocked for (\d+\.\d) s\n/;

/** Lets what blocks end, as soon as the test has seen what it waits for. */
function release({ cwd }: Running): void {
  writeFileSync(join(cwd, 'release'), '');
}

describe.concurrent('an event loop that is blocked for a while', () => {
  it.each([
    ['async', 'by a loop', '/spin', blockedAt('stalls.ts', 'spin', 'app')],
    ['async', 'by Atomics.wait', '/wait', blockedAt('stalls.ts', 'app')],
    ['async', 'by many short native calls', '/hash', blockedAt('stalls.ts', 'hash', 'app')],
    ['async', 'by another process', '/sleep', /^(?!.*blocked at)/],
    ['sync', 'by a loop', '/spin', blockedAt('stalls.ts', 'spin', 'app')],
  ])(
    'in class %s %s is said when it begins and ends, and its request is answered',
    async (kind, _how, path, stack) => {
      const running = await serve([stalls, '-k', kind], { files: {} });
      const answered = get(running.at, `${path}?a=1`);
      await running.waitForLog(begins);
      release(running);
      const answer = await answered;
      expect(answer.status).toBe(200);
      const [, pid, soFar, block = ''] = await running.waitForLog(begins);
      expect(block).toMatch(stack);
      expect(block).toMatch(
        new RegExp(`requests in flight \\(1\\), the latest first:\\n +GET ${path}, for `),
      );
      const [, seconds] = await running.waitForLog(ends);
      // As long as --stall-warning, which is 1, at least.
      expect(Number(soFar)).toBeGreaterThanOrEqual(1);
      expect(Number(seconds)).toBeGreaterThanOrEqual(Number(soFar));
      expect(answer.body).toBe(pid);
      expect((await get(running.at)).body).toBe(pid);
    },
  );

  it('says nothing with --stall-warning 0', async () => {
    const running = await serve([stalls, '--stall-warning', '0']);
    await get(running.at, '/spin?ms=2500');
    await get(running.at);
    expect(running.stderr).not.toMatch(/event loop/);
  });
});

describe.concurrent('requests that wait while the event loop is idle', () => {
  it.each([
    [[], /no limit ends it \(--request-timeout is 0\)/],
    [['--request-timeout', '77'], /--request-timeout ends it after 77 s/],
  ])('are said when they begin and when they end, with %j', async (args, limit) => {
    const running = await serve([stalls, '--request-warning', '0.8', ...args]);
    const leave = new AbortController();
    const left = fetch(`${running.at}/never?a=1`, { signal: leave.signal }).catch(() => 'left');
    const [line] = await running.waitForLog(/WARNING\] 1 request waits for an answer.*/);
    expect(line).toMatch(/nothing sent for 0\.8 s or more; the oldest is GET \/never, for [\d.]+ s; /);
    expect(line).toMatch(limit);
    leave.abort();
    expect(await left).toBe('left');
    await running.waitForLog(/INFO\] Requests no longer wait for 0\.8 s or more; up to 1 did, for [\d.]+ s/);
  });
});

describe.concurrent('a process that is stopped for a while', () => {
  it('is said to be, and is no blocked loop', async () => {
    const running = await serve([stalls]);
    const [pid = 0] = await running.waitForWorkers(1);
    process.kill(pid, 'SIGSTOP');
    await running.waitForLog(/WARNING\] Worker \(pid: \d+, .*\) is stopped, for about 3 s so far: state T/);
    process.kill(pid, 'SIGCONT');
    await running.waitForLog(/INFO\] Worker \(pid: \d+, .*\) continues; it was stopped for about \d+ s/);
    expect((await get(running.at)).status).toBe(200);
    expect(running.stderr).not.toMatch(/event loop/);
  });
});

describe.concurrent('an application that blocks while it loads', () => {
  it('is said to after five seconds', async () => {
    const files = {
      'app.mjs': `import { existsSync } from 'node:fs';
        while (!existsSync('release'));
        export default (q, s) => s.end("ok");`,
    };
    const running = start(['app.mjs', '-b', '127.0.0.1:0'], { files });
    await running.waitForLog(
      /WARNING\] Worker \(pid: \d+, slot 0, age 1\) has blocked its event loop for \d s while it loads the application/,
    );
    release(running);
    expect((await get(await running.url())).status).toBe(200);
  });
});
