import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { app, isAlive, type Running, serve } from '../support/tsunicorn.ts';

// They wait until a limit is over, or a process that is held open.
tellTestsApart();

const puppet = app('puppet.ts:app');

/** Waits until another worker serves in the place of the only one, `old`. */
async function replaced(running: Running & { at: string }, old: number): Promise<void> {
  await running.waitFor(() => {
    const now = running.workers();
    return now.length === 1 && now[0] !== old;
  }, `worker ${old} to be replaced`);
  expect((await get(running.at)).body).toBe(`${running.workers()[0]}`);
}

describe('a worker that dies', () => {
  it('by SIGKILL is replaced, and the log names the signal and what may have sent it', async () => {
    const running = await serve([puppet]);
    const [old = 0] = running.workers();
    process.kill(old, 'SIGKILL');
    await replaced(running, old);
    expect(running.stderr).toMatch(new RegExp(`\\(pid: ${old}, .*was killed by SIGKILL.*out-of-memory`));
  });

  it('by process.exit() in the application is replaced, and the log says so', async () => {
    const running = await serve([puppet]);
    const [old = 0] = running.workers();
    expect(await outcome(get(running.at, '/exit'))).toBe('ECONNRESET');
    await replaced(running, old);
    expect(running.stderr).toMatch(
      new RegExp(`\\(pid: ${old}, .*exited with status 5 without being told to`),
    );
  });

  it.each([
    ['an uncaught exception', '/throw', 'Uncaught exception', 'thrown on purpose'],
    ['an unhandled rejection', '/reject', 'Unhandled rejection', 'rejected on purpose'],
  ])(
    'by %s is replaced, its stack is logged, and its other requests finish',
    async (_what, path, name, message) => {
      // With a spare worker, as the others of the one that dies have five seconds, which are not enough to boot everywhere.
      const running = await serve([puppet, '--spare-workers', '1'], { files: { hold: '' } });
      await running.waitForWorkers(2);
      const held = get(running.at, '/held');
      const [, old = ''] = await running.waitForLog(/^(\d+) holds a request/m);
      expect(await outcome(get(running.at, path))).toBe('200');
      await running.waitForLog(
        new RegExp(`${name} in the application\\n\\s+Error: ${message}\\n\\s+at .*puppet\\.ts:`),
      );
      // The next is answered by its replacement while it still holds the other request.
      expect((await get(running.at)).body).not.toBe(old);
      rmSync(join(running.cwd, 'hold'));
      expect(await held).toMatchObject({ status: 200, body: old });
      await running.waitForLog(new RegExp(`Worker exiting \\(pid: ${old}\\): ${name.toLowerCase()}`));
    },
  );
});

it.concurrent('is replaced, and a stop ends, where a process that a dead worker had started holds its channel and its pipe', async () => {
  const holds = `
    import { spawn } from 'node:child_process';
    export default (req, res) => {
      if (req.url === '/exit') process.exit(7);
      if (req.url === '/hold')
        spawn('sleep', ['10'], { stdio: ['ignore', 'ignore', 'ignore', 3, 4, 5], detached: true }).unref();
      res.end(String(process.pid));
    };`;
  const running = await serve(['holds.mjs'], { files: { 'holds.mjs': holds } });
  const [old = 0] = running.workers();
  await get(running.at, '/hold');
  expect(await outcome(get(running.at, '/exit'))).toBe('ECONNRESET');
  await replaced(running, old);
  await get(running.at, '/hold');
  running.signal('SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
});

describe.concurrent('a worker whose event loop is blocked', () => {
  it('is killed after the timeout and replaced, and the log says why; the others serve on', async () => {
    const running = await serve([puppet, '-w', '2', '--timeout', '2']);
    const blocked = outcome(get(running.at, '/block'));
    const [, old] = await running.waitForLog(/^(\d+) is blocked/m);
    const other = running.workers().find((pid) => pid !== Number(old));
    expect((await get(running.at)).body).toBe(`${other}`);
    expect(await blocked).toBe('503');
    await running.waitForLog(
      new RegExp(`\\(pid: ${old}, .*killed by the arbiter: its event loop was blocked`),
    );
    await running.waitFor(() => running.workers().length === 2 && !isAlive(Number(old)), 'a replacement');
    expect(running.workers()).toContain(other);
  });
});

describe.concurrent('a crash loop', () => {
  it('slows down, keeps connections waiting, and ends when the cause is gone', async () => {
    const running = await serve([puppet], { files: {} });
    const [old = 0] = running.workers();
    writeFileSync(join(running.cwd, 'broken'), '');
    process.kill(old, 'SIGKILL');
    await running.waitForLog(/next try in/);
    const waiting = outcome(get(running.at));
    const next = 'broken on purpose.*; next try in ([\\d.]+) s';
    const [, first, second] = await running.waitForLog(new RegExp(`${next}[\\s\\S]*${next}`));
    expect(Number(second)).toBeGreaterThan(Number(first));
    rmSync(join(running.cwd, 'broken'));
    expect(await waiting).toBe('200');
    expect(running.workers()).toHaveLength(1);
    expect(running.stderr).toMatch(/\n\s+at .*puppet\.ts:/);
  });
});
