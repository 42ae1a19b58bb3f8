import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { run } from '../support/command.ts';
import { app, childrenOf, isAlive, start, temporaryDirectory } from '../support/tsunicorn.ts';
import { endFamilyWithTest } from '../support/upgrade.ts';

const puppet = app('puppet.ts:app');

describe('--daemon', () => {
  it('returns when the service is ready, and leaves it in a session of its own without any terminal', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'run/log'), { recursive: true });
    const args = ['-D', '--chdir', 'run', '-b', 'unix:a.sock', '-p', 'app.pid', '--log-file', 'log/app.log'];
    const front = start([puppet, ...args], { cwd: directory });
    expect(await front.end()).toEqual({ status: 0, signal: null });
    const pid = endFamilyWithTest(Number(readFileSync(join(directory, 'run/app.pid'), 'utf8')));
    expect([front.stdout, front.stderr]).toEqual(['', '']);
    expect((await get(`unix:${join(directory, 'run/a.sock')}`)).body).toBe(`${childrenOf(pid)[0]}`);

    const [worker = 0] = childrenOf(pid);
    expect([sessionOf(pid), terminalsOf(pid), terminalsOf(worker)]).toEqual([pid, [], []]);
    for (const fd of [0, 1, 2]) expect(readlinkSync(`/proc/${pid}/fd/${fd}`)).toBe('/dev/null');
    expect(readlinkSync(`/proc/${worker}/fd/2`)).toBe('/dev/null');
    expect(readFileSync(join(directory, 'run/log/app.log'), 'utf8')).toMatch(/Listening at/);

    const again = await run([puppet, ...args], { cwd: directory });
    expect([again.status, again.lines]).toEqual([
      1,
      [expect.stringMatching(/^tsunicorn: --pid \/.*\/run\/app\.pid: process \d+ is running; stop it/)],
    ]);
    process.kill(pid, 'SIGTERM');
    await front.waitFor(() => !isAlive(pid), 'the daemon to end');
    expect(readdirSync(join(directory, 'run'))).toEqual(['log']);
  });

  it.each([[[]], [['--log-file', 'app.log']]])(
    'fails with the status and the words of the arbiter, wherever the log goes: %j',
    async (log) => {
      const directory = temporaryDirectory({ 'bad.mjs': 'throw new Error("no database");\n' });
      const { status, stderr, leftFiles, leftProcesses } = await run(
        ['bad.mjs:app', '-D', '-b', 'unix:a.sock', '-p', 'app.pid', ...log],
        { cwd: directory },
      );
      expect([status, leftProcesses]).toEqual([4, []]);
      expect(stderr).toMatch(/bad\.mjs threw while it was loaded: no database/);
      expect(leftFiles).toEqual(log.length === 0 ? [] : ['app.log']);
    },
  );

  it('says where the log goes if nobody will see it, and is upgraded without another front', async () => {
    const files = { 'tsunicorn.config.mjs': "export default { daemon: true, pid: 'app.pid' };\n" };
    const front = start([puppet, '-b', 'unix:a.sock'], { files });
    expect(await front.end()).toEqual({ status: 0, signal: null });
    const read = (name: string) => Number(readFileSync(join(front.cwd, name), 'utf8'));
    const old = endFamilyWithTest(read('app.pid'));
    expect(front.stderr).toMatch(/^tsunicorn: the log of the daemon is discarded; .*\n$/);
    writeFileSync(join(front.cwd, 'hold-boot'), '');
    process.kill(old, 'SIGUSR2');
    const second = join(front.cwd, 'app.pid.2');
    await front.waitFor(() => existsSync(second), 'the new arbiter');
    const pid = endFamilyWithTest(read('app.pid.2'));
    expect(sessionOf(pid)).toBe(pid);
  });
});

function sessionOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
}

/** The terminals among what the process has open. */
function terminalsOf(pid: number): string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // Closed meanwhile.
      return '';
    }
  });
  return links.filter((link) => /^\/dev\/(pts|tty)/.test(link));
}
