import { rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get, outcome, pidsThatAnswer, refused } from '../support/client.ts';
import { startLoad } from '../support/load.ts';
import { app, endWithTest, isAlive, type Running, serve } from '../support/tsunicorn.ts';

const puppet = app('puppet.ts:app');
const stopped = { status: 0, signal: null };

/** A service in whose requests for /held nothing happens until release(). */
function serveHeld(args: readonly string[] = []) {
  return serve([puppet, ...args], { files: { hold: '' } });
}

function release(running: Running): void {
  rmSync(join(running.cwd, 'hold'));
}

describe('TERM', () => {
  it('finishes the request in flight, marks its answer as the last of the connection, and refuses new ones', async () => {
    const running = await serveHeld(['-w', '2']);
    const agent = new Agent({ keepAlive: true });
    const held = get(running.at, '/held', agent);
    await running.waitForLog(/holds a request/);
    const workers = running.workers();
    running.signal('SIGTERM');
    await refused(running.at);
    release(running);
    const { status, headers } = await held;
    expect([status, headers.connection]).toEqual([200, 'close']);
    expect(await running.end()).toEqual(stopped);
    expect(workers.filter(isAlive)).toEqual([]);
  });

  it('cuts the request that outlives the graceful timeout, says so, and still exits with 0', async () => {
    const running = await serveHeld(['--graceful-timeout', '0.5']);
    const held = outcome(get(running.at, '/held'));
    await running.waitForLog(/holds a request/);
    running.signal('SIGTERM');
    expect(await held).toBe('ECONNRESET');
    expect(await running.end()).toEqual(stopped);
    expect(running.stderr).toMatch(
      /Cut 1 connection\(s\) at the end of the grace period of 0\.5 s\n +GET \/held, for [\d.]+ s, not answered\n/,
    );
  });
});

describe('INT and QUIT', () => {
  it.each(['SIGINT', 'SIGQUIT'] as const)(
    '%s ends the service at once, a request in flight too',
    async (signal) => {
      const running = await serveHeld(['-w', '2']);
      const held = outcome(get(running.at, '/held'));
      await running.waitForLog(/holds a request/);
      const workers = running.workers();
      running.signal(signal);
      expect(await held).toBe('ECONNRESET');
      expect(await running.end()).toEqual(stopped);
      expect(workers.filter(isAlive)).toEqual([]);
    },
  );

  it('a second INT kills a worker that is blocked and did not hear the first', async () => {
    const running = await serve([puppet]);
    const blocked = outcome(get(running.at, '/block'));
    await running.waitForLog(/is blocked/);
    running.signal('SIGINT');
    await running.waitForLog(/Handling signal: int/);
    running.signal('SIGINT');
    expect(await blocked).toBe('ECONNRESET');
    expect(await running.end()).toEqual(stopped);
    expect(running.stderr).toMatch(/killed by the arbiter: the service is forced to stop/);
  });

  it('an INT hastens the TERM that waits for a request', async () => {
    const running = await serveHeld();
    const held = outcome(get(running.at, '/held'));
    await running.waitForLog(/holds a request/);
    running.signal('SIGTERM');
    await refused(running.at);
    running.signal('SIGINT');
    expect(await held).toBe('ECONNRESET');
    expect(await running.end()).toEqual(stopped);
  });

  it('Ctrl-C, which reaches the whole process group, ends everything with status 0', async () => {
    const running = await serve([puppet, '-w', '2'], { ownGroup: true });
    const workers = running.workers();
    process.kill(-running.pid, 'SIGINT');
    expect(await running.end()).toEqual(stopped);
    expect(workers.filter(isAlive)).toEqual([]);
    expect(running.stderr).not.toMatch(/ERROR|CRITICAL|WARNING/);
  });
});

describe('TTIN and TTOU', () => {
  it('add one worker and retire it again, but never the last', async () => {
    const running = await serve([puppet]);
    const [first = 0] = running.workers();
    running.signal('SIGTTIN');
    const two = await pidsThatAnswer(running.at, 2);
    expect(running.workers()).toEqual([...two].toSorted(byAge));
    running.signal('SIGTTOU');
    expect(await running.waitForWorkers(1)).toEqual([first]);

    running.signal('SIGTTOU');
    await running.waitForLog(/Handling signal: ttou[\s\S]*Handling signal: ttou/);
    running.signal('SIGTTIN');
    expect(await pidsThatAnswer(running.at, 2)).toContain(first);
    expect(running.workers()).toHaveLength(2);
  });
});

function byAge(a: number, b: number): number {
  return a - b;
}

describe('HUP', () => {
  it('replaces the workers under the same arbiter, which goes on listening', async () => {
    const running = await serve([puppet, '-w', '2']);
    const before = running.workers();
    const load = startLoad({ url: running.at }, 4);
    running.signal('SIGHUP');
    const after = await running.waitFor(() => {
      const now = running.workers();
      return now.length === 2 && !now.some((pid) => before.includes(pid)) && now;
    }, 'two new workers');
    expect(await load.stop()).toMatchObject({ refused: 0, failures: [] });
    expect(await pidsThatAnswer(running.at, 2)).toEqual(new Set(after));
    expect(running.child.exitCode).toBeNull();
  });
});

describe('TERM during a HUP', () => {
  it('leaves nothing running, though the config file that is being read blocks', async () => {
    const config = `import { existsSync } from 'node:fs';
      if (existsSync('block')) {
        console.error(process.pid + ' reads the config');
        for (;;);
      }
      export default {};`;
    const running = await serve([puppet], { files: { 'tsunicorn.config.mjs': config } });
    writeFileSync(join(running.cwd, 'block'), '');
    running.signal('SIGHUP');
    const [, reader] = await running.waitForLog(/^(\d+) reads the config/m);
    endWithTest(Number(reader));
    running.signal('SIGTERM');
    await running.waitForLog(/Shutting down: arbiter/);
    await running.waitFor(() => !isAlive(running.pid) && !isAlive(Number(reader)), 'everything to be gone');
  });
});

describe('a signal to a worker', () => {
  it('TERM has it replaced before it goes, and no request is lost', async () => {
    const running = await serve([puppet]);
    const [old = 0] = running.workers();
    const load = startLoad({ url: running.at }, 4);
    process.kill(old, 'SIGTERM');
    await running.waitForLog(new RegExp(`Worker exiting \\(pid: ${old}\\): SIGTERM`));
    expect(await load.stop()).toMatchObject({ refused: 0, failures: [] });
    const [replacement = 0] = await running.waitForWorkers(1);
    expect(running.stderr).toMatch(
      new RegExp(`Booting worker with pid: ${replacement}$[\\s\\S]*Worker exiting \\(pid: ${old}\\)`, 'm'),
    );
    expect(await outcome(get(running.at))).toBe('200');
  });

  it.each(['SIGINT', 'SIGQUIT'] as const)(
    '%s ends it at once, and another takes its place',
    async (signal) => {
      const running = await serve([puppet]);
      const [old = 0] = running.workers();
      process.kill(old, signal);
      await running.waitForLog(new RegExp(`Worker exiting \\(pid: ${old}\\): ${signal}`));
      expect((await get(running.at)).body).not.toBe(`${old}`);
    },
  );

  it('HUP, USR2, TTIN and TTOU, which are meant for the arbiter, do it no harm', async () => {
    const running = await serve([puppet]);
    const [worker = 0] = running.workers();
    for (const signal of ['SIGHUP', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU'] as const) process.kill(worker, signal);
    expect((await get(running.at)).body).toBe(`${worker}`);
    expect(running.workers()).toEqual([worker]);
  });
});
