import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { startLoad } from '../support/load.ts';
import { app, isAlive, type Running, serve } from '../support/tsunicorn.ts';

const puppet = app('puppet.ts:app');
const CLIENTS = 8;

/** One worker that serves and one that stands by; `extra` are more arguments. */
async function serveWithSpare(...extra: readonly string[]) {
  const args = [puppet, '--spare-workers', '1', '--log-level', 'debug', ...extra];
  const running = await serve(args, { files: {} });
  await standsBy(running, 2);
  const serving = Number((await get(running.at)).body);
  return { running, serving, spare: running.workers().find((pid) => pid !== serving) ?? 0 };
}

/** Resolves once `times` workers have said that their application is loaded. */
async function standsBy(running: Running, times: number): Promise<void> {
  await running.waitForLog(new RegExp(`(Worker stands by[^]*){${times}}`));
}

describe('a spare worker', () => {
  it.each(['async', 'sync', 'thread'])(
    'of class %s accepts nothing until the worker that serves is killed, and then takes over',
    async (name) => {
      const threads = name === 'thread' ? ['--threads', '1'] : [];
      const { running, serving, spare } = await serveWithSpare('-k', name, ...threads);
      const before = await Promise.all(Array.from({ length: 20 }, () => get(running.at)));
      expect(new Set(before.map(({ body }) => body))).toEqual(new Set([`${serving}`]));
      process.kill(serving, 'SIGKILL');
      await running.waitForLog(new RegExp(`Spare worker takes over \\(pid: ${spare}\\)`));
      expect((await get(running.at)).body).toBe(`${spare}`);
      await standsBy(running, 3);
      expect(running.workers()).toHaveLength(2);
    },
  );

  it('takes over under load: only what was in the killed worker fails', async () => {
    const { running, serving, spare } = await serveWithSpare();
    const load = startLoad({ url: running.at }, CLIENTS);
    await running.waitFor(() => load.answered() > 10 * CLIENTS, 'some answers');
    process.kill(serving, 'SIGKILL');
    await running.waitForLog(new RegExp(`Spare worker takes over \\(pid: ${spare}\\)`));
    const answered = load.answered();
    await running.waitFor(() => load.answered() > answered + CLIENTS, 'answers of the spare worker');
    const { failures, refused } = await load.stop();
    expect(refused).toBe(0);
    expect(failures.length).toBeLessThanOrEqual(CLIENTS);
  });

  it('is replaced where it dies itself, and what serves does not notice', async () => {
    const { running, serving, spare } = await serveWithSpare();
    process.kill(spare, 'SIGKILL');
    await running.waitForLog(/was killed by SIGKILL.*while it stood by; next try at once/);
    await standsBy(running, 3);
    expect(running.workers()).toContain(serving);
    expect(running.workers()).not.toContain(spare);
  });

  it('serves at once after TTIN, and another follows it', async () => {
    const { running, spare } = await serveWithSpare();
    running.signal('SIGTTIN');
    await running.waitForLog(new RegExp(`Spare worker takes over \\(pid: ${spare}\\)`));
    await running.waitForWorkers(3);
  });

  it('is of the new code after a reload, whose canary has proved that it listens', async () => {
    const { running, serving, spare } = await serveWithSpare();
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    await running.waitFor(() => !isAlive(serving) && !isAlive(spare), 'the old workers to be gone');
    await standsBy(running, 4);
    expect(running.workers()).toHaveLength(2);
  });

  it('does not serve a reload whose canary cannot load the application', async () => {
    const { running, serving, spare } = await serveWithSpare();
    writeFileSync(join(running.cwd, 'broken'), '');
    running.signal('SIGHUP');
    await running.waitForLog(/Reload undone/);
    expect(running.workers()).toEqual(expect.arrayContaining([serving, spare]));
    expect((await get(running.at)).body).toBe(`${serving}`);
  });

  it('goes first when the service stops, which leaves nothing', async () => {
    const { running, serving, spare } = await serveWithSpare();
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect([serving, spare].filter(isAlive)).toEqual([]);
    const ends = [...running.stderr.matchAll(/Worker exiting \(pid: (\d+)\)/g)].map(([, pid]) => Number(pid));
    expect(ends).toEqual([spare, serving]);
  });
});
