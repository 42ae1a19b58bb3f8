import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcome } from '../support/client.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { ask } from '../support/http-client.ts';
import { linesIn } from '../support/text.ts';
import { app, isAlive, type Running, serve, temporaryDirectory } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

// They wait until a limit is over.
tellTestsApart();

const FORMAT = '%(m)s %(U)s %(s)s %(X)s';
const answered = ['GET /1 200 -', 'GET /2 200 -', 'GET /3 200 -'];

interface Case {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How the request ends, and those that wait. */
  readonly lines: readonly string[];
  readonly complete: boolean;
}

const stalls = ['--timeout', '1'];
const cases: readonly (readonly [string, Case])[] = [
  ['process.exit()', { path: '/exit', lines: ['444 exit', '444 exit'], complete: true }],
  ['process.abort()', { path: '/abort', lines: ['444 abort', '444 abort'], complete: true }],
  ['SIGKILL', { path: '/kill', lines: ['444 SIGKILL', '444 SIGKILL'], complete: false }],
  ['a crash', { path: '/segfault', lines: ['444 SIGSEGV', '444 SIGSEGV'], complete: false }],
  [
    "V8's end of the heap",
    {
      path: '/heap',
      env: { NODE_OPTIONS: '--max-old-space-size=80' },
      lines: ['444 SIGABRT', '444 SIGABRT'],
      complete: false,
    },
  ],
  [
    'a loop that is blocked',
    { path: '/spin', args: stalls, lines: ['503 stall', '503 stall'], complete: true },
  ],
  [
    'a loop that is blocked in native code',
    { path: '/native', args: stalls, lines: ['444 stall', '444 stall'], complete: true },
  ],
  [
    'a loop that waits for a child',
    { path: '/exec', args: stalls, lines: ['444 stall', '444 stall'], complete: true },
  ],
];

/** A service of one worker that logs into a file, with what its records say. */
async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const cwd = temporaryDirectory();
  const file = join(cwd, 'access.log');
  const running = await serve(
    ['-w', '1', '--access-logfile', file, '--access-logformat', FORMAT, ...args, app('dies.ts:app')],
    { cwd, env },
  );
  return { running, file };
}

async function threeAnswers({ at }: Running & { at: string }): Promise<void> {
  for (const path of ['/1', '/2', '/3']) expect((await ask({ url: at, path })).status).toBe(200);
}

/** The record of the first end of a worker. */
async function endOf(running: Running): Promise<Record<string, unknown>> {
  const [line] = await running.waitForLog(/^.*"event":"worker-exited".*$/m);
  return JSON.parse(line);
}

describe.concurrent('the lines of a worker that is ended by', () => {
  it.each(cases)('%s are all there, once', async (_what, { path, args = [], env = {}, lines, complete }) => {
    const { running, file } = await start([...args, '--log-format', 'json'], env);
    await threeAnswers(running);
    const held = outcome(ask({ url: running.at, path: '/held' }));
    await running.waitForLog(/holds a request/);
    const last = outcome(ask({ url: running.at, path }));
    await Promise.all([held, last]);
    expect(await endOf(running)).toMatchObject({ accessComplete: complete });
    expect(linesIn(file)).toEqual([...answered, `GET /held ${lines[0]}`, `GET ${path} ${lines[1]}`]);
  });

  it('SIGABRT, which its own handler sees, are all there', async () => {
    const { running, file } = await start(['--log-format', 'json']);
    await threeAnswers(running);
    const held = outcome(ask({ url: running.at, path: '/held' }));
    await running.waitForLog(/holds a request/);
    const [pid = 0] = running.workers();
    process.kill(pid, 'SIGABRT');
    await held;
    expect(await endOf(running)).toMatchObject({ accessComplete: true });
    expect(linesIn(file)).toEqual([...answered, 'GET /held 444 SIGABRT']);
  });

  it.each(['sync', 'thread'])('SIGKILL in class %s are all there', async (kind) => {
    const { running, file } = await start(['-k', kind, '--log-format', 'json']);
    await threeAnswers(running);
    const last = outcome(ask({ url: running.at, path: '/kill' }));
    await last;
    expect(await endOf(running)).toMatchObject({ accessComplete: false });
    expect(linesIn(file)).toEqual([...answered, 'GET /kill 444 SIGKILL']);
  });
});

describe.concurrent('a request that outlives the grace', () => {
  it('has a line that says so, and its client has not left', async () => {
    const { running, file } = await start(['--graceful-timeout', '1']);
    await threeAnswers(running);
    const held = outcome(ask({ url: running.at, path: '/held' }));
    await running.waitForLog(/holds a request/);
    const wire = await wireTo(Number(new URL(running.at).port));
    wire.write('GET /part HTTP/1.1\r\nHost: t\r\n\r\n');
    await wire.until(/part/);
    running.signal('SIGTERM');
    await Promise.all([held, wire.ended]);
    await running.end();
    const lines = linesIn(file);
    expect(lines.slice(0, 3)).toEqual(answered);
    expect(lines.slice(3).toSorted()).toEqual(['GET /held 444 grace', 'GET /part 200 grace']);
  });

  it('has it too where its loop is blocked in native code', async () => {
    const { running, file } = await start(['--graceful-timeout', '1', '--timeout', '60']);
    await threeAnswers(running);
    const [worker = 0] = running.workers();
    const last = outcome(ask({ url: running.at, path: '/native' }));
    await running.waitForLog(/is blocked/);
    running.signal('SIGHUP');
    await last;
    await running.waitFor(() => !isAlive(worker), 'the worker to end');
    await running.waitForLog(/did not exit within its grace|was blocked for/);
    expect(linesIn(file)).toEqual([...answered, expect.stringMatching(/^GET \/native 444 (grace|stall)$/)]);
  });
});

describe.concurrent('without the watchdog', () => {
  it('what the worker does itself is logged, and a kill from outside costs what was in flight', async () => {
    const { running, file } = await start(['--no-watchdog', '--log-format', 'json']);
    await threeAnswers(running);
    await outcome(ask({ url: running.at, path: '/abort' }));
    await endOf(running);
    expect(linesIn(file)).toEqual([...answered, 'GET /abort 444 abort']);
    await outcome(ask({ url: running.at, path: '/kill' }));
    await running.waitForLog(/"signal":"SIGKILL".*"accessComplete":false/);
    expect(linesIn(file)).toHaveLength(4);
  });
});
