import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { percentile } from '../../bench/statistics.ts';
import { request } from '../support/load.ts';
import { app, root, serve } from '../support/tsunicorn.ts';
import { form, plan } from './plan.ts';

/** How many there are of each kind at most: heads, bodies, unread answers, resets, silent ones. */
const MOST = [2000, 200, 200, 500, 500];

const CLIENTS = 2;

interface Measured {
  readonly failures: readonly string[];
  readonly answered: number;
  readonly p99: number;
}

/** Honest clients, each on a new connection a request. */
async function measure(url: string, ms: number): Promise<Measured> {
  const times: number[] = [];
  const failures: string[] = [];
  const until = performance.now() + ms;
  const client = async () => {
    while (performance.now() < until) {
      const began = performance.now();
      const outcome = await request({ url });
      if (outcome === '200') times.push(performance.now() - began);
      else failures.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { failures, answered: times.length, p99: times.length === 0 ? Infinity : percentile(times, 0.99) };
}

async function attack(url: string, most: readonly number[]): Promise<void> {
  const counts = most.map((count) => Math.ceil(count * plan.slowShare));
  const attackers = fork(join(root, 'test/soak/attackers.ts'), [url, ...counts.map(String)]);
  onTestFinished(() => void attackers.kill('SIGKILL'));
  await once(attackers, 'message');
}

// It needs the machine for longer than every run of the tests can give it.
describe.skipIf(form === 'short').each([
  ['async', MOST],
  ['sync', MOST],
  ['thread', MOST],
] as const)('class %s at its default settings', (name, most) => {
  it.each(['127.0.0.1:0', 'unix:app.sock'])(
    'fails no honest client beside those that are slow, never read or leave, on %s',
    async (bind) => {
      const files = {};
      const running = await serve(['-k', name, '-w', '2', '-b', bind, app('slow-clients.ts:app')], { files });
      const url = bind.startsWith('unix') ? `unix:${join(running.cwd, 'app.sock')}` : running.at;
      const calm = await measure(url, plan.slowMs / 4);
      await attack(url, most);
      const beside = await measure(url, plan.slowMs);
      console.log(
        `slow clients: ${name} ${bind}: p99 ${calm.p99.toFixed(1)} ms of ${calm.answered} alone, ${beside.p99.toFixed(1)} ms of ${beside.answered} beside them`,
      );
      expect([...calm.failures, ...beside.failures]).toEqual([]);
      expect(running.stderr).not.toMatch(/\[ERROR\]|killed|exited/);
    },
  );
});
