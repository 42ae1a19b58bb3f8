import { expect, it } from 'vitest';
import { startLoad } from '../support/load.ts';
import { app } from '../support/tsunicorn.ts';
import { leastReady } from './capacity.ts';
import { interleaved, isLong, plan } from './plan.ts';
import { CONTROL, countedBy, type Soaked, soak } from './soaked.ts';

const WORKERS = 2;
const CLIENTS = 8;
const MINUTES = 60_000;
/** A worker writes what it counts within 50 ms, on a quiet machine. */
const SOON = { timeout: 20_000, interval: 50 };

/** The arbiter's memory after the first operations, against which the last is held; megabytes. */
const GROWTH = 10;

/** Does what is planned in turn, and reports now and then where that takes long. */
async function operate(service: Soaked): Promise<void> {
  const { reloads, upgrades, recyclings, scalings } = plan;
  const steps = interleaved({ reload: reloads, upgrade: upgrades, recycle: recyclings, scale: scalings });
  for (const [index, step] of steps.entries()) {
    await service[step]();
    if (isLong && index % 10 === 9) console.log(`${index + 1} of ${steps.length} operations`);
  }
}

it.each(['async', 'sync', 'thread'])(
  'no operation on %s workers loses a request, or the count of one, or ever leaves fewer of them than wanted',
  { timeout: (isLong ? 30 : 5) * MINUTES },
  async (workerClass) => {
    // Beside those that are asked for; a worker that wants to be replaced sooner is made to wait.
    const recycling = ['--max-lifetime', '6', '--max-lifetime-jitter', '2'];
    const hello = app('hello.ts:app', 'examples');
    const service = await soak(hello, ['-k', workerClass, ...CONTROL, ...recycling], WORKERS);
    const loads = service.urls.map((url) => startLoad({ url }, CLIENTS));
    await service.reload();
    const memory = service.arbiterMegabytes;
    await operate(service);
    const grown = service.arbiterMegabytes - memory;
    const results = await Promise.all(loads.map((load) => load.stop()));
    for (const result of results) expect(result).toMatchObject({ failures: [], refused: 0 });
    const answered = results.reduce((sum, result) => sum + result.answered, 0);
    await expect.poll(() => countedBy(service), SOON).toEqual({ ended: answered, inFlight: 0 });
    const least = leastReady(service.log, WORKERS);
    expect(least, least?.after).toMatchObject({ ready: WORKERS });
    expect(grown).toBeLessThanOrEqual(GROWTH);
    expect(service.log).not.toMatch(/ERROR|CRITICAL/);
  },
);
