import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { startLoad } from '../support/load.ts';
import { type Running, serve, start } from '../support/tsunicorn.ts';

/** Answers with the slot and the pid of its worker. */
const APP = `
export const app = (request, response) => response.end(process.env.TSUNICORN_SLOT + ' ' + process.pid);
`;
const files = { 'app.mjs': APP };
const IN_SLOTS = ['-b', 'unix:{slot}.sock'];

const at = (running: Running, slot: number) => `unix:${join(running.cwd, `${slot}.sock`)}`;
const ask = async (url: string) => {
  const [slot, pid] = (await get(url)).body.split(' ');
  return { slot: Number(slot), pid: Number(pid) };
};

async function serveSlots(count: number, ...extra: readonly string[]): Promise<Running> {
  const args = ['app.mjs:app', '-w', `${count}`, ...IN_SLOTS, '--log-level', 'debug', ...extra];
  const running = start(args, { files });
  await ready(running, count);
  return running;
}

/** Resolves when workers have got ready `times` times. */
async function ready(running: Running, times: number): Promise<void> {
  await running.waitForLog(new RegExp(`(Worker is ready[\\s\\S]*){${times}}`));
}

describe('a socket for each slot', () => {
  it.each(['async', 'sync', 'thread'])(
    'is answered by the worker of that slot, beside the shared one, in class %s',
    async (name) => {
      const threads = name === 'thread' ? ['--threads', '1'] : [];
      const args = ['app.mjs:app', '-w', '2', '-k', name, ...threads, '-b', '127.0.0.1:0', ...IN_SLOTS];
      const running = await serve([...args, '--log-level', 'debug'], { files });
      await ready(running, 2);
      const asked = await Promise.all([0, 1, 0, 1].map((slot) => ask(at(running, slot))));
      expect(asked.map(({ slot }) => slot)).toEqual([0, 1, 0, 1]);
      expect(new Set(asked.map(({ pid }) => pid)).size).toBe(2);
      expect(asked.map(({ pid }) => pid)).toContain((await ask(running.at)).pid);
      const [, listening] = await running.waitForLog(/Listening at: (.*) \(\d+\)/);
      expect(listening).toBe(`${running.at}, ${at(running, 0)}, ${at(running, 1)}`);
      running.signal('SIGTERM');
      expect(await running.end()).toEqual({ status: 0, signal: null });
      expect(existsSync(join(running.cwd, '0.sock'))).toBe(false);
      expect(existsSync(join(running.cwd, '1.sock'))).toBe(false);
    },
  );

  it('keeps its connections waiting while its worker is dead, and the others are served', async () => {
    const running = await serveSlots(2);
    writeFileSync(
      join(running.cwd, 'app.mjs'),
      `while ((await import('node:fs')).existsSync('hold'));\n${APP}`,
    );
    writeFileSync(join(running.cwd, 'hold'), '');
    const dead = await ask(at(running, 1));
    process.kill(dead.pid, 'SIGKILL');
    await running.waitForLog(new RegExp(`pid: ${dead.pid}.*was killed by SIGKILL`));
    const waiting = [1, 2, 3].map(() => ask(at(running, 1)));
    expect((await ask(at(running, 0))).slot).toBe(0);
    const { rmSync } = await import('node:fs');
    rmSync(join(running.cwd, 'hold'));
    for (const { slot, pid } of await Promise.all(waiting)) {
      expect(slot).toBe(1);
      expect(pid).not.toBe(dead.pid);
    }
  });

  it('loses no request over HUP, TERM to each worker, and an upgrade', async () => {
    const running = await serveSlots(2);
    const loads = [0, 1].map((slot) => startLoad({ url: at(running, slot) }, 4));
    const served = () =>
      running.waitFor(() => loads.every((load) => load.answered() > 20), 'answers in both slots');
    await served();
    const old = running.workers();
    running.signal('SIGHUP');
    await running.waitFor(() => !old.some((pid) => running.workers().includes(pid)), 'the old ones to go');
    await ready(running, 4);
    for (const slot of [0, 1]) process.kill((await ask(at(running, slot))).pid, 'SIGTERM');
    await ready(running, 6);
    running.signal('SIGUSR2');
    const [, pid] = await running.waitForLog(/The new arbiter \(pid: (\d+)\) serves together/);
    running.signal('SIGTERM');
    await running.waitForLog(/has exited: the upgrade is complete/);
    for (const slot of [0, 1]) expect((await ask(at(running, slot))).slot).toBe(slot);
    const results = await Promise.all(loads.map((load) => load.stop()));
    expect(results.map(({ failures, refused }) => ({ failures, refused }))).toEqual([
      { failures: [], refused: 0 },
      { failures: [], refused: 0 },
    ]);
    process.kill(Number(pid), 'SIGTERM');
    await running.waitFor(() => !existsSync(join(running.cwd, '0.sock')), 'the sockets to be gone');
  });

  it('comes and goes with --workers at HUP, which TTIN and TTOU do not change', async () => {
    const config = (workers: number) =>
      `export default { app: 'app.mjs:app', bind: ['unix:{slot}.sock'], workers: ${workers}, logLevel: 'debug' };`;
    const running = start(['-c', 'conf.mjs'], { files: { ...files, 'conf.mjs': config(2) } });
    await ready(running, 2);
    running.signal('SIGTTIN');
    await running.waitForLog(/The number of workers stays 2: each slot has a socket of its own/);
    running.signal('SIGTTOU');
    await running.waitForLog(/(stays 2[\s\S]*){2}/);
    writeFileSync(join(running.cwd, 'conf.mjs'), config(3));
    running.signal('SIGHUP');
    await ready(running, 5);
    expect((await ask(at(running, 2))).slot).toBe(2);
    writeFileSync(join(running.cwd, 'conf.mjs'), config(1));
    running.signal('SIGHUP');
    await running.waitForWorkers(1);
    expect([0, 1, 2].map((slot) => existsSync(join(running.cwd, `${slot}.sock`)))).toEqual([
      true,
      false,
      false,
    ]);
    expect((await ask(at(running, 0))).slot).toBe(0);
  });

  it('cannot take the place of a shared one at HUP, nor the other way round, which one line says', async () => {
    const config = (bind: string) => `export default { app: 'app.mjs:app', bind: ['${bind}'] };`;
    const running = start(['-c', 'conf.mjs'], { files: { ...files, 'conf.mjs': config('unix:0.sock') } });
    await running.waitForLog(/Listening at/);
    const before = await ask(at(running, 0));
    writeFileSync(join(running.cwd, 'conf.mjs'), config('unix:{slot}.sock'));
    running.signal('SIGHUP');
    await running.waitForLog(
      /Reload refused, nothing was changed: conf\.mjs: bind unix:\S*\/0\.sock: it is the socket of all workers at present, .* restart/,
    );
    expect(await ask(at(running, 0))).toEqual(before);
  });

  it.each([
    [[...IN_SLOTS, '--spare-workers', '1'], 'a spare worker has no slot when it starts'],
    [[...IN_SLOTS, '--workers-min', '1', '--workers-max', '2'], 'leave --workers-min and --workers-max away'],
    [['-b', 'fd://{slot}'], 'not in a descriptor'],
    [['-b', '127.0.0.1:{slot}'], 'write digits before {slot}'],
    [['-w', '11', '-b', '127.0.0.1:900{slot}'], 'a port is a number from 0 to 65535'],
  ])('is refused in one line with %j', async (args, why) => {
    const running = start(['app.mjs:app', ...args], { files });
    expect(await running.end()).toEqual({ status: 1, signal: null });
    expect(running.stderr.trim().split('\n')).toEqual([expect.stringContaining(why)]);
  });
});
