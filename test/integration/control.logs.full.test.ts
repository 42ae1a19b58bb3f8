import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Client } from '../../src/ctl/client.ts';
import { get } from '../support/client.ts';
import { ctl } from '../support/control.ts';
import { deadlineMs } from '../support/patience.ts';
import { serve, temporaryDirectory } from '../support/tsunicorn.ts';
import { gone, upgrade } from '../support/upgrade.ts';

const APP = `
export const app = (request, response) => {
  if (request.url === '/throw') throw new Error('on purpose');
  response.end('ok');
};`;

it('what the arbiter and the workers log is followed, that of workers that come later too', async () => {
  const cwd = temporaryDirectory({ 'app.mjs': APP });
  const path = join(cwd, 'c.sock');
  const service = await serve(['app.mjs:app', '--control-socket', path, '--access-logfile', 'access'], {
    cwd,
  });
  const client = new Client(path);
  const leaving = new AbortController();
  const heard: Readonly<Record<string, unknown>>[] = [];
  const done = client
    .get('/v1/logs?follow&access&level=error', {
      signal: leaving.signal,
      heard: (line) => void heard.push(line),
    })
    .catch(() => 'left');
  const failed = {
    level: 'error',
    event: 'application-failed',
    message: expect.stringMatching(/on purpose/),
  };
  /** Asks until a request of that path was heard of: the worker is told a moment later. */
  const comes = (url: string, line: object) =>
    expect
      .poll(
        async () => {
          await get(service.at, url);
          return heard.splice(0);
        },
        { timeout: deadlineMs(), interval: 100 },
      )
      .toContainEqual(expect.objectContaining(line));
  await comes('/throw', { ...failed, slot: 0 });
  await comes('/seen', { access: expect.stringMatching(/GET \/seen /), slot: 0 });
  const first = (await client.status()).processes[0]?.pid;
  service.signal('SIGHUP');
  await service.waitForLog(/Generation 2 is ready/);
  await comes('/throw', failed);
  await expect
    .poll(async () => (await client.status()).processes.map(({ pid }) => pid), { timeout: deadlineMs() })
    .not.toContain(first);
  leaving.abort();
  expect(await done).toBe('left');
  const ran = await ctl(['logs', '-s', path]);
  expect(ran).toMatchObject({ status: 0, stdout: expect.stringMatching(/\[arbiter\] \[INFO\] Starting/) });
  // The worker has ended since.
  expect(ran.stdout).toMatch(new RegExp(`\\[${first}\\] \\[ERROR\\] The application failed .*: on purpose`));
  expect(await ctl(['logs', '-s', path, '-l', 'loud'])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/level: expected one of debug, .*, got "loud"/),
  });
  const text = new RegExp(`\\[${first}\\] \\[ERROR\\] The application failed .*: on purpose`);
  const next = await upgrade(service);
  service.signal('SIGTERM');
  await gone(service, service.pid);
  const { stdout } = await ctl(['logs', '-s', path]);
  expect(stdout).toMatch(text);
  // What the old arbiter has logged has its pid now, to the end.
  expect(stdout).toMatch(new RegExp(`\\[${service.pid}\\] \\[INFO\\] Starting`));
  expect(stdout).toMatch(new RegExp(`\\[${service.pid}\\] \\[INFO\\] Shutting down: arbiter`));
  expect(stdout).toMatch(/\[arbiter\] \[INFO\] Starting/);
  process.kill(next, 'SIGTERM');
  await gone(service, next);
});
