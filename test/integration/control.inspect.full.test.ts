import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { ProfileAnswer, StackAnswer } from '../../src/control/routes/inspect.ts';
import { Client } from '../../src/ctl/client.ts';
import { get } from '../support/client.ts';
import { ask, ctl } from '../support/control.ts';
import { deadlineMs } from '../support/patience.ts';
import { inMountNamespace } from '../support/tools.ts';
import { app, isAlive, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const blocks = app('blocks.ts:app');
const SPIN = expect.stringMatching(/^at spin \(.*blocks\.ts:\d+:\d+\)$/);

/** A service with a control socket of its own. */
async function controlled(...args: readonly string[]) {
  const path = join(temporaryDirectory(), 'c.sock');
  const service = await serve([blocks, '--control-socket', path, '--graceful-timeout', '0.2', ...args]);
  const client = new Client(path);
  const stack = () => client.post<StackAnswer>('/v1/workers/0/stack');
  return { service, path, client, stack };
}

it('the stack and a profile of a blocked worker are told, one at a time, and it goes on', async () => {
  const { service, path, client, stack } = await controlled();
  expect(await stack()).toMatchObject({ slot: 0, threads: [{ threadId: 0, state: 'idle' }], waiting: 0 });
  void get(service.at, '/spin').catch(() => {});
  await service.waitForLog(/is blocked/);
  const seen = await stack();
  expect(seen.threads[0]).toMatchObject({ state: 'running', stack: expect.arrayContaining([SPIN]) });
  expect(seen.requests).toMatchObject([{ method: 'GET', path: '/spin' }]);

  const file = join(temporaryDirectory(), 'w.cpuprofile');
  const leaving = new AbortController();
  const left = client
    .post('/v1/workers/0/profile?seconds=60', { signal: leaving.signal })
    .catch(() => 'left');
  await expect(stack).rejects.toThrow(/another inspection of this worker is under way/);
  leaving.abort();
  expect(await left).toBe('left');

  const ran = await ctl(['profile', '0', '-s', path, '--seconds', '0.5', '-o', file]);
  expect(ran).toMatchObject({ status: 0, stdout: '', stderr: expect.stringContaining(`Wrote ${file}`) });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(isAlive(seen.pid)).toBe(true);
  expect(await stack()).toMatchObject({ pid: seen.pid });
  expect(await ctl(['stack', '4', '-s', path])).toMatchObject({
    status: 1,
    stderr: 'tsunicornctl: no worker is in slot "4": the slots are 0\n',
  });
});

it('the threads of a pool are seen, also without a watchdog', async () => {
  // On a busy machine all of this takes longer than a thread may be blocked by default.
  const pool = ['-k', 'thread', '--threads', '1', '--timeout', '0'];
  const { service, client, stack } = await controlled(...pool, '--no-watchdog');
  void get(service.at, '/spin').catch(() => {});
  await service.waitForLog(/is blocked/);
  const { threads } = await stack();
  expect(threads).toMatchObject([
    { threadId: 0, state: 'idle' },
    { state: 'running', stack: expect.arrayContaining([SPIN]) },
  ]);
  const thread = threads[1]?.threadId;
  const { profile } = await client.post<ProfileAnswer>(`/v1/workers/0/profile?seconds=0.2&thread=${thread}`);
  expect(profile).toMatch(/"functionName":"(?:spin|app)"/);
  expect(await stack()).toMatchObject({ threads: [{}, { state: 'running' }] });
});

it('a loop that spins writes its heap when its replacement serves, beyond its timeout, and ends', async () => {
  const { service, path, client } = await controlled('--timeout', '1', '--stall-warning', '0.5');
  const file = join(temporaryDirectory(), 'w.heapsnapshot');
  const { processes } = await client.get<{ processes: { pid: number }[] }>('/v1/workers');
  const running = ctl(['heap', '0', '-s', path, '-o', file]);
  await service.waitForLog(/Booting worker[\s\S]*Control: [\s\S]*Booting worker/);
  void get(service.at, '/spin').catch(() => {});
  const ran = await running;
  expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining(`Wrote ${file}`) });
  expect(readFileSync(file, 'utf8').slice(0, 12)).toBe('{"snapshot":');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(dirname(file))).toEqual(['w.heapsnapshot']);
  await service.waitForLog(/has written its heap to .*w\.heapsnapshot/);
  await expect.poll(() => isAlive(processes[0]?.pid ?? 0), { timeout: deadlineMs() }).toBe(false);

  const refused = await ask(path, 'heap', '0', '-o', '/nowhere/w');
  expect(refused).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/: the worker, .* cannot write \/nowhere\/w \(ENOENT\)/),
  });
});

const SMALL_DISK = 'mount -t tmpfs -o size=1m none "$SMALL" && exec "$@"';

inMountNamespace()(
  'a heap that the disk has no room for leaves nothing, nor does one that nobody waits for any more; a thread writes its own',
  async () => {
    const [directory, small] = [temporaryDirectory(), temporaryDirectory()];
    const path = join(directory, 'c.sock');
    const service = await serve([blocks, '--control-socket', path, '-k', 'thread', '--threads', '1'], {
      through: ['unshare', '--mount', 'sh', '-c', SMALL_DISK, 'sh'],
      env: { SMALL: small },
    });
    const client = new Client(path);
    const onDisk = () => readdirSync(`/proc/${service.pid}/root${small}`);
    const heap = (...more: readonly string[]) => ask(path, 'heap', '0', ...more);
    expect(await heap('-o', join(small, 'w'))).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/heap refused: .* takes up to .*, and 1M are free there/),
    });
    expect(await heap('-o', join(small, 'w'), '--force')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/the heap could not be written to .*ENOSPC/),
    });
    expect(onDisk()).toEqual([]);
    await expect.poll(async () => (await client.status()).workers.ready, { timeout: deadlineMs() }).toBe(1);

    const { threads } = await client.post<StackAnswer>('/v1/workers/0/stack');
    const thread = `${threads[1]?.threadId}`;
    const file = join(directory, 'thread');
    expect(await heap('-o', file, '--thread', thread)).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8').slice(0, 12)).toBe('{"snapshot":');

    await expect.poll(async () => (await client.status()).workers.ready, { timeout: deadlineMs() }).toBe(1);
    const leaving = new AbortController();
    const left = client.post(`/v1/workers/0/heap?file=${join(directory, 'late')}`, {
      signal: leaving.signal,
      heard: ({ progress }) => {
        if (/ writes (?:its|the) heap/.test(String(progress))) leaving.abort();
      },
    });
    await expect(left).rejects.toThrow(/abort/);
    await service.waitForLog(/has written its heap to .*late/);
    expect(readdirSync(directory).toSorted()).toEqual(['c.sock', 'late', 'thread']);
  },
);
