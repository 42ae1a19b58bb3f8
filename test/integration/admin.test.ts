import { statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { onTestFinished } from '../support/current-test.ts';
import { addressOf } from '../support/load.ts';
import { adminOf, samples } from '../support/metrics.ts';
import { serve, start } from '../support/tsunicorn.ts';

const APP = `
export const app = (request, response) => {
  if (request.url === '/spin') for (;;);
  response.end(String(process.pid));
};`;
const files = { 'app.mjs': APP };
const ADMIN = ['--admin-bind', '127.0.0.1:0'];

async function readiness(admin: string) {
  const { status, body } = await get(admin, '/readyz');
  return { status, ...(JSON.parse(body) as { reasons: readonly string[] }) };
}

it('the arbiter answers while every worker hangs', async () => {
  const running = await serve(['app.mjs:app', ...ADMIN, '-w', '2', '-t', '0', '--graceful-timeout', '1'], {
    files,
  });
  const admin = await adminOf(running);
  const lost = [get(running.at, '/spin'), get(running.at, '/spin'), get(running.at), get(running.at)];
  for (const request of lost) request.catch(() => {});
  await running.waitForLog(/event loop is blocked|has been blocked|blocked for/);
  expect(await get(admin, '/livez')).toMatchObject({ status: 200, body: '{"live":true}\n' });
  expect((await samples(admin)).get('tsunicorn_workers{state="ready"}')).toBe(2);
  expect(
    (await samples(admin)).get('http_server_active_requests{http_request_method="GET",url_scheme="http"}'),
  ).toBeGreaterThanOrEqual(1);
  running.signal('SIGKILL');
  await Promise.allSettled(lost);
});

it('readiness follows the workers, the quorum and the stop', async () => {
  const hold = `import { existsSync } from 'node:fs';
  while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 20));
  ${APP}`;
  const running = start(['app.mjs:app', ...ADMIN, '-w', '2', '--ready-quorum', '2', '--drain-delay', '30'], {
    files: { 'app.mjs': hold },
  });
  const admin = await adminOf(running);
  expect(await readiness(admin)).toMatchObject({
    status: 503,
    reasons: ['the service starts', '0 workers accept, and --ready-quorum is 2'],
  });
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(running.cwd, 'go'), '');
  await running.waitForLog(/Listening at/);
  await expect.poll(() => readiness(admin), { timeout: 20_000 }).toMatchObject({ status: 200, reasons: [] });
  running.signal('SIGTTOU');
  await expect
    .poll(() => readiness(admin), { timeout: 20_000 })
    .toMatchObject({
      status: 503,
      reasons: ['1 workers accept, and --ready-quorum is 2'],
    });
  running.signal('SIGTERM');
  await running.waitForLog(/Accepting for 30 s more/);
  expect(await readiness(admin)).toMatchObject({ status: 503, reasons: ['the service stops'] });
  running.signal('SIGTERM');
  expect(await running.end()).toMatchObject({ status: 0 });
});

it('the status is told on a Unix socket, which is ours alone and gone with the service', async () => {
  const running = await serve(['app.mjs:app', '--admin-bind', 'unix:admin.sock', '-n', 'shop'], { files });
  const admin = await adminOf(running);
  const path = join(running.cwd, 'admin.sock');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await get(running.at);
  const { body } = await get(admin, '/status.json');
  expect(JSON.parse(body)).toMatchObject({
    ...{ schema: 1, name: 'shop', pid: running.pid, phase: 'serving', generation: 1 },
    addresses: [running.at],
    workers: { wanted: 1, ready: 1 },
    processes: [{ pid: running.workers()[0], slot: 0, state: 'ready' }],
  });
  running.signal('SIGTERM');
  await running.end();
  expect(statSync(path, { throwIfNoEntry: false })).toBe(undefined);
});

it('a client that sends garbage, sends nothing or never reads harms nobody', async () => {
  const running = await serve(['app.mjs:app', ...ADMIN], { files });
  const admin = await adminOf(running);
  const { host, port } = new URL(admin.replace(/^/, '')) as unknown as { host: string; port: string };
  const sockets = Array.from({ length: 20 }, () => net.connect(Number(port), '127.0.0.1'));
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  for (const socket of sockets) socket.on('error', () => {});
  sockets[0]?.write('\0\x01garbage\r\n\r\n');
  sockets[1]?.write(`GET /metrics HTTP/1.1\r\nHost: ${host}\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  sockets[2]?.pause().write(`GET /metrics HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(200));
  sockets[3]?.write(`POST /metrics HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000\r\n\r\n`);
  expect(await get(admin, '/livez')).toMatchObject({ status: 200 });
  expect((await get(running.at)).status).toBe(200);
  // An upgrade of the protocol is nothing that the arbiter knows.
  const upgraded = http.get({
    ...addressOf(admin),
    path: '/livez',
    headers: { connection: 'upgrade', upgrade: 'x' },
  });
  onTestFinished(() => void upgraded.destroy());
  upgraded.on('error', () => {});
  expect(await get(admin, '/livez')).toMatchObject({ status: 200 });
  running.signal('SIGTERM');
  expect(await running.end()).toMatchObject({ status: 0 });
});

it('an address that cannot be had ends the start', async () => {
  const other = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await new Promise((listening) => other.once('listening', listening));
  const { port } = other.address() as net.AddressInfo;
  const taken = start(['app.mjs:app', '--admin-bind', `127.0.0.1:${port}`], { files });
  expect(await taken.end()).toMatchObject({ status: 1 });
  expect(taken.stderr).toMatch(/admin-bind 127\.0\.0\.1:\d+: the address is already in use/);
  const same = start(['app.mjs:app', '-b', 'unix:a.sock', '--admin-bind', 'unix:a.sock'], { files });
  expect(await same.end()).toMatchObject({ status: 1 });
  expect(same.stderr).toMatch(/admin-bind unix:\S+: it overlaps --bind unix:\S+; remove one of them/);
  const inherited = start(['app.mjs:app', '--admin-bind', 'fd://7', '--check-config'], { files });
  expect(await inherited.end()).toMatchObject({ status: 1 });
  expect(inherited.stderr).toMatch(/admin-bind fd:\/\/7: an inherited descriptor is for workers/);
});

it('the token is asked for, shown nowhere, and not told to workers', async () => {
  const app = `export const app = (request, response) =>
    response.end(JSON.stringify([process.env, process.argv, process.execArgv]));`;
  const env = { TSUNICORN_ADMIN_TOKEN: 'top-secret' };
  const running = await serve(['app.mjs:app', ...ADMIN], { files: { 'app.mjs': app }, env });
  const admin = await adminOf(running);
  expect(await outcome(get(admin, '/status.json'))).toBe('401');
  expect((await get(running.at)).body).not.toContain('top-secret');
  const shown = start(['app.mjs:app', ...ADMIN, '-e', 'PASSWORD=hunter2', '--print-config'], {
    files: { 'app.mjs': app },
    env,
  });
  await shown.end();
  expect(shown.stdout).toMatch(/adminToken += \*\*\*/);
  expect(shown.stdout).toMatch(/env += PASSWORD=\*\*\*/);
  expect(shown.stdout).not.toMatch(/top-secret|hunter2/);
});
