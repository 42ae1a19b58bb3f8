import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startLoad } from '../support/load.ts';
import { app, childrenOf, isAlive, type Running, serve } from '../support/tsunicorn.ts';
import { gone, pidIn, upgrade } from '../support/upgrade.ts';

const hello = app('hello.ts:app', 'examples');

describe('an upgrade under load', () => {
  it('loses no request, forth or back, on TCP and Unix at once, and the pidfile is right at every moment', async () => {
    const binds = ['-b', '127.0.0.1:0', '-b', 'unix:app.sock'];
    const running = await serve([hello, '-w', '2', '-p', 'app.pid', ...binds], { files: {} });
    const dead = watchPidfile(running);
    const loads = [running.at, `unix:${join(running.cwd, 'app.sock')}`].map((url) => startLoad({ url }, 16));
    const answers = () => Promise.all(loads.map((load) => running.waitFor(more(load), 'more answers')));

    const second = await upgrade(running);
    expect([pidIn(running, 'app.pid'), pidIn(running, 'app.pid.2')]).toEqual([running.pid, second]);
    running.signal('SIGWINCH');
    await withoutWorkers(running, running.pid, second);
    await answers();
    running.signal('SIGTERM');
    await gone(running, running.pid);
    expect([pidIn(running, 'app.pid'), pidIn(running, 'app.pid.2')]).toEqual([second, null]);
    await answers();

    const third = await upgrade(running, second);
    process.kill(second, 'SIGWINCH');
    await withoutWorkers(running, second, third);
    process.kill(second, 'SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    process.kill(third, 'SIGTERM');
    await gone(running, third);
    await answers();
    expect([pidIn(running, 'app.pid'), pidIn(running, 'app.pid.2')]).toEqual([second, null]);

    for (const load of loads) expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
    expect(dead()).toEqual([]);
  });
});

function more(load: { answered: () => number }): () => boolean {
  const before = load.answered();
  return () => load.answered() > before + 50;
}

/** Waits until the arbiter has no child but `other`. */
function withoutWorkers(running: Running, pid: number, other: number): Promise<boolean> {
  return running.waitFor(() => childrenOf(pid).every((child) => child === other), 'the workers to be gone');
}

/** Looks at the pidfile all the time; the result lists what was in it, if nobody of that pid lived. */
function watchPidfile(running: Running): () => readonly (number | null)[] {
  const dead: (number | null)[] = [];
  const look = () => {
    const pid = pidIn(running, 'app.pid');
    if (pid === null || !isAlive(pid)) dead.push(pid);
  };
  const timer = setInterval(look, 2);
  onTestFinished(() => clearInterval(timer));
  return () => dead;
}
