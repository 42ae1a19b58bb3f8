import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { run } from '../support/command.ts';
import { slowness } from '../support/patience.ts';
import { refusal } from '../support/refusal.ts';
import { app, type Running, serve, start } from '../support/tsunicorn.ts';

const healthy = app('healthy.ts:app');
const withPath = (...args: readonly string[]) => ['--ready-path', '/healthz', ...args, healthy];

function fallIll(running: Running): void {
  writeFileSync(join(running.cwd, 'ill'), '');
}

function recover(running: Running): void {
  rmSync(join(running.cwd, 'ill'));
}

describe('a worker with a ready path', () => {
  it.each([
    ['async', '127.0.0.1:0'],
    ['sync', 'unix:app.sock'],
    ['thread', '127.0.0.1:0'],
  ])('of class %s serves only when the path has recovered', async (workerClass, bind) => {
    const args = withPath('-k', workerClass, '--threads', '1', '-b', bind, '--access-logfile', '-');
    const running = start(args, { files: { ill: '' } });
    await running.waitForLog(/Waiting for GET \/healthz \(--ready-path\), which answered 503/);
    expect(running.stderr).not.toMatch(/Listening at/);
    recover(running);
    const url = await running.url();
    expect(await get(url)).toMatchObject({ status: 200 });
    running.signal('SIGTERM');
    await running.end();
    // The access log knows what clients asked for, and nothing else.
    expect(running.stdout.trimEnd().split('\n')).toEqual([expect.stringContaining('"GET / HTTP/1.1" 200')]);
  });

  it('halts the service with status 3 where it never gets ready at first, and leaves nothing', async () => {
    const seconds = `${0.6 * (await slowness())}`;
    const outcome = await run(withPath('--boot-timeout', seconds, '-b', 'unix:app.sock'), {
      files: { ill: '' },
    });
    expect(outcome).toMatchObject({ status: 3, leftFiles: [], leftProcesses: [] });
    const complaints = outcome.lines.filter((line) => /CRITICAL|ERROR|WARNING/.test(line));
    expect(complaints).toEqual([
      expect.stringContaining(
        `--ready-path /healthz: the application answered 503, up to the end of the --boot-timeout of ${seconds} s`,
      ),
    ]);
  });

  it('undoes a reload where it is not ready, and is tried again where it died', async () => {
    const running = await serve(withPath('--boot-timeout', `${0.8 * (await slowness())}`), { files: {} });
    const [old = 0] = running.workers();
    fallIll(running);
    running.signal('SIGHUP');
    await running.waitForLog(/Reload undone, the old workers keep serving: --ready-path \/healthz: .*503/);
    expect(await get(running.at)).toMatchObject({ status: 200 });
    const seen = running.stderr.length;
    process.kill(old, 'SIGKILL');
    await running.waitForLog(/--ready-path \/healthz: .*503.*; next try (at once|in [\d.]+ s)/, seen);
    recover(running);
    expect(await get(running.at)).toMatchObject({ status: 200 });
  });

  it('refuses a path that does not begin with a slash', async () => {
    const line = await refusal(['--ready-path', 'healthz', healthy]);
    expect(line).toBe('--ready-path: expected a path that begins with /, such as /healthz, got "healthz"');
  });
});
