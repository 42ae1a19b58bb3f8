import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, constants, cpSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { run } from '../support/command.ts';
import { ask } from '../support/http-client.ts';
import { asRoot } from '../support/tools.ts';
import { app, root, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const it = asRoot();
const whoami = app('whoami.ts:app');

/** More than a pipe takes, of lines that are written one by one. */
const REQUESTS = 60;
const PATH = `/${'x'.repeat(2000)}`;

describe('a reader of standard output that stalls', () => {
  it.each([
    ['async', ['-u', 'nobody']],
    ['sync', ['-u', 'nobody', '--initgroups']],
    ['thread', ['-u', 'nobody', '--threads', '1']],
  ] as const)('stalls no answer of class %s, although its user cannot open the pipe', async (kind, user) => {
    const cwd = temporaryDirectory();
    chmodSync(cwd, 0o755);
    const pipe = join(cwd, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(reader));
    const through = ['sh', '-c', `exec "$0" "$@" > '${pipe}'`];
    // The thread of a watchdog would make Node open the output, and so make it non-blocking.
    const args = [whoami, '-k', kind, ...user, '--access-logfile', '-', '--no-watchdog'];
    const running = await serve(args, { cwd, through });
    for (let sent = 0; sent < REQUESTS; sent++)
      expect((await ask({ url: running.at, path: PATH })).status).toBe(200);
  });
});

describe('what the user of the workers cannot load', () => {
  it('is refused in one line where it is tsunicorn itself', async () => {
    const closed = temporaryDirectory();
    for (const part of ['dist', 'package.json'])
      cpSync(join(root, part), join(closed, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(closed, 'node_modules'));
    const cwd = temporaryDirectory();
    chmodSync(cwd, 0o755);
    const through = ['sh', '-c', `node=$0; shift; exec "$node" '${closed}/dist/bin/tsunicorn.js' "$@"`];
    const { status, stderr } = await run([whoami, '-u', 'nobody', '-b', 'unix:s'], { cwd, through });
    expect(stderr).toBe(
      `tsunicorn: --user: user nobody cannot read tsunicorn itself (EACCES ${closed}/dist/workers/); install it where that user can read [TSU0403]\n`,
    );
    expect(status).toBe(1);
  });

  it('is refused in one line where it is Node', async () => {
    const cwd = temporaryDirectory();
    chmodSync(cwd, 0o755);
    mkdirSync(join(cwd, 'closed'), { mode: 0o700 });
    cpSync(process.execPath, join(cwd, 'closed/node'));
    const through = ['sh', '-c', 'shift 0; exec ./closed/node "$@"'];
    const { status, stderr } = await run([whoami, '-u', 'nobody', '-b', 'unix:s'], { cwd, through });
    expect(stderr).toBe(
      `tsunicorn: --user: user nobody cannot execute Node (EACCES ${cwd}/closed/node); install it where that user can [TSU0403]\n`,
    );
    expect(status).toBe(1);
  });
});
