import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { outcome } from '../support/client.ts';
import { ask } from '../support/http-client.ts';
import { rootsDirectory } from '../support/roots-directory.ts';
import { linesIn } from '../support/text.ts';
import { asRoot } from '../support/tools.ts';
import { app, type Running, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const it = asRoot();
const FORMAT = '%(m)s %(U)s %(s)s %(X)s';
const LOST = ['GET /held 444 SIGKILL', 'GET /kill 444 SIGKILL'];
const NOBODY = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));

/** A service of one worker that runs as nobody, has answered one request and holds another. */
async function holding(cwd: string, file: string) {
  const log = ['--access-logfile', file, '--access-logformat', FORMAT, '--log-format', 'json'];
  const running = await serve(['-w', '1', '-u', 'nobody', ...log, app('dies.ts:app')], { cwd });
  expect((await ask({ url: running.at, path: '/1' })).status).toBe(200);
  await running.waitFor(() => linesIn(file).length === 1, 'the line of the answer');
  const held = outcome(ask({ url: running.at, path: '/held' }));
  await running.waitForLog(/holds a request/);
  return { running, held };
}

/** Has the worker kill itself, some time after the arbiter was told what it holds; resolves with the record of its end. */
async function kill(running: Running & { at: string }, held: Promise<unknown>): Promise<unknown> {
  await Promise.all([outcome(ask({ url: running.at, path: '/kill' })), held]);
  const [line] = await running.waitForLog(/^.*"event":"worker-exited".*$/m);
  return JSON.parse(line);
}

describe('the lines of a worker of another user that is killed', () => {
  it('go into the file that logrotate made, once the worker has it too', async () => {
    const cwd = rootsDirectory();
    const file = join(cwd, 'access.log');
    const { running, held } = await holding(cwd, file);
    renameSync(file, `${file}.1`);
    writeFileSync(file, '', { mode: 0o640 });
    running.signal('SIGUSR1');
    await running.waitForLog(/its owner was changed to that user/);
    expect(await kill(running, held)).toMatchObject({ accessComplete: false });
    expect(linesIn(`${file}.1`)).toEqual(['GET /1 200 -']);
    expect(linesIn(file)).toEqual(LOST);
  });

  it('make the file anew where it was moved away, and it is the user’s', async () => {
    const cwd = rootsDirectory();
    const file = join(cwd, 'access.log');
    const { running, held } = await holding(cwd, file);
    renameSync(file, `${file}.1`);
    await kill(running, held);
    expect(linesIn(`${file}.1`)).toEqual(['GET /1 200 -']);
    expect([linesIn(file), statSync(file).uid]).toEqual([LOST, NOBODY]);
  });

  it('are never written through a link into what only root may write', async () => {
    const cwd = rootsDirectory();
    const secret = join(temporaryDirectory({ secret: 'x' }), 'secret');
    chmodSync(secret, 0o600);
    const logs = join(cwd, 'logs');
    mkdirSync(logs);
    chownSync(logs, NOBODY, NOBODY);
    const file = join(logs, 'access.log');
    const { running, held } = await holding(cwd, file);
    rmSync(file);
    symlinkSync(secret, file);
    await kill(running, held);
    await running.waitForLog(/"event":"access-lines-lost".*"lost":2.*EACCES/);
    expect([readFileSync(secret, 'utf8'), statSync(secret).uid]).toEqual(['x', 0]);
  });
});
