import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get, outcome, pidsThatAnswer } from '../support/client.ts';
import { app, isAlive, type Running, start } from '../support/tsunicorn.ts';

const puppet = app('puppet.ts:app');
const stopped = { status: 0, signal: null };

/** How far the boot of two workers is when the signal comes. */
const moments = {
  'before they say hello': /Starting tsunicorn/,
  'while they import the application': /waits in its import[\s\S]*waits in its import/,
} as const;

async function booting(until: RegExp, args: readonly string[] = []): Promise<Running> {
  const running = start([puppet, '-w', '2', '-b', 'unix:app.sock', '--pid', 'pid', ...args], {
    files: { 'hold-boot': '' },
  });
  await running.waitForLog(until);
  return running;
}

/** Lets the imports go on, and waits until exactly `count` workers have all answered. */
async function settle(running: Running, count: number): Promise<ReadonlySet<number>> {
  rmSync(join(running.cwd, 'hold-boot'));
  const pids = await pidsThatAnswer(await running.url(), count);
  await running.waitForWorkers(count);
  return pids;
}

async function stop(running: Running): Promise<void> {
  const workers = running.workers();
  running.signal('SIGTERM');
  expect(await running.end()).toEqual(stopped);
  expect(workers.filter(isAlive)).toEqual([]);
}

describe.each(Object.entries(moments))('a signal to the arbiter %s', (_moment, until) => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    '%s ends the service, which never served',
    async (signal) => {
      const running = await booting(until);
      const workers = running.workers();
      running.signal(signal);
      expect(await running.end()).toEqual(stopped);
      expect(workers.filter(isAlive)).toEqual([]);
      expect(running.stderr).not.toMatch(/Listening at|ERROR|CRITICAL/);
      expect(['pid', 'app.sock'].filter((file) => existsSync(join(running.cwd, file)))).toEqual([]);
    },
  );

  it('SIGHUP leaves one whole generation, the newest', async () => {
    const running = await booting(until);
    const first = running.workers();
    running.signal('SIGHUP');
    await running.waitForLog(/Handling signal: hup/);
    rmSync(join(running.cwd, 'hold-boot'));
    await running.waitForLog(/Generation 2 is ready/);
    const pids = await running.waitFor(() => {
      const now = running.workers();
      return now.length === 2 && !now.some((pid) => first.includes(pid)) && now;
    }, 'two workers of the new generation');
    expect(await pidsThatAnswer(await running.url(), 2)).toEqual(new Set(pids));
    expect(running.stderr).not.toMatch(/ERROR|CRITICAL|WARNING/);
    await stop(running);
  });

  it.each([
    ['SIGTTIN', 3],
    ['SIGTTOU', 1],
  ] as const)('%s makes them %i', async (signal, count) => {
    const running = await booting(until);
    running.signal(signal);
    await running.waitForLog(/Handling signal: tt/);
    expect((await settle(running, count)).size).toBe(count);
    expect(running.stderr).not.toMatch(/ERROR|CRITICAL|WARNING/);
    await stop(running);
  });

  it('SIGUSR1 harms none of them', async () => {
    const running = await booting(until);
    const workers = running.workers();
    running.signal('SIGUSR1');
    await running.waitForLog(/Handling signal: usr1/);
    expect(await settle(running, 2)).toEqual(new Set(workers));
    expect(running.stderr).not.toMatch(/ERROR|CRITICAL|WARNING/);
    await stop(running);
  });
});

describe('a service that was stopped while it booted', () => {
  it('leaves its address free for the next', async () => {
    const running = await booting(moments['while they import the application']);
    running.signal('SIGTERM');
    await running.end();
    rmSync(join(running.cwd, 'hold-boot'));
    const next = start([puppet, '-b', 'unix:app.sock', '--pid', 'pid'], { cwd: running.cwd });
    expect(await outcome(get(await next.url()))).toBe('200');
    expect(readFileSync(join(running.cwd, 'pid'), 'utf8')).toBe(`${next.pid}\n`);
  });
});
