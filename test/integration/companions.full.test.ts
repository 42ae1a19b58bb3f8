import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { built, isAlive, type Running, serve, start } from '../support/tsunicorn.ts';

const APP = 'export default (_, res) => res.end("hello");\n';
const STAYS = 'console.log("up", process.env.TSUNICORN_COMPANION_INDEX); setInterval(() => {}, 1000);\n';

function config(companions: object): string {
  return `export default ${JSON.stringify({ bind: '127.0.0.1:0', gracefulTimeout: 5, companions })};\n`;
}

function files(companions: object, more: Readonly<Record<string, string>> = {}) {
  return { 'app.mjs': APP, 'tsunicorn.config.mjs': config(companions), ...more };
}

/** The pid of the last process that was started of it, from `after` characters of the log on. */
async function startOf(running: Running, label: string, after = 0): Promise<number> {
  const [, pid] = await running.waitForLog(new RegExp(`Companion ${label} started \\(pid: (\\d+)\\)`), after);
  return Number(pid);
}

describe('companions', () => {
  it('start after the first worker, write into the log with their names, and end with the service', async () => {
    const companions = {
      jobs: { run: 'jobs.ts', count: 2 },
      shell: { run: ['sh', '-c', 'echo up; sleep 1000'] },
    };
    const running = await serve(['app.mjs'], { files: files(companions, { 'jobs.ts': STAYS }) });
    const pids = await Promise.all(['jobs 0', 'jobs 1', 'shell'].map((label) => startOf(running, label)));
    for (const [index, text] of ['jobs 0: up 0', 'jobs 1: up 1', 'shell: up'].entries())
      await running.waitForLog(new RegExp(`\\[${pids[index]}\\] \\[INFO\\] ${text}$`, 'm'));
    expect(running.stderr).toMatch(/Listening at[\s\S]*Companion jobs 0 started/);
    running.signal('SIGTERM');
    expect(await running.end()).toMatchObject({ status: 0 });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(running.stderr).toMatch(/Companion shell \(pid: \d+\) ended: the service stops/);
  });

  it('are led by a session of their own and stopped as a group, by KILL after the grace period', async () => {
    const script =
      'trap "" TERM; sh -c "trap \\"\\" TERM; echo child $$; sleep 1000" & echo up; wait; sleep 1000';
    const companions = { deaf: { run: ['sh', '-c', script], gracefulTimeout: 0.3 } };
    const running = await serve(['app.mjs'], { files: files(companions) });
    const pid = await startOf(running, 'deaf');
    const [, , , , group, session] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
    expect([group, session]).toEqual([`${pid}`, `${pid}`]);
    const [, child] = await running.waitForLog(/deaf: child (\d+)/);
    running.signal('SIGTERM');
    expect(await running.end()).toMatchObject({ status: 0 });
    expect([pid, Number(child)].filter(isAlive)).toEqual([]);
    expect(running.stderr).toMatch(
      /Companion deaf \(pid: \d+\) is killed: did not end within its grace period/,
    );
  });

  it('are started again, later and later, and each end is explained', async () => {
    const companions = { brief: { run: ['sh', '-c', 'exit 3'] } };
    const running = await serve(['app.mjs'], { files: files(companions) });
    await running.waitForLog(
      /ERROR\] Companion brief \(pid: \d+\) exited with status 3 after [\d.]+ s; next start at once/,
    );
    await running.waitForLog(/exited with status 3 after [\d.]+ s; next start in 0\.\d s/);
    await running.waitForLog(/exited with status 3 after [\d.]+ s; next start in (0\.[6-9]|1\.\d) s/);
    expect(running.workers().length).toBeLessThanOrEqual(2);
  });

  it('are replaced by a reload, each when the one before it has ended', async () => {
    const companions = { poller: { run: 'poller.mjs' } };
    const running = await serve(['app.mjs'], { files: files(companions, { 'poller.mjs': STAYS }) });
    const old = await startOf(running, 'poller');
    await running.waitForLog(/poller: up 0/);
    writeFileSync(join(running.cwd, 'poller.mjs'), STAYS.replace('up', 'second'));
    const seen = running.stderr.length;
    running.signal('SIGHUP');
    await running.waitForLog(/poller: second 0/, seen);
    expect(isAlive(old)).toBe(false);
    expect(running.stderr.slice(seen)).toMatch(
      /Generation 2 is ready[\s\S]*poller \(pid: \d+\) ended: replaced by another/,
    );
    const removed = running.stderr.length;
    writeFileSync(join(running.cwd, 'tsunicorn.config.mjs'), config({}));
    running.signal('SIGHUP');
    await running.waitForLog(/Companion poller \(pid: \d+\) ended: removed from the configuration/, removed);
  });

  it('that import tsunicorn/companion end when they have nothing left to do', async () => {
    const job = `import { companion, ready } from ${JSON.stringify(join(built, 'src/companion.js'))};
      ready();
      console.log('works for', companion().name);
    `;
    const companions = { job: { run: 'job.mjs', schedule: '* * * * * *' } };
    const running = await serve(['app.mjs'], { files: files(companions, { 'job.mjs': job }) });
    await running.waitForLog(/job: works for job[\s\S]*Companion job \(pid: \d+\) is done/);
    running.signal('SIGTERM');
    expect(await running.end()).toMatchObject({ status: 0 });
  });

  it('run by their schedules', async () => {
    const companions = { tick: { run: ['date'], schedule: '* * * * * *', timeZone: 'Europe/Berlin' } };
    const running = await serve(['app.mjs'], { files: files(companions) });
    await running.waitForLog(/Companion tick \(pid: \d+\) is done after [\d.]+ s; next run \d{4}-/);
    running.signal('SIGTERM');
    expect(await running.end()).toMatchObject({ status: 0 });
  });
});

describe('a mistake in the companions ends the start with one line and status 1', () => {
  it.each([
    [
      { jobs: { run: 'jobs.ts' } },
      /^tsunicorn: tsunicorn\.config\.mjs: companions\.jobs\.run: no such file: .*jobs\.ts; /,
    ],
    [{ jobs: { run: 'node jobs.ts' } }, /a command is a list of words: write run: \['node','jobs.ts'\]/],
    [
      { jobs: { run: ['no-such-command'] } },
      /jobs\.run: the command no-such-command is not in PATH; install it/,
    ],
    [{ jobs: { run: ['./app.mjs'] } }, /app\.mjs is no file that can be executed/],
    [{ jobs: { run: 'app.mjs', cwd: 'none' } }, /jobs\.cwd: no such directory: .*none; create it/],
    [{ jobs: { run: 'app.mjs', schedule: '0 25 * * *' } }, /jobs\.schedule: the hour "25"/],
    [
      { jobs: { run: 'app.mjs', schedule: '@daily', timeZone: 'X/Y' } },
      /jobs\.timeZone: "X\/Y" is not a time zone/,
    ],
    [
      { jobs: { run: 'app.mjs', cuont: 1 } },
      /config\.mjs:1: companions: jobs: unknown key "cuont"; did you mean "count"\?/,
    ],
  ])('%j', async (companions, line) => {
    const running = start(['app.mjs'], { files: files(companions) });
    expect(await running.end()).toMatchObject({ status: 1 });
    expect(running.stderr).toMatch(line);
    expect(running.stderr.trim().split('\n')).toHaveLength(1);
  });
});
