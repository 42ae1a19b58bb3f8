import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { shortLimit } from '../support/patience.ts';
import { app, endWithTest, isAlive, type Running, serve, temporaryDirectory } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

// Those that wait without blocking a processor run beside each other: too many loops at once leave a watchdog no processor.
tellTestsApart();

// Within a second a worker that has no processor would be taken for one that is blocked.
const LIMIT = await shortLimit();
const blocks = app('blocks.ts:app');
const record =
  /CRITICAL\] Worker \(pid: (\d+), slot 0, age 1\): its event loop was blocked for \d+\.\d s .*\n((?: {4}.*\n)*)/;

/** The pid and the indented block of the record about the first worker. */
async function recordOf(running: Running): Promise<{ pid: number; block: string }> {
  const [, pid, block = ''] = await running.waitForLog(new RegExp(`${record.source}\\[`));
  return { pid: Number(pid), block };
}

describe.each(['tcp', 'unix'])('over %s, an event loop that is blocked', (kind) => {
  const bind = () => (kind === 'tcp' ? '127.0.0.1:0' : `unix:${join(temporaryDirectory(), 'sock')}`);

  it.each([
    ['by an endless loop', '/spin', /at spin \(.*blocks\.ts:\d+:\d+\)\n +at app \(.*blocks\.ts:/],
    ['by a regular expression', '/regex', /blocked at:\n +at app \(.*blocks\.ts:\d+:\d+\)\n/],
    ['by JSON', '/json', /at parse \(.*blocks\.ts:\d+:\d+\)\n +at app \(.*blocks\.ts:/],
  ])('%s is found, explained and ended, and its client gets a 503', async (_how, path, stack) => {
    const running = await serve([blocks, '--timeout', LIMIT, '-b', bind()]);
    const answer = await get(running.at, `${path}?a=1`);
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1', connection: 'close' } });
    const { pid, block } = await recordOf(running);
    expect(block).toMatch(stack);
    expect(block).toMatch(
      new RegExp(`requests in flight:\\n +GET ${path}, for [\\d.]+ s, answered with 503`),
    );
    await running.waitForLog(
      new RegExp(`\\(pid: ${pid}, .*killed by the arbiter: its event loop was blocked`),
    );
    expect((await get(running.at)).status).toBe(200);
    expect(isAlive(pid)).toBe(false);
  });

  it('in native code is ended, and the record has its requests and says that there is no stack', async () => {
    const running = await serve([blocks, '--timeout', LIMIT, '-b', bind()]);
    expect(await outcome(get(running.at, '/native'))).toBe('ECONNRESET');
    expect((await recordOf(running)).block).toMatch(
      /native code: there is no JavaScript stack\n +requests in flight:\n +GET \/native, for [\d.]+ s, cut\n/,
    );
    expect((await get(running.at)).status).toBe(200);
  });
});

describe('the clients of a blocked worker', () => {
  it('all get a 503 where no byte was sent to them, also behind headers that were made up and never sent', async () => {
    const running = await serve([blocks, '--timeout', LIMIT]);
    const { port } = new URL(running.at);
    const wire = await wireTo(Number(port));
    wire.write('GET /part HTTP/1.1\r\nHost: t\r\n\r\n');
    await wire.until(/part/);
    const held = get(running.at, '/held');
    await running.waitForLog(/holds a request/);
    const blocked = get(running.at, '/head');
    expect(await Promise.all([held, blocked])).toMatchObject([{ status: 503 }, { status: 503 }]);
    expect((await wire.ended).match(/HTTP\/1\.1/g)).toHaveLength(1);
    const { block } = await recordOf(running);
    expect(block).toMatch(/GET \/part, for .*, cut in the middle of its answer/);
    expect(block).toMatch(/GET \/held, for .*, answered with 503/);
  });

  it('get it although nothing of theirs was read yet', async () => {
    const running = await serve([blocks, '--timeout', LIMIT]);
    const { port } = new URL(running.at);
    const wire = await wireTo(Number(port));
    // Once a later connection is served, this one has been accepted.
    await get(running.at);
    const blocked = outcome(get(running.at, '/spin'));
    await running.waitForLog(/is blocked/);
    wire.write('GET / HTTP/1.1\r\nHost: t\r\n\r\n');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 503 /);
    expect(await blocked).toBe('503');
    expect((await recordOf(running)).block).toMatch(/1 not read yet, answered with 503/);
  });
});

describe('a sync worker', () => {
  it.each(['127.0.0.1:0', 'unix:'])('that is blocked is explained in the same way, on %s', async (bind) => {
    const at = bind === 'unix:' ? `unix:${join(temporaryDirectory(), 'sock')}` : bind;
    const running = await serve([blocks, '--timeout', LIMIT, '-k', 'sync', '-b', at]);
    expect((await get(running.at, '/spin')).status).toBe(503);
    expect((await recordOf(running)).block).toMatch(/at spin \([\s\S]*GET \/spin, for .* answered with 503/);
    expect((await get(running.at)).status).toBe(200);
  });
});

describe('the record', () => {
  it('is one JSON object where the log is JSON', async () => {
    const running = await serve([blocks, '--timeout', LIMIT, '--log-format', 'json']);
    await get(running.at, '/spin');
    const [line] = await running.waitForLog(/^.*"level":"critical".*$/m);
    const { pid, worker, durationMs, stack, requests, lines } = JSON.parse(line);
    expect(lines).toBeUndefined();
    expect(worker).toEqual({ pid, slot: 0, age: 1, generation: 1 });
    expect(pid).not.toBe(running.pid);
    expect(durationMs).toBeGreaterThan(999);
    expect(stack[0]).toMatch(/^at spin \(/);
    expect(requests).toEqual([{ method: 'GET', path: '/spin', ageMs: expect.any(Number), got: '503' }]);
  });
});

describe('without the watchdog', () => {
  it('the arbiter alone ends a blocked worker, and cannot say more', async () => {
    const running = await serve([blocks, '--timeout', LIMIT, '--no-watchdog']);
    expect(await outcome(get(running.at, '/spin'))).toBe('ECONNRESET');
    await running.waitForLog(new RegExp(`killed by the arbiter: silent for ${LIMIT} s`));
    expect(running.stderr).not.toMatch(/blocked at/);
  });
});

describe.concurrent('what is no blocked event loop', () => {
  it('is a machine that stood still', async () => {
    // As long as a busy machine may need to run them all again.
    const limit = 3 * Number(await shortLimit());
    const running = await serve([blocks, '--timeout', `${limit}`, '-w', '2']);
    const workers = running.workers();
    for (const pid of [running.pid, ...workers]) process.kill(pid, 'SIGSTOP');
    // Not a wait for something to happen: this silence is what the test is about.
    await pause(limit * 2000);
    for (const pid of [...workers, running.pid]) process.kill(pid, 'SIGCONT');
    await pause(1500);
    expect((await get(running.at)).status).toBe(200);
    expect(running.workers()).toEqual(workers);
    expect(running.stderr).not.toMatch(/WARNING|ERROR|CRITICAL/);
  });

  it('is a worker that a developer holds in a debugger', async () => {
    const running = await serve([blocks, '--timeout', LIMIT]);
    const { body } = await get(running.at, '/inspect');
    const [, url = ''] = await running.waitForLog(/Debugger listening on (\S+)/);
    const socket = new WebSocket(url);
    await once(socket, 'open');
    const said = (what: string) =>
      new Promise<void>((resolve) => {
        socket.addEventListener('message', ({ data }) => void (String(data).includes(what) && resolve()));
      });
    const enabled = said('"id":1');
    socket.send('{"id":1,"method":"Debugger.enable"}');
    await enabled;
    const paused = said('Debugger.paused');
    const answer = get(running.at, '/pause');
    await paused;
    await pause(4500);
    socket.send('{"id":2,"method":"Debugger.resume"}');
    expect(await answer).toMatchObject({ status: 200, body });
    expect(running.stderr).not.toMatch(/WARNING|ERROR|CRITICAL/);
    socket.close();
  });
});

describe.concurrent('an orphan whose event loop is blocked', () => {
  it('ends by its watchdog once the grace is over, and says why', async () => {
    const running = await serve([blocks, '--timeout', '60', '--graceful-timeout', LIMIT]);
    const [worker = 0] = running.workers();
    endWithTest(worker);
    const blocked = outcome(get(running.at, '/spin'));
    await running.waitForLog(/is blocked/);
    running.signal('SIGKILL');
    expect(await blocked).toBe('503');
    await running.waitFor(() => !isAlive(worker), 'the orphan to end');
    await running.end();
    expect(running.stderr).toMatch(
      /whose arbiter has exited: its event loop was blocked for .*; killed\n {4}blocked at:\n {6}at spin/,
    );
  });
});

describe.concurrent('a retiring worker whose event loop is blocked', () => {
  it('is explained when its grace is over, however long --timeout is', async () => {
    const running = await serve([blocks, '--timeout', '60', '--graceful-timeout', LIMIT]);
    const port = Number(new URL(running.at).port);
    const wire = await wireTo(port);
    const probe = await wireTo(port);
    running.signal('SIGTERM');
    // Once an answer is the last of its connection, the worker knows that it is to leave.
    while (!/Connection: close/.test(probe.text)) {
      probe.text = '';
      probe.write('GET / HTTP/1.1\r\nHost: t\r\n\r\n');
      await probe.until(/\r\n\r\n\d/);
    }
    wire.write('GET /spin HTTP/1.1\r\nHost: t\r\n\r\n');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 503 /);
    await running.end();
    expect(running.stderr).toMatch(
      /its event loop was blocked for .* \(--graceful-timeout\); killed\n {4}blocked at:\n {6}at spin/,
    );
    expect(running.stderr).not.toMatch(/did not exit within its grace/);
  });
});

describe('an ordinary exit', () => {
  it('is quick and silent beside the watchdog', async () => {
    const running = await serve([blocks, '-w', '2']);
    await get(running.at);
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/WARNING|ERROR|CRITICAL|watchdog/i);
  });
});
