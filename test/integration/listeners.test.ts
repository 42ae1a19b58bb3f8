import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, lstatSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { refusal } from '../support/refusal.ts';
import { sharedDirectory, shareServer } from '../support/shared.ts';
import { hasIpv6, withIpv6, withTool } from '../support/tools.ts';
import { app, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';

const puppet = app('puppet.ts:app');
const itWithIpv6 = withIpv6();
const itWithSs = withTool('ss');

describe('one service on several addresses', () => {
  const cwd = sharedDirectory();
  const name = `tsunicorn-test-${process.pid}`;
  const binds = ['127.0.0.1:0', 'localhost:0', 'unix:app.sock', `unix:@${name}`];
  const shared = shareServer(
    [puppet, '--backlog', '77', '--umask', '117', ...binds.flatMap((bind) => ['-b', bind])],
    {
      cwd,
    },
  );
  const urls = () => /Listening at: (.*) \(\d+\)$/m.exec(shared().stderr)?.[1]?.split(', ') ?? [];

  it('logs each in order, with the real port', () => {
    const at = (host: string) => expect.stringMatching(new RegExp(`^http://${host}:[1-9]\\d*$`));
    const localhost = [at('127\\.0\\.0\\.1'), ...(hasIpv6() ? [at('\\[::1\\]')] : [])];
    expect(urls()).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/),
      ...localhost,
      `unix:${join(cwd, 'app.sock')}`,
      `unix:@${name}`,
    ]);
  });

  it('answers on each', async () => {
    const answers = await Promise.all(urls().map((url) => outcome(get(url))));
    expect(new Set(answers)).toEqual(new Set(['200']));
  });

  it('gives the path the mode that the umask leaves', () => {
    expect(lstatSync(join(cwd, 'app.sock')).mode & 0o777).toBe(0o660);
  });

  itWithSs('tells the kernel how long its queues may be', () => {
    // Of a listening socket ss shows the limit of the queue as Send-Q.
    const [port] = /\d+$/.exec(shared().at) ?? [];
    const [, , backlog] = ss('-Hltn', `sport = :${port}`).split(/\s+/);
    expect(backlog).toBe('77');
    const unix = ss('-Hlx', 'src', join(cwd, 'app.sock')).split(/\s+/);
    expect(unix[3]).toBe('77');
  });
});

function ss(...args: readonly string[]): string {
  return execFileSync('ss', args, { encoding: 'utf8' });
}

describe('IPv6', () => {
  itWithIpv6('is written in brackets', async () => {
    const running = await serve([puppet, '-b', '[::1]:0']);
    expect(running.at).toMatch(/^http:\/\/\[::1\]:[1-9]\d*$/);
    expect(await outcome(get(running.at))).toBe('200');
  });
});

describe('"Listening at"', () => {
  it('is logged when connections are accepted, and not while the application still loads', async () => {
    const running = start([puppet, '-b', 'unix:app.sock'], { files: { 'hold-boot': '' } });
    const url = `unix:${join(running.cwd, 'app.sock')}`;
    await running.waitForLog(/waits in its import/);
    expect(await outcome(get(url))).toBe('ECONNREFUSED');
    expect(running.stderr).not.toMatch(/Listening at/);
    rmSync(join(running.cwd, 'hold-boot'));
    expect(await running.url()).toBe(url);
    expect(await outcome(get(url))).toBe('200');
  });

  it('is not, and the service ends with status 1, where the address was taken after it was bound', async () => {
    const holder = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
    const { port } = holder.address() as AddressInfo;
    const running = start([puppet, '-w', '2', '-b', `127.0.0.1:${port}`], { files: { 'hold-boot': '' } });
    await running.waitForLog(/waits in its import[\s\S]*waits in its import/);
    const other = net.createServer().listen(holder, 16);
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    rmSync(join(running.cwd, 'hold-boot'));
    expect(await running.end()).toEqual({ status: 1, signal: null });
    const lines = running.stderr.split('\n').filter((line) => /ERROR|CRITICAL|in use|^\s+at /.test(line));
    expect(lines).toEqual([
      expect.stringMatching(
        `--bind 127\\.0\\.0\\.1:${port}: the address is already in use; stop what holds it`,
      ),
    ]);
  });
});

describe('a Unix socket', () => {
  it('is taken over where its server is gone, and unlinked at the exit', async () => {
    const cwd = temporaryDirectory();
    await leaveStale(cwd, 'app.sock');
    const running = await serve([puppet, '-b', 'unix:app.sock'], { cwd });
    expect(await outcome(get(running.at))).toBe('200');
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('is refused where a server lives on it, which is left alone', async () => {
    const cwd = temporaryDirectory();
    const other = net.createServer().listen(join(cwd, 'app.sock'));
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    expect(await refusal([puppet, '-b', 'unix:app.sock'], { cwd })).toBe(
      `--bind unix:${cwd}/app.sock: another server is listening there; stop it or choose another path`,
    );
    const client = net.connect(join(cwd, 'app.sock'));
    await once(client, 'connect');
    client.destroy();
  });

  it('is refused where the path is another kind of file, which is left alone', async () => {
    const cwd = temporaryDirectory({ 'app.sock': 'precious' });
    expect(await refusal([puppet, '-b', 'unix:app.sock'], { cwd })).toBe(
      `--bind unix:${cwd}/app.sock: the file exists and is not a socket; remove it or choose another path`,
    );
  });

  it('that somebody else has put in its place is not unlinked at the exit', async () => {
    const running = await serve([puppet, '-b', 'unix:app.sock'], { files: {} });
    rmSync(join(running.cwd, 'app.sock'));
    await leaveStale(running.cwd, 'app.sock');
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(readdirSync(running.cwd)).toEqual(['app.sock']);
  });
});

/** Leaves a socket behind as a server does that was killed. */
async function leaveStale(directory: string, name: string): Promise<void> {
  const server = net.createServer().listen(join(directory, `${name}~`));
  await once(server, 'listening');
  renameSync(join(directory, `${name}~`), join(directory, name));
  await new Promise((closed) => server.close(closed));
}

describe('an abstract socket', () => {
  it('is refused where a server lives on it', async () => {
    const name = `tsunicorn-test-taken-${process.pid}`;
    const other = net.createServer().listen(`\0${name}`);
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    expect(await refusal([puppet, '-b', `unix:@${name}`])).toMatch(
      new RegExp(`^--bind unix:@${name}: the address is already in use`),
    );
  });
});

describe('fd://N', () => {
  it('serves on a socket that the parent has bound, and names its address', async () => {
    const socket = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => socket.close());
    const { port } = socket.address() as AddressInfo;
    const running = await serve([puppet, '-b', 'fd://3'], { inherit: [socket.fd()] });
    expect(running.at).toBe(`http://127.0.0.1:${port}`);
    expect(await outcome(get(running.at))).toBe('200');
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
  });

  it('serves on a Unix socket that the parent has bound, and leaves its path to the parent', async () => {
    const path = join(temporaryDirectory(), 'parent.sock');
    const socket = new net.BoundSocket({ path });
    onTestFinished(() => socket.close());
    const running = await serve([puppet, '-b', 'fd://3'], { inherit: [socket.fd()] });
    // Node does not say at which path an inherited socket is bound.
    expect(['fd://3', `unix:${path}`]).toContain(running.at);
    expect(await outcome(get(`unix:${path}`))).toBe('200');
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(lstatSync(path).isSocket()).toBe(true);
  });

  it('refuses a descriptor that is no socket', async () => {
    const file = openSync('/dev/null', 'r');
    onTestFinished(() => closeSync(file));
    expect(await refusal([puppet, '-b', 'fd://3'], { inherit: [file] })).toBe(
      '--bind fd://3: the descriptor is not a socket',
    );
  });
});
