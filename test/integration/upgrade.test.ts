import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { app, type Running, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';
import { endFamilyWithTest, gone, pidIn, upgrade } from '../support/upgrade.ts';

const puppet = app('puppet.ts:app');
const text = (body: string) => `export const app = (req, res) => res.end(${JSON.stringify(body)});\n`;
const config = (bind: readonly string[], more = '') =>
  `export default { pid: 'app.pid', bind: ${JSON.stringify(bind)}${more} };\n`;

function write(running: Running, name: string, content: string): void {
  writeFileSync(join(running.cwd, name), content);
}

/** Started with what its config file alone says. */
async function configured(files: Readonly<Record<string, string>>): Promise<Running & { at: string }> {
  const running = start(['app.mjs:app'], { files });
  return Object.assign(running, { at: await running.url() });
}

function unix(running: Running, name: string): string {
  return `unix:${join(running.cwd, name)}`;
}

describe('a new arbiter that cannot boot', () => {
  it('leaves the old one as it was, which says why and can be upgraded when it is mended', async () => {
    const files = { 'app.mjs': text('one'), 'tsunicorn.config.mjs': config(['127.0.0.1:0', 'unix:a.sock']) };
    const running = await configured(files);
    const workers = running.workers();
    write(running, 'app.mjs', 'throw new Error("no database");\n');
    running.signal('SIGUSR2');
    await running.waitForLog(/Upgrade failed.*exited with status 4 \(the application could not be loaded\)/);
    expect(running.stderr).toMatch(/no database/);
    write(running, 'tsunicorn.config.mjs', 'throw new Error("no secret");\n');
    running.signal('SIGUSR2');
    await running.waitForLog(/Upgrade failed.*exited with status 1 /);
    expect(running.workers()).toEqual(workers);
    expect([pidIn(running, 'app.pid'), pidIn(running, 'app.pid.2')]).toEqual([running.pid, null]);
    expect((await get(unix(running, 'a.sock'))).body).toBe('one');

    write(running, 'app.mjs', text('two'));
    write(running, 'tsunicorn.config.mjs', files['tsunicorn.config.mjs']);
    await upgrade(running);
    running.signal('SIGTERM');
    await gone(running, running.pid);
    expect((await get(running.at)).body).toBe('two');
  });
});

describe('the sockets', () => {
  it('are adopted where both ask for them, and each path goes with the last arbiter that has it', async () => {
    const files = {
      'app.mjs': text('x'),
      'tsunicorn.config.mjs': config(['127.0.0.1:0', 'unix:both.sock', 'unix:old.sock', 'unix:lost.sock']),
    };
    const running = await configured(files);
    write(
      running,
      'tsunicorn.config.mjs',
      config(['unix:lost.sock', 'unix:both.sock', 'unix:new.sock', '127.0.0.1:0']),
    );
    // As a clean-up of the directory may do: nobody can reach that socket any more.
    rmSync(join(running.cwd, 'lost.sock'));
    const second = await upgrade(running);
    expect(running.stderr).toMatch(new RegExp(`Listening at: .*new\\.sock, ${running.at} \\(${second}\\)`));
    running.signal('SIGTERM');
    await gone(running, running.pid);
    const paths = () =>
      ['both', 'old', 'new', 'lost'].filter((name) => existsSync(join(running.cwd, `${name}.sock`)));
    expect(paths()).toEqual(['both', 'new', 'lost']);
    for (const name of paths()) expect(await outcome(get(unix(running, `${name}.sock`)))).toBe('200');
    expect(await outcome(get(running.at))).toBe('200');
    process.kill(second, 'SIGTERM');
    await gone(running, second);
    expect(paths()).toEqual([]);
  });

  it('that were inherited go on to the next arbiter and the one after', async () => {
    const socket = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
    const { port } = socket.address() as net.AddressInfo;
    const running = start([puppet, '-k', 'sync', '-b', 'fd://3', '-b', '127.0.0.1:0'], {
      files: {},
      inherit: [socket.fd()],
    });
    const [, other = ''] = await running.waitForLog(/Listening at: \S+, (\S+) /);
    socket.close();
    const second = await upgrade(running);
    running.signal('SIGTERM');
    await gone(running, running.pid);
    const third = await upgrade(running, second);
    process.kill(second, 'SIGTERM');
    await gone(running, second);
    expect(await outcome(get(`http://127.0.0.1:${port}`))).toBe('200');
    expect(await outcome(get(other))).toBe('200');
    process.kill(third, 'SIGTERM');
    await gone(running, third);
  });

  it('keep the connections that come while the new arbiter still boots and the old one was made to stop', async () => {
    const running = await serve([puppet, '-b', 'unix:a.sock'], { files: {} });
    write(running, 'hold-boot', '');
    running.signal('SIGUSR2');
    const [, pid] = await running.waitForLog(/Starting a new arbiter with pid: (\d+)/);
    endFamilyWithTest(Number(pid));
    await running.waitForLog(/waits in its import/);
    running.signal('SIGUSR2');
    await running.waitForLog(/USR2 refused.*an upgrade is under way/);
    running.signal('SIGTERM');
    await running.waitForLog(/The stop waits until the new arbiter serves/);
    expect(await outcome(get(running.at))).toBe('200');
    running.signal('SIGTERM');
    await gone(running, running.pid);
    const waiting = outcome(get(running.at));
    rmSync(join(running.cwd, 'hold-boot'));
    expect(await waiting).toBe('200');
  });
});

describe('an arbiter that is killed', () => {
  it('and was the new one leaves the old one as it was before, with its workers back', async () => {
    const running = await serve([puppet, '-p', 'app.pid', '-b', 'unix:a.sock'], { files: {} });
    const second = await upgrade(running);
    process.kill(second, 'SIGUSR2');
    await running.waitForLog(
      new RegExp(`USR2 refused.*the old one \\(pid: ${running.pid}\\) is still running`),
    );
    running.signal('SIGWINCH');
    await running.waitForLog(/all workers retire \(WINCH\)/);
    process.kill(second, 'SIGKILL');
    await running.waitForLog(/Starting workers again: the new arbiter has exited/);
    expect(await outcome(get(running.at))).toBe('200');
    expect([pidIn(running, 'app.pid'), pidIn(running, 'app.pid.2')]).toEqual([running.pid, null]);
  });

  it('and was the old one leaves everything to the new one', async () => {
    const running = await serve([puppet, '-p', 'app.pid', '-b', 'unix:a.sock'], { files: {} });
    const second = await upgrade(running);
    running.signal('SIGKILL');
    await running.waitForLog(/The old arbiter \(pid: \d+\) has exited: the upgrade is complete/);
    expect(await outcome(get(running.at))).toBe('200');
    await running.waitFor(() => pidIn(running, 'app.pid') === second, 'the pidfile to be its');
    process.kill(second, 'SIGTERM');
    await gone(running, second);
    expect([existsSync(join(running.cwd, 'a.sock')), pidIn(running, 'app.pid')]).toEqual([false, null]);
  });
});

describe('what is deployed', () => {
  it('is found anew by the links in the paths: the directory, and the release in it', async () => {
    const directory = temporaryDirectory();
    for (const release of ['one', 'two']) {
      mkdirSync(join(directory, release));
      writeFileSync(join(directory, release, 'app.mjs'), text(release));
    }
    const current = join(directory, 'current');
    symlinkSync('one', current);
    const running = await serve(['app.mjs:app'], { cwd: current, env: { PWD: current } });
    expect((await get(running.at)).body).toBe('one');
    rmSync(current);
    symlinkSync('two', current);
    rmSync(join(directory, 'one'), { recursive: true });
    await upgrade(running);
    running.signal('SIGTERM');
    await gone(running, running.pid);
    expect((await get(running.at)).body).toBe('two');
  });
});

describe('WINCH', () => {
  it('retires the workers, whose clients wait until HUP brings them back', async () => {
    // In a session of its own: where there is a terminal, it may be the sender.
    const running = await serve([puppet], { ownGroup: true });
    running.signal('SIGWINCH');
    await running.waitForWorkers(0);
    const waiting = outcome(get(running.at));
    running.signal('SIGHUP');
    expect(await waiting).toBe('200');
  });
});
