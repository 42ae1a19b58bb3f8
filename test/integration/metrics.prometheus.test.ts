import http from 'node:http';
import { expect } from 'vitest';
import { get } from '../support/client.ts';
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
