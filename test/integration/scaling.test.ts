import { describe, expect, it } from 'vitest';
import { startLoad } from '../support/load.ts';
import { app, serve } from '../support/tsunicorn.ts';

const CLASSES = [
  // Computing keeps the event loop busy; waiting does not, and yet a sync worker, or a thread, can do nothing else.
  { args: ['-k', 'async'], path: '/10' },
  { args: ['-k', 'sync'], path: '/wait' },
  { args: ['-k', 'thread', '--threads', '1'], path: '/wait' },
];

describe('the number of workers', () => {
  it('follows the load up to the limit in every class, and TTIN and TTOU go no further', async () => {
    // All at once, as each takes some seconds of load to be convinced.
    const scaled = CLASSES.map(async ({ args, path }) => {
      const running = await serve([app('burns.ts:app'), ...args, '--workers-min', '1', '--workers-max', '2']);
      expect(running.workers()).toHaveLength(1);
      const load = startLoad({ url: running.at, path }, 4);
      const [, utilisation] = await running.waitForLog(
        /Scaling workers up from 1 to 2: utilisation ([\d.]+)/,
      );
      await running.waitForWorkers(2);
      const { failures } = await load.stop();
      expect({ failures, busy: Number(utilisation) >= 0.8 }).toEqual({ failures: [], busy: true });
      return running;
    });
    const [running] = await Promise.all(scaled);
    running?.signal('SIGTTIN');
    await running?.waitForLog(/The number of workers stays 2: workers-max is reached/);
    running?.signal('SIGTTOU');
    await running?.waitForWorkers(1);
    running?.signal('SIGTTOU');
    await running?.waitForLog(/The number of workers stays 1: workers-min is reached/);
    running?.signal('SIGTERM');
    expect(await running?.end()).toEqual({ status: 0, signal: null });
  });
});
