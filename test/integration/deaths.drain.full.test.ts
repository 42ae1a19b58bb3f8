import { Agent } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { app, isAlive, serve } from '../support/tsunicorn.ts';

it('a worker that crashes while it drains cuts its requests as soon as one that crashes while it serves', async () => {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const running = await serve([app('puppet.ts:app')], { files: { hold: '' } });
  const [old = 0] = running.workers();
  const held = outcome(get(running.at, '/held'));
  await running.waitForLog(/holds a request/);
  await get(running.at, '/', agent);
  running.signal('SIGHUP');
  await running.waitForLog(/Generation 2 is ready/);
  expect((await get(running.at, '/throw', agent)).body).toBe(`${old}`);
  await running.waitForLog(/Uncaught exception in the application/);
  expect(await held).toBe('ECONNRESET');
  await running.waitFor(() => !isAlive(old), 'its end');
  // Of the 30 s that a drain may take by default.
  await running.waitForLog(/Cut 1 connection\(s\) at the end of the grace period of 5 s/);
});
