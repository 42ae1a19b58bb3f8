import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { app, isAlive, type Running, start } from '../support/tsunicorn.ts';

/** After the process has set its handlers, in milliseconds: from then on every moment of a start is the same. */
const MOMENTS = [0, 40, 80, 120, 160, 200, 300, 400];
const SIGTTOU = 22;

/** Resolves when the process catches the last of the signals: before that no JavaScript of ours has run. */
async function untilCaught(running: Running): Promise<void> {
  await running.waitFor(() => {
    const [, mask = '0'] =
      /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8')) ?? [];
    return (BigInt(`0x${mask}`) >> BigInt(SIGTTOU - 1)) & 1n;
  }, 'the handlers');
}

async function signalled(signal: NodeJS.Signals, ms: number): Promise<Running> {
  const running = start([app('puppet.ts:app'), '-b', '127.0.0.1:0', '-k', 'async']);
  await untilCaught(running);
  // The moments are what the test is about; nothing is expected to have happened by then.
  await pause(ms);
  if (isAlive(running.pid)) running.signal(signal);
  return running;
}

it.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGTTIN', 'SIGTTOU'] as const)(
  '%s at any moment of a start neither kills nor hangs it',
  async (signal) => {
    const check = async (ms: number) => {
      const running = await signalled(signal, ms);
      // It may rest where WINCH came late, and has workers of two generations after HUP.
      const url = await running.url();
      if (signal !== 'SIGWINCH') expect((await ask({ url })).status).toBe(200);
      running.signal('SIGTERM');
      expect(await running.end(), `${signal} after ${ms} ms`).toEqual({ status: 0, signal: null });
      expect(running.stderr).not.toMatch(/ERROR|CRITICAL|Debugger/);
    };
    // Two at a time: more would only wait for each other.
    for (let index = 0; index < MOMENTS.length; index += 2)
      await Promise.all(MOMENTS.slice(index, index + 2).map(check));
  },
);

it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('%s at any moment of a start ends it', async (signal) => {
  const check = async (ms: number) => {
    const ended = await (await signalled(signal, ms)).end();
    // By the kernel, as long as there is nothing to clean up.
    expect([
      { status: 0, signal: null },
      { status: null, signal },
    ]).toContainEqual(ended);
  };
  for (let index = 0; index < MOMENTS.length; index += 2)
    await Promise.all(MOMENTS.slice(index, index + 2).map(check));
});
