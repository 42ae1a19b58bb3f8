import { readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { ask, told } from '../support/control.ts';
import { onTestFinished } from '../support/current-test.ts';
import { childrenOf, endWithTest, serve } from '../support/tsunicorn.ts';

const APP = `
export const app = (request, response) => {
  if (request.url === '/spin') for (;;);
  if (request.url.startsWith('/slow')) return;
  response.end(String(process.pid));
};`;
const CONFIG = (text: string) => `export default ${text};`;
const files = { 'app.mjs': APP, 'tsunicorn.config.mjs': CONFIG('{ workers: 2 }') };
const ARGS = ['app.mjs:app', '--control-socket', 'c.sock', '--admin-bind', 'unix:a.sock'];

it('a deploy script learns how a reload came out, and what else it changes', async () => {
  const running = await serve(ARGS, { files });
  const path = join(running.cwd, 'c.sock');
  const write = (name: string, text: string) => writeFileSync(join(running.cwd, name), text);

  expect(await ask(path, 'reload', '--wait')).toMatchObject({
    status: 0,
    stdout: 'generation 2 serves\n',
    stderr: expect.stringMatching(
      /the configuration is read\n(?:.*\n)*?.*its first worker \(pid \d+\) is booting/,
    ),
  });
  write('tsunicorn.config.mjs', CONFIG('{ workers: -2 }'));
  expect(await ask(path, 'reload', '--wait')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(
      /refused, nothing was changed: tsunicorn\.config\.mjs:1: workers: expected/,
    ),
  });
  write('tsunicorn.config.mjs', CONFIG('{ workers: 2 }'));
  write('app.mjs', 'throw new Error("no luck");');
  expect(await ask(path, 'reload', '--wait')).toMatchObject({
    status: 4,
    stderr: expect.stringMatching(/undone, what served before keeps serving: .*no luck/),
  });
  expect((await told(path, 'status')).reload.last).toMatchObject({ outcome: 'undone' });
  write('app.mjs', 'console.error("it hangs"); await new Promise((resolve) => setTimeout(resolve, 60_000));');
  expect(await ask(path, 'reload', '--wait', '--timeout', '0.2')).toMatchObject({
    status: 5,
    stderr: expect.stringMatching(/timed out; it goes on/),
  });
  await running.waitForLog(/it hangs/);
  write('app.mjs', APP);
  // The second one follows the first, whose worker never gets ready, and is told so.
  const canary = async (): Promise<number> => {
    const { processes, generation } = await told(path, 'status');
    return processes.find((worker: { generation: number }) => worker.generation > generation)?.pid;
  };
  await expect.poll(canary, { timeout: 20_000 }).toBeGreaterThan(0);
  const second = ask(path, 'reload', '--wait');
  await running.waitForLog(/Another reload will follow the current one/);
  expect((await ask(path, 'kill', `${await canary()}`)).status).toBe(0);
  expect(await second).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/Another reload will follow/),
  });

  expect(await ask(path, 'scale', '-9')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/at least one worker, got -9 of 2/),
  });
  expect(await ask(path, 'scale', '1e0')).toMatchObject({ status: 1 });
  expect(await ask(path, 'scale', '+1', '--wait')).toMatchObject({ status: 0 });
  expect(childrenOf(running.pid)).toHaveLength(3);
  const before = await told(path, 'describe', '1');
  expect(before).toMatchObject({ slot: 1, state: 'ready', requests: [] });
  expect(await told(path, 'restart', '1', '--wait')).toMatchObject({ schema: 1, outcome: 'ready', slot: 1 });
  expect((await told(path, 'describe', '1')).pid).not.toBe(before.pid);
  await ask(path, 'kill', '0');
  await running.waitForLog(/killed by the arbiter: its end was asked for/);
  expect((await told(path, 'status')).deathsLastHour).toMatchObject({ asked: 1 });

  expect(await ask(path, 'pause', '--wait')).toMatchObject({ status: 0, stdout: 'paused\n' });
  const waiting = get(running.at);
  await expect
    .poll(async () => (await told(path, 'status')).listeners, { timeout: 20_000 })
    .toMatchObject([{ url: running.at, queue: 1, limit: expect.any(Number) }]);
  expect((await ask(path, 'resume', '--wait')).status).toBe(0);
  expect((await waiting).status).toBe(200);
  expect(await ask(path, 'resume')).toMatchObject({ status: 1, stderr: expect.stringMatching(/not paused/) });

  await ask(path, 'set', 'log-level', 'debug');
  await ask(path, 'restart', '0', '--wait');
  await running.waitForLog(/\[DEBUG\] Worker is ready/);
  expect((await ask(path, 'events')).stdout).toMatch(/ INFO control: Control: workers\/0\/restart/);
  expect((await ask(path, 'config')).stdout).toMatch(/^workers +2 +tsunicorn\.config\.mjs$/m);
  expect((await ask(path, 'drain')).status).toBe(0);
  expect(await get(`unix:${join(running.cwd, 'a.sock')}`, '/readyz')).toMatchObject({
    status: 503,
    body: expect.stringContaining('the service drains'),
  });
  expect((await get(running.at)).status).toBe(200);
  const followed = ask(path, 'events', '--follow');
  expect(await ask(path, 'stop', '--wait')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/stopped\n$/),
  });
  expect(await running.end()).toMatchObject({ status: 0 });
  expect(await followed).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/ INFO stopped: Shutting down: arbiter\n$/),
  });
  expect(readdirSync(running.cwd).toSorted()).toEqual(['app.mjs', 'tsunicorn.config.mjs']);
});

it('answers while every worker spins, and clients that send garbage or never read harm nobody', async () => {
  const running = await serve([...ARGS, '-t', '0', '--graceful-timeout', '1'], { files });
  const path = join(running.cwd, 'c.sock');
  await told(path, 'status');
  const descriptors = () => readdirSync(`/proc/${running.pid}/fd`).length;
  const before = descriptors();
  expect((await ask(path, 'reload', '--wait')).status).toBe(0);
  await expect.poll(descriptors, { timeout: 20_000 }).toBeLessThanOrEqual(before);

  const sockets = Array.from({ length: 6 }, () => net.connect(path));
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  for (const socket of sockets) socket.on('error', () => {});
  sockets[0]?.write('\0garbage\r\n\r\n');
  sockets[1]?.write(`GET /v1/status HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  sockets[2]?.pause().write('GET /v1/events?follow HTTP/1.1\r\nHost: x\r\n\r\n');
  sockets[3]?.pause().write('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500));
  sockets[4]?.write('POST /v1/reopen HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n');

  const lost = [get(running.at, '/slow?secret=1')];
  const listed = async () => (await told(path, 'requests')).requests;
  await expect.poll(listed, { timeout: 20_000 }).toMatchObject([{ path: '/slow', client: '127.0.0.1' }]);
  lost.push(get(running.at, '/spin'), get(running.at, '/spin'));
  for (const request of lost) request.catch(() => {});
  endWithTest(...running.workers());
  const inFlight = async () => (await listed()).map(({ path: at }: { path: string }) => at).toSorted();
  await expect.poll(inFlight, { timeout: 20_000 }).toEqual(expect.arrayContaining(['/spin']));
  expect(await told(path, 'status')).toMatchObject({ workers: { wanted: 2, ready: 2 } });
  expect(await inFlight()).not.toContain('/slow?secret=1');
  expect(await ask(path, 'kill', '9')).toMatchObject({
    status: 1,
    stderr: 'tsunicornctl: no worker is in slot "9": the slots are 0, 1\n',
  });
  running.signal('SIGKILL');
  await Promise.allSettled(lost);
});

it('the path leads to the new arbiter of an upgrade once that serves, and back after a rollback', async () => {
  const running = await serve(ARGS, { files });
  const path = join(running.cwd, 'c.sock');
  await get(running.at);
  await ask(path, 'kill', '0');
  await running.waitForLog(/killed by the arbiter: its end was asked for/);
  const first = await told(path, 'upgrade', '--wait');
  expect(first).toMatchObject({ outcome: 'ready', arbiter: expect.any(Number) });
  endWithTest(first.arbiter, ...childrenOf(first.arbiter));
  const leadsTo = (pid: number) =>
    expect.poll(async () => (await told(path, 'status')).pid, { timeout: 20_000 }).toBe(pid);
  await leadsTo(first.arbiter);
  expect(await told(path, 'status')).toMatchObject({ deathsLastHour: { asked: 1 }, requests: { ended: 1 } });
  expect((await told(`${path}.${running.pid}`, 'status')).role).toBe('old');
  expect(await ask(path, 'stop')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/two arbiters serve/),
  });
  expect((await ask(path, 'rollback')).status).toBe(0);
  await running.waitForLog(/the upgrade is rolled back/);
  await leadsTo(running.pid);

  const { arbiter } = await told(path, 'upgrade', '--wait', '--finish');
  endWithTest(arbiter, ...childrenOf(arbiter));
  await running.waitForLog(/The old arbiter \(pid: \d+\) has exited: the upgrade is complete/);
  await leadsTo(arbiter);
  expect(readdirSync(running.cwd).filter((name) => name.startsWith('c.sock'))).toEqual(['c.sock']);
  expect((await ask(path, 'stop', '--wait')).status).toBe(0);
  expect(readdirSync(running.cwd).filter((name) => /sock/.test(name))).toEqual([]);
});
