import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { plan } from '../soak/plan.ts';
import { type LoadResult, startLoad } from '../support/load.ts';
import { app, type Running, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const hello = app('hello.ts:app', 'examples');
const CLIENTS = 32;

function binds(): readonly [name: string, bind: () => string][] {
  return [
    ['TCP', () => '127.0.0.1:0'],
    ['a Unix socket', () => `unix:${join(temporaryDirectory(), 'app.sock')}`],
  ];
}

describe.each(binds())('under load on %s', (_name, bind) => {
  it('loses no request in reload after reload', async () => {
    const running = await serve([hello, '-w', '2', '-b', bind()]);
    const load = startLoad({ url: running.at }, CLIENTS);
    for (let round = 0; round < plan.loadReloads; round++) await reload(running);
    const result = await load.stop();
    expect(result).toMatchObject({ failures: [], refused: 0 });
    expect(result.answered).toBeGreaterThan(CLIENTS);
  });

  it('answers everything that was accepted before a TERM and refuses what comes later', async () => {
    const running = await serve([hello, '-w', '2', '-b', bind()]);
    const load = startLoad({ url: running.at }, CLIENTS);
    await running.waitFor(() => load.answered() > 10 * CLIENTS, 'some answers');
    running.signal('SIGTERM');
    const result: LoadResult = await load.refused();
    expect(result).toMatchObject({ failures: [], refused: CLIENTS });
    expect(await running.end()).toEqual({ status: 0, signal: null });
  });

  it('refuses no connection while workers are killed, and fails only what was in them', async () => {
    const running = await serve([hello, '-w', '2', '-b', bind()]);
    const load = startLoad({ url: running.at }, CLIENTS);
    let kills = 0;
    for (; kills < plan.loadKills; kills++) {
      const workers = await running.waitForWorkers(2);
      // Any of them, also one that still boots: in turn, so that no run is luckier than another.
      const victim = workers[kills % 2] ?? 0;
      const seen = running.stderr.length;
      const answered = load.answered();
      process.kill(victim, 'SIGKILL');
      await running.waitForLog(/was killed by SIGKILL/, seen);
      await running.waitFor(() => load.answered() > answered, 'an answer from those that are left');
    }
    const { failures, refused } = await load.stop();
    expect(refused).toBe(0);
    // A client has one request at a time, so a worker dies with at most one of each; and it is cut, not answered badly.
    expect(failures.length).toBeLessThanOrEqual(kills * CLIENTS);
    expect(failures.filter((failure) => !/^(ECONNRESET|EPIPE|socket hang up)/.test(failure))).toEqual([]);
  });
});

describe('busy processors', () => {
  it('cost no request in threads, and a worker that retires ends with its last answer', async () => {
    const running = await serve([hello, '-k', 'thread', '--threads', '2', '-b', '127.0.0.1:0']);
    keepBusy(3, 3000);
    const load = startLoad({ url: running.at }, CLIENTS);
    await reload(running);
    await running.waitFor(() => load.answered() > 50 * CLIENTS, 'many answers');
    expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/Cut \d/);
  });
});

/** Processes that compute for at most `ms`, so that the threads of a worker are held up anywhere. */
function keepBusy(count: number, ms: number): void {
  const source = `for (const start = Date.now(); Date.now() - start < ${ms}; );`;
  for (let index = 0; index < count; index++) {
    const busy = spawn(process.execPath, ['-e', source], { stdio: 'ignore' });
    onTestFinished(() => void busy.kill('SIGKILL'));
  }
}

/** Sends HUP and waits until the new generation has replaced the old one. */
async function reload(running: Running): Promise<void> {
  const old = running.workers();
  const seen = running.stderr.length;
  running.signal('SIGHUP');
  await running.waitForLog(/Generation \d+ is ready/, seen);
  await running.waitFor(() => {
    const now = running.workers();
    return now.length === old.length && !now.some((pid) => old.includes(pid));
  }, 'the old workers to be gone');
}
