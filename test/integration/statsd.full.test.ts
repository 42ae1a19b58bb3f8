import { expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { adminOf, samples } from '../support/metrics.ts';
import { receiveUdp } from '../support/syslog-receivers.ts';
import { serve } from '../support/tsunicorn.ts';

const files = { 'app.mjs': 'export const app = (request, response) => response.end("hello");' };
const ADMIN = ['--admin-bind', '127.0.0.1:0'];
const SOON = { timeout: 20_000, interval: 50 };

it('a statsd gets all requests, the last at the end of the service', async () => {
  const receiver = await receiveUdp();
  const running = await serve(
    [
      ...['app.mjs:app', '--statsd-host', `127.0.0.1:${receiver.port}`],
      ...['--statsd-prefix', 'shop', '--dogstatsd-tags', 'a:b'],
    ],
    { files },
  );
  await get(running.at, '/');
  running.signal('SIGTERM');
  await running.end();
  await expect.poll(() => receiver.records.join('\n'), SOON).toContain('shop.gunicorn.requests:1|c|#a:b');
  expect(receiver.records.join('\n')).toContain('shop.gunicorn.request.status.200:1|c|#a:b');
});

it('a statsd that vanishes harms nothing, and one that comes back gets what follows', async () => {
  const receiver = await receiveUdp();
  const { port } = receiver;
  const running = await serve(['app.mjs:app', '--statsd-host', `127.0.0.1:${port}`], { files });
  await expect.poll(() => receiver.records.join('\n'), SOON).toContain('gunicorn.workers:1|g');
  await receiver.close();
  expect((await get(running.at, '/')).status).toBe(200);
  const next = await receiveUdp(port);
  running.signal('SIGTERM');
  expect((await running.end()).status).toBe(0);
  await expect.poll(() => next.records.join('\n'), SOON).toContain('gunicorn.workers:');
});

it('a statsd whose name does not resolve loses figures, which are counted, and harms nothing', async () => {
  const running = await serve(['app.mjs:app', ...ADMIN, '--statsd-host', 'nobody.invalid'], { files });
  const admin = await adminOf(running);
  const lost = async () => (await samples(admin)).get('tsunicorn_push_failures_total{target="statsd"}');
  await expect.poll(lost, SOON).toBeGreaterThan(0);
  expect((await get(running.at, '/')).body).toBe('hello');
  running.signal('SIGTERM');
  expect((await running.end()).status).toBe(0);
});
