import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beside } from '../support/client.ts';
import { ask as askControl } from '../support/control.ts';
import { ask } from '../support/http-client.ts';
import { refusal } from '../support/refusal.ts';
import { receiveUdp } from '../support/syslog-receivers.ts';
import { app, type Running, serve, start } from '../support/tsunicorn.ts';

const hello = app('hello.ts:app', 'examples');
const failing = 'export default (q, r) => { throw new Error("no books"); };\n';
const bare = 'export default (q, r) => { process.stderr.write("mine\\n", () => r.end("written")); };\n';

async function stop(running: Running): Promise<void> {
  running.signal('SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
}

/** Asks until the service, whose log cannot be read, answers. */
async function upAt(running: Running, url: string): Promise<void> {
  let answered = false;
  await running.waitFor(() => {
    void ask({ url }).then(
      () => {
        answered = true;
      },
      () => {},
    );
    return answered;
  }, 'an answer');
}

describe('a worker is not harmed', () => {
  it.runIf(existsSync('/dev/full'))('by a disk that is full, whatever it logs', async () => {
    const logs = ['--error-logfile', '/dev/full', '--access-logfile', '/dev/full'];
    const control = ['--control-socket', 'c.sock'];
    const running = start(['-w', '1', '-b', 'unix:app.sock', ...control, ...logs, 'app.js'], {
      files: { 'app.js': failing },
    });
    const url = `unix:${join(running.cwd, 'app.sock')}`;
    await upAt(running, url);
    const workers = await running.waitForWorkers(1);
    for (let n = 0; n < 50; n++) expect((await ask({ url })).status).toBe(500);
    running.signal('SIGUSR1');
    expect((await ask({ url })).status).toBe(500);
    expect(running.workers()).toEqual(workers);
    // What no log shows, the arbiter and the worker can still be asked for.
    const { stdout } = await askControl(join(running.cwd, 'c.sock'), 'logs', '--level', 'error');
    const who = { arbiter: 'arbiter', worker: `${workers[0]}` };
    for (const one of [who.arbiter, who.worker])
      expect(stdout).toContain(`[${one}] [ERROR] Cannot write /dev/full (ENOSPC: the disk is full)`);
    await stop(running);
  });

  it('by a standard error that nobody reads any more, nor is its arbiter', async () => {
    const running = await serve(['-w', '1', '--access-logfile', '-', 'app.js'], {
      files: { 'app.js': failing },
    });
    const workers = await running.waitForWorkers(1);
    running.child.stderr?.destroy();
    running.child.stdout?.destroy();
    for (let n = 0; n < 50; n++) expect((await ask({ url: running.at })).status).toBe(500);
    running.signal('SIGTTIN');
    await running.waitForWorkers(2);
    expect(running.workers()).toEqual(expect.arrayContaining(workers));
    await stop(running);
  });

  it('by what its application itself writes there', async () => {
    const running = await serve(['-w', '1', 'app.js'], { files: { 'app.js': bare } });
    const workers = await running.waitForWorkers(1);
    running.child.stderr?.destroy();
    for (let n = 0; n < 5; n++) await ask({ url: running.at });
    expect(running.workers()).toEqual(workers);
    await stop(running);
  });
});

it('USR1 while errors are logged loses none of them', async () => {
  const running = start(['-w', '2', '-b', 'unix:app.sock', '--error-logfile', 'error.log', 'app.js'], {
    files: { 'app.js': failing },
  });
  const url = `unix:${join(running.cwd, 'app.sock')}`;
  const paths = ['error.log.1', 'error.log'].map((name) => join(running.cwd, name));
  const failures = () =>
    paths.map((path) =>
      existsSync(path) ? (readFileSync(path, 'utf8').match(/while handling GET/g) ?? []).length : 0,
    );
  await upAt(running, url);
  const before = await running.waitFor(() => failures()[1], 'the first failures');
  let sent = 0;
  const client = async () => {
    while (failures()[0] === 0 || (failures()[1] ?? 0) < 50) {
      sent++;
      await ask({ url, path: `/${sent}` });
    }
  };
  const clients = beside([client(), client()]);
  await running.waitFor(() => (failures()[1] ?? 0) > before + 20, 'more failures');
  renameSync(join(running.cwd, 'error.log'), join(running.cwd, 'error.log.1'));
  running.signal('SIGUSR1');
  await clients;
  await stop(running);
  const numbered = paths.flatMap(
    (path) => readFileSync(path, 'utf8').match(/while handling GET \/\d+:/g) ?? [],
  );
  expect(numbered.toSorted()).toEqual(
    Array.from({ length: sent }, (_, index) => `while handling GET /${index + 1}:`).toSorted(),
  );
});

describe('--log-syslog', () => {
  it('has the arbiter and the workers send both logs, to the last line', async () => {
    const { port, records } = await receiveUdp();
    const args = ['--log-syslog', '--log-syslog-to', `udp://127.0.0.1:${port}`, '--syslog-prefix', 'shop'];
    const running = await serve([
      hello,
      ...args,
      '--syslog-facility',
      'local0',
      '--access-logformat',
      '%(r)s',
    ]);
    const [worker] = await running.waitForWorkers(1);
    await ask({ url: running.at, path: '/books' });
    await stop(running);
    const has = (pid: number | undefined, kind: string, text: string) =>
      expect.stringMatching(new RegExp(`^<134>1 \\S+ \\S+ tsunicorn\\.shop ${pid} ${kind} - ${text}`));
    await expect
      .poll(() => records)
      .toEqual(
        expect.arrayContaining([
          has(running.pid, 'error', 'Listening at: '),
          has(worker, 'access', 'GET /books HTTP/1\\.1$'),
          has(running.pid, 'error', 'Shutting down: arbiter$'),
        ]),
      );
    expect(running.stderr).toMatch(/Shutting down/);
  });

  it('to a name that is unknown is refused', async () => {
    const line = await refusal([hello, '--log-syslog', '--log-syslog-to', 'tcp://no-such-host.invalid']);
    expect(line).toMatch(/^--syslog-to: cannot resolve "no-such-host\.invalid" \(\w+\); /);
  });
});
