import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startLoad } from '../support/load.ts';
import { app, isAlive } from '../support/tsunicorn.ts';
import { isLong, plan } from './plan.ts';
import { type Soaked, soak } from './soaked.ts';

const WORKERS = 2;
const CLIENTS = 8;
const EVERY_MS = 200;
/** What may lie between a death and the next worker, beside the boot; milliseconds. */
const SLACK_MS = 20;

/** The workers that the log says are ready, and that live. */
function ready(service: Soaked): readonly number[] {
  const said = [...service.log.matchAll(/Worker is ready \(pid: (\d+)\)/g)].map(([, pid]) => Number(pid));
  return said.filter(isAlive);
}

/** How long after `act` another worker is ready, in milliseconds: by the record's time, as the clients keep us from reading it at once. */
async function untilReady(service: Soaked, act: () => void): Promise<number> {
  const seen = service.log.length;
  const startedAt = Date.now();
  act();
  const [, readyAt = ''] = await service.waitForLog(/"time":"([^"]+)"[^\n]*Worker is ready/, seen);
  return Date.parse(readyAt) - startedAt;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
}

/** Kills a ready worker every 200 ms, in turn; resolves with how long each replacement took. */
async function killInTurn(service: Soaked): Promise<readonly number[]> {
  const times: number[] = [];
  const until = performance.now() + plan.chaosMs;
  while (performance.now() < until) {
    const victim = await service.waitFor(() => ready(service)[0], 'a worker that is ready');
    const paced = pause(EVERY_MS);
    times.push(await untilReady(service, () => process.kill(victim, 'SIGKILL')));
    await paced;
  }
  return times;
}

/** How long a boot takes under the same load: TTIN to ready. */
async function bootTimes(service: Soaked): Promise<readonly number[]> {
  const times: number[] = [];
  for (let tries = 0; tries < (isLong ? 7 : 1); tries++) {
    const seen = service.log.length;
    times.push(await untilReady(service, () => service.signal('SIGTTIN')));
    service.signal('SIGTTOU');
    await service.waitForLog(/Worker exiting .*fewer workers are wanted/, seen);
  }
  return times;
}

describe.each([
  ['without a spare', [], (bootMs: number) => bootMs + SLACK_MS],
  // Two, as a boot under this load takes about as long as the time between two deaths.
  ['with spares', ['--spare-workers', '2'], () => SLACK_MS],
] as const)('workers that are killed, %s,', (_name, args, limit) => {
  it('take with them what they were answering, and nothing else', {
    timeout: plan.chaosMs * 3 + 300_000,
  }, async () => {
    const service = await soak(app('hello.ts:app', 'examples'), ['--log-format', 'json', ...args], WORKERS);
    const loads = service.urls.map((url) => startLoad({ url }, CLIENTS));
    const boot = await bootTimes(service);
    const times = await killInTurn(service);
    const results = await Promise.all(loads.map((load) => load.stop()));
    for (const { failures, refused } of results) {
      expect(refused).toBe(0);
      expect(failures.length).toBeLessThanOrEqual(times.length * CLIENTS);
      expect(failures.filter((failure) => !/^(ECONNRESET|EPIPE|socket hang up)/.test(failure))).toEqual([]);
    }
    const allowed = limit(median(boot));
    console.log(
      `${times.length} kills: replaced after ${median(times).toFixed(0)} ms (median), at most ${allowed.toFixed(0)} wanted`,
    );
    // Other tests share the processors with the short form, so that its times say nothing.
    if (isLong) expect(median(times)).toBeLessThanOrEqual(allowed);
  });
});
