import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { adminOf, samples } from '../support/metrics.ts';
import { root, serve } from '../support/tsunicorn.ts';

const cwd = join(root, 'test/fixtures/measures');
const SOON = { timeout: 30_000, interval: 100 };

describe.each([
  ['async', 1, []],
  ['thread', 2, ['--threads', '2']],
] as const)('in class %s', (name, copies, more) => {
  it('what the application measures is summed, by tsunicorn/metrics and by its own prom-client', async () => {
    const running = await serve(
      ['app.ts:app', '-k', name, ...more, '--admin-bind', '127.0.0.1:0', '--collect-prom-client'],
      { cwd },
    );
    const admin = await adminOf(running);
    await Promise.all(Array.from({ length: 20 }, () => get(running.at, '/')));
    const figures = async () => {
      const all = await samples(admin);
      return [
        'orders_total{kind="book"}',
        'views_total',
        'view_seconds_sum',
        'view_seconds_bucket{le="2"}',
        'copies',
      ].map((sample) => all.get(sample));
    };
    await expect.poll(figures, SOON).toEqual([20, 20, 30, 20, copies]);
    await expect.poll(async () => (await get(admin, '/readyz')).status, SOON).toBe(200);
    await get(running.at, '/ill');
    await expect.poll(async () => (await get(admin, '/readyz')).status, SOON).toBe(503);
    expect((await get(admin, '/readyz')).body).toContain('check health: it returned false');
  });
});
