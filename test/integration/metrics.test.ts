import { spawnSync } from 'node:child_process';
import http from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { adminOf, counted, samples } from '../support/metrics.ts';
import { PROGRAM_MS } from '../support/patience.ts';
import { inMountNamespace, withTool } from '../support/tools.ts';
import { built, serve } from '../support/tsunicorn.ts';
import { gone, upgrade } from '../support/upgrade.ts';

const APP = `
export const app = (request, response) => {
  if (request.url === '/fail') throw new Error('no');
  if (request.url === '/none') response.statusCode = 204;
  if (request.url === '/part') return void response.write('part', () => response.destroy());
  if (request.url === '/spin') for (const end = Date.now() + 1500; Date.now() < end; );
  if (request.url === '/later') return void setTimeout(() => response.end('later'), 50);
  if (request.url !== '/wait') response.end('hello');
};`;
const files = { 'app.mjs': APP };
const MEASURING = `
import { check, counter } from ${JSON.stringify(join(built, 'src/measures/measures.js'))};
const orders = counter('orders', { labels: ['kind'] });
let isBroken = false;
check('database', () => !isBroken);
export const app = (request, response) => {
  if (request.url === '/break') isBroken = true;
  orders.add(1, { kind: 'book' });
  response.end('hello');
};`;
/** Of what follows within a moment on a quiet machine. */
const SOON = { timeout: 20_000, interval: 20 };
const ADMIN = ['--admin-bind', '127.0.0.1:0'];

/** Asks so many times, over kept connections. */
async function ask(url: string, count: number, path = '/'): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  await Promise.all(Array.from({ length: count }, () => get(url, path, agent)));
  agent.destroy();
}

/** The count follows within milliseconds. */
async function untilCounted(admin: string, count: number, which?: RegExp): Promise<void> {
  await expect.poll(() => counted(admin, which), SOON).toBe(count);
}

describe.each(['async', 'sync', 'thread'])('in class %s', (name) => {
  it('requests are counted by method, status and outcome', async () => {
    const running = await serve(
      [
        'app.mjs:app',
        ...ADMIN,
        '-k',
        name,
        '-w',
        '1',
        '--ready-path',
        '/ready',
        '--access-logfile',
        'access.log',
      ],
      {
        files,
      },
    );
    const admin = await adminOf(running);
    await ask(running.at, 5);
    await ask(running.at, 2, '/later');
    await ask(running.at, 1, '/fail');
    await ask(running.at, 1, '/none');
    await ask(running.at, 3, '/ready?probe');
    await get(running.at, '/part').catch(() => {});
    await untilCounted(admin, 7 + 1 + 1 + 1);
    expect(await counted(admin, /method="GET",http_response_status_code="200"/)).toBe(8);
    expect(await counted(admin, /code="500".*error_type="500"/)).toBe(1);
    expect(await counted(admin, /code="204"/)).toBe(1);
    const now = await samples(admin);
    expect(now.get('tsunicorn_requests_cut_total{reason="unfinished"}')).toBe(1);
    expect(now.get('http_server_active_requests{http_request_method="GET",url_scheme="http"}')).toBe(0);
    expect(now.get('http_server_response_body_size_bytes_sum')).toBeGreaterThanOrEqual(5 * 5 + 2 * 5);
    expect(now.get('v8js_memory_heap_used_bytes{slot="0"}')).toBeGreaterThan(1e6);
  });
});

it('counts equal what the clients saw over reloads, recycling, deaths and stops of workers', async () => {
  const running = await serve(['app.mjs:app', ...ADMIN, '-w', '2', '--max-requests', '40'], { files });
  const admin = await adminOf(running);
  await ask(running.at, 150);
  running.signal('SIGHUP');
  await running.waitForLog(/Generation 2 is ready/);
  await ask(running.at, 100, '/later');
  const [victim = 0] = running.workers();
  process.kill(victim, 'SIGTERM');
  await ask(running.at, 50);
  await untilCounted(admin, 300);
  await expect
    .poll(async () => (await samples(admin)).get('tsunicorn_reloads_total{outcome="promoted"}'), SOON)
    .toBe(1);
});

it.each(['async', 'sync', 'thread'])(
  'a worker of class %s that is killed loses what it counted in its last milliseconds at most',
  async (name) => {
    const running = await serve(['app.mjs:app', ...ADMIN, '-w', '1', '-k', name], { files });
    const admin = await adminOf(running);
    await ask(running.at, 20);
    await untilCounted(admin, 20);
    const waiting = get(running.at, '/wait').catch(() => {});
    await expect
      .poll(
        async () =>
          (await samples(admin)).get(
            'http_server_active_requests{http_request_method="GET",url_scheme="http"}',
          ),
        SOON,
      )
      .toBe(1);
    const [victim = 0] = running.workers();
    process.kill(victim, 'SIGKILL');
    await waiting;
    await running.waitForLog(/was killed by SIGKILL/);
    expect(await counted(admin)).toBe(20);
    const now = await samples(admin);
    expect(now.get('tsunicorn_requests_cut_total{reason="worker_died"}')).toBe(1);
    const killed = now.get('tsunicorn_worker_exits_total{cause="signal"}') ?? 0;
    expect(killed + (now.get('tsunicorn_worker_exits_total{cause="oom"}') ?? 0)).toBe(1);
    // Killed while it answers: what it had counted is counted once, by whichever process counts it now.
    const outcomes = Promise.allSettled(Array.from({ length: 200 }, () => get(running.at, '/')));
    for (const pid of await running.waitForWorkers(1)) process.kill(pid, 'SIGKILL');
    await outcomes;
    await running.waitForLog(/was killed by SIGKILL[\s\S]*was killed by SIGKILL/);
    expect(await counted(admin)).toBeLessThanOrEqual(220);
  },
);

it('while the worker is blocked, the queues of the kernel show who waits for it', async () => {
  const running = await serve(['app.mjs:app', ...ADMIN, '-w', '1', '--bind', 'unix:w.sock'], { files });
  const admin = await adminOf(running);
  // Those that come while it is blocked are not accepted.
  const waiting: Promise<unknown>[] = [];
  await expect
    .poll(async () => {
      const paths = waiting.length < 20 ? ['/spin', '/', '/', '/', '/'] : [];
      waiting.push(...paths.map((path) => get(running.at, path)));
      return (await samples(admin)).get(`tsunicorn_backlog_connections{address="${running.at}"}`);
    }, SOON)
    .toBeGreaterThan(2);
  const status = JSON.parse((await get(admin, '/status.json')).body);
  expect(status.listeners).toMatchObject([{ limit: expect.any(Number) }, { queue: 0, longestWaitMs: null }]);
  await Promise.all(waiting);
  await expect
    .poll(
      async () => (await samples(admin)).get(`tsunicorn_backlog_connections{address="${running.at}"}`),
      SOON,
    )
    .toBe(0);
});

it('counters, what applications measure and the address of the arbiter move to the new one of an upgrade, and back', async () => {
  const running = await serve(['app.mjs:app', ...ADMIN, '-w', '2'], {
    files: { 'app.mjs': MEASURING },
  });
  const admin = await adminOf(running);
  const untilMeasured = (count: number) =>
    expect.poll(async () => (await samples(admin)).get('orders_total{kind="book"}'), SOON).toBe(count);
  await ask(running.at, 30);
  const second = await upgrade(running);
  await ask(running.at, 30);
  await untilCounted(admin, 60);
  await untilMeasured(60);
  // Rolled back.
  process.kill(second, 'SIGTERM');
  await running.waitForLog(/is rolled back/);
  await ask(running.at, 10);
  await untilCounted(admin, 70);
  await untilMeasured(70);
  expect((await samples(admin)).get('tsunicorn_upgrades_total{outcome="rolled-back"}')).toBe(1);

  const third = await upgrade(running);
  await ask(running.at, 20);
  running.signal('SIGTERM');
  await gone(running, running.pid);
  await ask(running.at, 10);
  await untilCounted(admin, 100);
  await untilMeasured(100);
  const fourth = await upgrade(running, third);
  process.kill(third, 'SIGTERM');
  await gone(running, third);
  await ask(running.at, 10);
  await untilCounted(admin, 110);
  await untilMeasured(110);
  expect(JSON.parse((await get(admin, '/status.json')).body)).toMatchObject({ pid: fourth, role: 'only' });
  expect((await get(admin, '/readyz')).status).toBe(200);
});

const READ_ONLY = 'mount -t tmpfs -o ro none /dev/shm && exec "$@"';

inMountNamespace()(
  'where /dev/shm cannot be used, workers send what they count, and it is said',
  async () => {
    const running = await serve(['app.mjs:app', ...ADMIN, '-w', '2'], {
      files,
      through: ['unshare', '--mount', 'sh', '-c', READ_ONLY, 'sh'],
    });
    const admin = await adminOf(running);
    expect(running.stderr).toMatch(
      /WARNING\] \/dev\/shm cannot be used \(EROFS: .*\): workers send what they count/,
    );
    await ask(running.at, 20);
    await untilCounted(admin, 20);
    // What was not sent within the second is sent at the end.
    await ask(running.at, 10);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    await untilCounted(admin, 30);
  },
);

const withProm = withTool('promtool');

withProm('promtool is content with what Prometheus is told', async () => {
  const running = await serve(['app.mjs:app', ...ADMIN, '-w', '2'], { files });
  const admin = await adminOf(running);
  await ask(running.at, 10);
  await ask(running.at, 1, '/fail');
  await untilCounted(admin, 11);
  const { body: input } = await get(admin, '/metrics');
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input,
    encoding: 'utf8',
    timeout: PROGRAM_MS,
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});

it('metrics of the application are summed over its workers, and a failing check takes a worker out of /readyz', async () => {
  const running = await serve(
    ['app.mjs:app', ...ADMIN, '-w', '2', '--max-requests', '15', '--ready-quorum', '2'],
    {
      files: { 'app.mjs': MEASURING },
    },
  );
  const admin = await adminOf(running);
  await ask(running.at, 40);
  await expect.poll(async () => (await samples(admin)).get('orders_total{kind="book"}'), SOON).toBe(40);
  await expect.poll(async () => (await get(admin, '/readyz')).status, SOON).toBe(200);
  // The one that breaks may have been at its last request: then it is replaced, and ready again.
  await expect
    .poll(
      async () => {
        await get(running.at, '/break');
        return (await get(admin, '/readyz')).body;
      },
      { ...SOON, interval: 1500 },
    )
    .toMatch(/"ready":false.*check database: it returned false/);
});
