import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { KeptLoad } from '../support/kept-load.ts';
import { app } from '../support/tsunicorn.ts';
import { isLong, plan } from './plan.ts';
import { CONTROL, countedBy, type Soaked, soak } from './soaked.ts';

const WORKERS = 3;
const CLIENTS = 300;
const MINUTES = 60_000;
/** A worker writes what it counts within 50 ms, on a quiet machine. */
const SOON = { timeout: 20_000, interval: 50 };
/** One request in so many computes for 300 ms. */
const HEAVY = 100;

/** HUP again and again, and between two of them TERM to one of the workers; their lifetime is short, too. */
async function operate(service: Soaked): Promise<void> {
  const until = performance.now() + plan.keptMs;
  for (let reloads = 1; performance.now() < until; reloads++) {
    const seen = service.log.length;
    service.signal('SIGHUP');
    await service.waitForLog(/Generation \d+ is ready/, seen);
    await pause(plan.keptReloadMs / 2);
    const [pid] = service.log.match(/(?<=Worker is ready \(pid: )\d+(?=\)(?![\s\S]*Worker is ready))/) ?? [];
    process.kill(Number(pid), 'SIGTERM');
    await pause(plan.keptReloadMs / 2);
    if (isLong && reloads % 10 === 0) console.log(`${reloads} reloads`);
  }
}

it.each(['async', 'sync', 'thread'])(
  'a client that keeps its connection is never reset while %s workers come and go',
  { timeout: isLong ? 10 * MINUTES : 5 * MINUTES },
  async (workerClass) => {
    const recycling = ['--max-lifetime', '7', '--max-lifetime-jitter', '3'];
    const service = await soak(app('burns.ts:app'), ['-k', workerClass, ...CONTROL, ...recycling], WORKERS);
    const loads = service.urls.map(
      (url) =>
        new KeptLoad({
          url,
          clients: CLIENTS / service.urls.length,
          pauseMs: [900, 1200],
          path: () => (Math.random() * HEAVY < 1 ? '/300' : '/0'),
        }),
    );
    await operate(service);
    const results = await Promise.all(loads.map((load) => load.stop()));
    if (isLong)
      console.log(
        workerClass,
        results.map((result) => ({ ...result, failures: result.failures.length })),
      );
    for (const result of results) expect(result).toMatchObject({ failures: [] });
    const answered = results.reduce((sum, result) => sum + result.answered, 0);
    await expect.poll(() => countedBy(service), SOON).toEqual({ ended: answered, inFlight: 0 });
    expect(service.log).not.toMatch(/ERROR|CRITICAL|Cut \d/);
  },
);
