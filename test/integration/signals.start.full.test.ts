import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isLong } from '../soak/plan.ts';
import { ask } from '../support/http-client.ts';
import { app, isAlive, type Running, start } from '../support/tsunicorn.ts';
import { endFamilyWithTest, gone } from '../support/upgrade.ts';

interface Moment {
  readonly name: string;
  readonly come: (running: Running) => Promise<unknown>;
}

const SIGTTOU = 22;
const stopped = { status: 0, signal: null };

// Events, not times: they come in every start, however slow the machine.
const handlersSet: Moment = { name: 'once the handlers are set', come: untilCaught };
const listening = logged(/Listening at/);
const EVENTS = [handlersSet, logged(/Starting tsunicorn/), logged(/Booting worker/), listening];
// What lies between the events, where there is time for it.
const BETWEEN = isLong ? [20, 40, 80, 120, 160, 200, 300, 400].map(afterHandlers) : [];

function logged(pattern: RegExp): Moment {
  return { name: `at ${pattern}`, come: (running) => running.waitForLog(pattern) };
}

function afterHandlers(ms: number): Moment {
  const come = async (running: Running) => {
    await untilCaught(running);
    await pause(ms);
  };
  return { name: `${ms} ms after the handlers`, come };
}

/** Resolves when the process catches the last of the signals: before that no JavaScript of ours has run. */
async function untilCaught(running: Running): Promise<void> {
  await running.waitFor(() => {
    const [, mask = '0'] =
      /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8')) ?? [];
    return (BigInt(`0x${mask}`) >> BigInt(SIGTTOU - 1)) & 1n;
  }, 'the handlers');
}

async function signalled(signal: NodeJS.Signals, moment: Moment): Promise<Running> {
  const running = start([app('puppet.ts:app'), '-b', '127.0.0.1:0', '-k', 'async']);
  await moment.come(running);
  if (isAlive(running.pid)) running.signal(signal);
  return running;
}

/** Checks every moment, a few at a time: more starts at once would only wait for each other. */
async function atEachMoment(check: (moment: Moment) => Promise<void>): Promise<void> {
  const moments = [...EVENTS, ...BETWEEN];
  for (let index = 0; index < moments.length; index += EVENTS.length)
    await Promise.all(moments.slice(index, index + EVENTS.length).map(check));
}

/** Stops the service: the arbiter and, where there was an upgrade, the new one after it. Resolves with the new one's pid. */
async function stop(running: Running): Promise<number | null> {
  running.signal('SIGTERM');
  await running.waitForLog(/Shutting down: arbiter/);
  const [, text] = /Starting a new arbiter with pid: (\d+)/.exec(running.stderr) ?? [];
  if (text === undefined) return null;
  // It lives on, as it should, and keeps the outputs open.
  const pid = endFamilyWithTest(Number(text));
  await gone(running, running.pid);
  process.kill(pid, 'SIGTERM');
  return pid;
}

it.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGTTIN', 'SIGTTOU'] as const)(
  '%s at any moment of a start neither kills nor hangs it',
  (signal) =>
    atEachMoment(async (moment) => {
      const running = await signalled(signal, moment);
      // It may rest where WINCH came late, and has workers of two generations after HUP.
      const url = await running.url();
      if (signal !== 'SIGWINCH') expect((await ask({ url })).status).toBe(200);
      const upgraded = await stop(running);
      expect(await running.end(), `${signal} ${moment.name}`).toEqual(stopped);
      if (signal === 'SIGUSR2' && moment === listening) expect(upgraded).not.toBeNull();
      expect(running.stderr.match(/Shutting down: arbiter/g)).toHaveLength(upgraded === null ? 1 : 2);
      expect(running.stderr).not.toMatch(/ERROR|CRITICAL|Debugger/);
    }),
);

it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('%s at any moment of a start ends it', (signal) =>
  atEachMoment(async (moment) => {
    const running = await signalled(signal, moment);
    // By the kernel, as long as there is nothing to clean up.
    const byKernel = { status: null, signal };
    const allowed = moment === listening ? [stopped] : [stopped, byKernel];
    expect(allowed, `${signal} ${moment.name}`).toContainEqual(await running.end());
  }),
);
