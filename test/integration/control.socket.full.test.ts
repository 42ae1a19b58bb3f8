import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ctl } from '../support/control.ts';
import { PROGRAM_MS } from '../support/patience.ts';
import { serve, start, temporaryDirectory } from '../support/tsunicorn.ts';

const APP = `
export const app = (request, response) => {
  if (request.url === '/spin') for (;;);
  response.end(String(process.pid));
};`;
async function tsunicorn(words: readonly string[], env: Readonly<Record<string, string>>) {
  const running = start(words, { env });
  return { ...(await running.end()), stdout: running.stdout };
}

const files = { 'app.mjs': APP };

/** A socket that nobody listens at, of another user; false where this user cannot make one. */
function leaveForeignSocket(path: string): boolean {
  if (process.getuid?.() !== 0) return false;
  const holder = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', holder], { timeout: PROGRAM_MS });
  chownSync(path, 12345, 12345);
  return true;
}

it('by default the socket is ours alone, tells the status, and is gone with the service', async () => {
  const cwd = temporaryDirectory(files);
  const session = join(cwd, 'run');
  mkdirSync(session);
  const env = { XDG_RUNTIME_DIR: session };
  const service = await serve(['app.mjs:app', '-n', 'shop'], { cwd, env });
  const directory = join(session, 'tsunicorn');
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(readdirSync(directory)).toEqual(['shop.sock']);
  expect(statSync(join(directory, 'shop.sock')).mode & 0o777).toBe(0o600);
  const { status, stdout } = await ctl(['status', '--json', '-n', 'shop'], env);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ schema: 1, name: 'shop', pid: service.pid, phase: 'serving', generation: 1 },
    addresses: [service.at],
    workers: { wanted: 1, ready: 1 },
  });
  // tsunicorn leads there.
  const { stdout: listed, status: found } = await tsunicorn(['ls', '--json'], env);
  expect(found).toBe(0);
  expect(JSON.parse(listed).services).toContainEqual(
    expect.objectContaining({ name: 'shop', pid: service.pid, socket: join(directory, 'shop.sock') }),
  );
  service.signal('SIGTERM');
  await service.end();
  expect(readdirSync(directory)).toEqual([]);
  expect(await ctl(['status', '-n', 'shop'], env)).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/no service of the name shop/),
  });
});

it('a path by name must work, and a stale one is taken over', async () => {
  const lost = await serve(['app.mjs:app', '--control-socket', 'c.sock'], { files });
  const path = join(lost.cwd, 'c.sock');
  const twin = start(['app.mjs:app', '--control-socket', 'c.sock', '-b', '127.0.0.1:0'], { cwd: lost.cwd });
  expect(await twin.end()).toMatchObject({ status: 1 });
  expect(twin.stderr).toMatch(/--control-socket \S+c\.sock: another server is listening there/);
  lost.signal('SIGKILL');
  await lost.end();
  expect(existsSync(path)).toBe(true);
  const next = await serve(['app.mjs:app', '--control-socket', 'c.sock', '--pid', 'app.pid'], {
    cwd: lost.cwd,
  });
  // Found by what its arbiter has bound.
  const { stdout } = await ctl(['status', '--json', '-p', join(lost.cwd, 'app.pid')]);
  expect(JSON.parse(stdout)).toMatchObject({ pid: next.pid });
  expect(await ctl(['status', '-p', join(lost.cwd, 'no.pid')])).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/no\.pid: cannot read the pidfile \(ENOENT\)/),
  });
  next.signal('SIGTERM');
  await next.end();
  writeFileSync(join(lost.cwd, 'file'), '');
  const foreign = leaveForeignSocket(join(lost.cwd, 'theirs'));
  const refusals: (readonly [string, RegExp])[] = [
    ...(foreign ? [['theirs', /the file belongs to another user \(uid 12345\); remove it/] as const] : []),
    ['x'.repeat(120), /the path has at most \d+ bytes; choose a shorter one/],
    ['missing/c.sock', /the directory does not exist; create it or choose another path/],
    ['file', /the file exists and is not a socket/],
  ];
  for (const [asked, line] of refusals) {
    const refused = start(['app.mjs:app', '--control-socket', asked], { cwd: lost.cwd });
    expect(await refused.end()).toMatchObject({ status: 1 });
    expect(refused.stderr).toMatch(line);
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
  }
});
