import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { get } from '../support/client.ts';
import { serve } from '../support/tsunicorn.ts';

const files = { 'app.mjs': 'export const app = (request, response) => response.end("hello");' };
const SOON = { timeout: 30_000, interval: 50 };

/** A receiver of OTLP over HTTP, and what came to it. */
async function receive() {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      bodies.push(`${request.url} ${body}`);
      response.setHeader('content-type', 'application/json');
      response.end('{}');
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

it('an OpenTelemetry receiver gets the figures, the last at the end of the service', async () => {
  const receiver = await receive();
  const running = await serve(['app.mjs:app', '--otlp-endpoint', receiver.url, '-n', 'shop'], { files });
  await get(running.at, '/');
  running.signal('SIGTERM');
  expect((await running.end()).status).toBe(0);
  await expect.poll(() => receiver.bodies.length, SOON).toBeGreaterThan(0);
  const last = receiver.bodies.at(-1) ?? '';
  expect(last.startsWith('/v1/metrics {')).toBe(true);
  const { resource, scopeMetrics } = JSON.parse(last.slice(last.indexOf('{'))).resourceMetrics[0];
  expect(resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'shop' } });
  const [duration] = scopeMetrics[0].metrics;
  expect(duration).toMatchObject({ name: 'http.server.request.duration', unit: 's' });
  const [point] = duration.histogram.dataPoints;
  expect(point.count).toBe(1);
  expect(point.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: 200 } });
});
