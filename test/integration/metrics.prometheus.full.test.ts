import http from 'node:http';
import { expect } from 'vitest';
import { get } from '../support/client.ts';
import { ask as send } from '../support/http-client.ts';
import { adminOf } from '../support/metrics.ts';
import { Prometheus } from '../support/prometheus.ts';
import { withTool } from '../support/tools.ts';
import { serve } from '../support/tsunicorn.ts';

const files = { 'app.mjs': `export const app = (request, response) => response.end('hello');` };
const SOON = { timeout: 30_000, interval: 100 };

async function ask(url: string, count: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  await Promise.all(Array.from({ length: count }, () => get(url, '/', agent)));
  agent.destroy();
}

withTool('prometheus')('a Prometheus that scrapes the arbiter has what the clients counted', async () => {
  const running = await serve(['app.mjs:app', '--admin-bind', '127.0.0.1:0', '-w', '2'], { files });
  const admin = await adminOf(running);
  const prometheus = await Prometheus.scraping(new URL(admin).host);
  const requests = () => prometheus.value('sum(http_server_request_duration_seconds_count)');
  await ask(running.at, 30);
  await expect.poll(requests, SOON).toBe(30);
  running.signal('SIGHUP');
  await running.waitForLog(/Generation 2 is ready/);
  await ask(running.at, 20);
  await expect.poll(requests, SOON).toBe(50);
  // It forgets what a scrape did not bring within its time.
  await expect.poll(() => prometheus.value('up'), SOON).toBe(1);
  await expect.poll(() => prometheus.value('tsunicorn_workers{state="ready"}'), SOON).toBe(2);
  await expect.poll(() => prometheus.value('tsunicorn_generation'), SOON).toBe(2);
});

withTool('prometheus')('a Prometheus that keeps exemplars has the trace of a request', async () => {
  const running = await serve(['app.mjs:app', '--admin-bind', '127.0.0.1:0'], { files });
  const target = new URL(await adminOf(running)).host;
  const prometheus = await Prometheus.scraping(target, ['--enable-feature=exemplar-storage']);
  const [sampled, unsampled] = ['a', 'b'].map((digit) => digit.repeat(32));
  for (const [traceId, flags] of [
    [unsampled, '00'],
    [sampled, '01'],
  ])
    await send({
      url: running.at,
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` },
    });
  const found = () => prometheus.exemplars('http_server_request_duration_seconds_bucket');
  await expect.poll(async () => (await found()).length, SOON).toBeGreaterThan(0);
  const [exemplar] = await found();
  expect(exemplar?.labels).toEqual({ trace_id: sampled });
  expect(exemplar?.seriesLabels).toMatchObject({ http_response_status_code: '200' });
  expect(Number(exemplar?.value)).toBeLessThanOrEqual(Number(exemplar?.seriesLabels.le));
});
