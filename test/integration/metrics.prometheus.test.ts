import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { get } from '../support/client.ts';
import { adminOf } from '../support/metrics.ts';
import { withTool } from '../support/tools.ts';
import { serve } from '../support/tsunicorn.ts';

const files = { 'app.mjs': `export const app = (request, response) => response.end('hello');` };
const SOON = { timeout: 30_000, interval: 100 };

/** A Prometheus that scrapes that address every second; resolves with its own address. */
function scraping(target: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const config = join(directory, 'prometheus.json');
  const job = {
    job_name: 'tsunicorn',
    scrape_interval: '1s',
    scrape_timeout: '1s',
    static_configs: [{ targets: [target] }],
  };
  writeFileSync(config, JSON.stringify({ scrape_configs: [job] }));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  });
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
      const [, address] = /"Listening on" address=(\S+)/.exec(said) ?? [];
      if (address !== undefined) resolve(`http://${address}`);
    });
    child.once('exit', () => reject(new Error(`prometheus did not start: ${said}`)));
  });
}

/** The value of a query; undefined where it has none yet. */
async function query(prometheus: string, expression: string): Promise<number | undefined> {
  const { body } = await get(prometheus, `/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = JSON.parse(body);
  return data?.result[0] === undefined ? undefined : Number(data.result[0].value[1]);
}

async function ask(url: string, count: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  await Promise.all(Array.from({ length: count }, () => get(url, '/', agent)));
  agent.destroy();
}

withTool('prometheus')('a Prometheus that scrapes the arbiter has what the clients counted', async () => {
  const running = await serve(['app.mjs:app', '--admin-bind', '127.0.0.1:0', '-w', '2'], { files });
  const admin = await adminOf(running);
  const prometheus = await scraping(new URL(admin).host);
  const requests = () => query(prometheus, 'sum(http_server_request_duration_seconds_count)');
  await ask(running.at, 30);
  await expect.poll(requests, SOON).toBe(30);
  running.signal('SIGHUP');
  await running.waitForLog(/Generation 2 is ready/);
  await ask(running.at, 20);
  await expect.poll(requests, SOON).toBe(50);
  // It forgets what a scrape did not bring within its time.
  await expect.poll(() => query(prometheus, 'up'), SOON).toBe(1);
  await expect.poll(() => query(prometheus, 'tsunicorn_workers{state="ready"}'), SOON).toBe(2);
  await expect.poll(() => query(prometheus, 'tsunicorn_generation'), SOON).toBe(2);
});
