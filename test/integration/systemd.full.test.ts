import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { PROGRAM_MS } from '../support/patience.ts';
import { refusal } from '../support/refusal.ts';
import { withIpv6, withTool } from '../support/tools.ts';
import { app, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';

const puppet = app('puppet.ts:app');
const itWithActivate = withTool('systemd-socket-activate', 'ss', 'socat');
const itWithIpv6 = withIpv6();

/** As systemd does it: the variables name the process that they are for. */
function passing(count: number | string, names = ''): { through: readonly string[] } {
  const variables = `LISTEN_FDS=${count} LISTEN_FDNAMES=${names}`;
  return { through: ['/bin/sh', '-c', `LISTEN_PID=$$ ${variables} exec "$@"`, 'sh'] };
}

/** A TCP socket that outlives the services it is passed to. */
function tcpSocket(host = '127.0.0.1') {
  const socket = new net.BoundSocket({ host, port: 0 });
  onTestFinished(() => socket.close());
  const { port } = socket.address() as AddressInfo;
  return { fd: socket.fd(), url: `http://${host.includes(':') ? `[${host}]` : host}:${port}` };
}

function unixSocket() {
  const path = join(temporaryDirectory(), 'passed.sock');
  const socket = new net.BoundSocket({ path });
  onTestFinished(() => socket.close());
  return { fd: socket.fd(), url: `unix:${path}` };
}

/** A port that was free a moment ago: systemd itself does not take 0. */
function freePort(): number {
  const socket = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
  const { port } = socket.address() as AddressInfo;
  socket.close();
  return port;
}

describe('sockets that systemd passes', () => {
  itWithActivate('are served by their names, across a reload, and stay when the service stops', async () => {
    const path = join(temporaryDirectory(), 'app.sock');
    const port = freePort();
    const queue = () =>
      execFileSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' }).split(/\s+/)[2];
    const activate = ['systemd-socket-activate', '-l', path, '-l', `127.0.0.1:${port}`, '--fdname=web:api'];
    const running = start([puppet, '-b', '127.0.0.1:9'], { files: {}, through: activate });
    await running.waitForLog(/Listening on 127.* as 4/);
    const before = Number(queue());
    // The one that wakes it is served too.
    const first = get(`unix:${path}`);
    await running.waitForLog(
      new RegExp(`Listening at: unix:${path} \\(web\\), http://127.0.0.1:${port} \\(api\\) `),
    );
    expect(await outcome(first)).toBe('200');
    expect(await outcome(get(`http://127.0.0.1:${port}`))).toBe('200');
    expect(Number(queue())).toBeGreaterThanOrEqual(before);
    expect(running.stderr.match(/--bind 127\.0\.0\.1:9 is not used: .*\(LISTEN_FDS\)/g)).toHaveLength(1);

    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    expect(await outcome(get(`unix:${path}`))).toBe('200');
    expect(running.stderr.match(/Listening at/g)).toHaveLength(1);
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(existsSync(path)).toBe(true);
  });

  itWithIpv6('may be of IPv6', async () => {
    const { fd, url } = tcpSocket('::1');
    const running = await serve([puppet], { ...passing(1, 'six'), inherit: [fd] });
    await running.waitForLog(/Listening at: http:\/\/\[::1\]:\d+ \(six\) /);
    expect(await outcome(get(url))).toBe('200');
  });

  it('are not shown to the workers', async () => {
    const { fd } = tcpSocket();
    const env = { NOTIFY_SOCKET: '/nonexistent', WATCHDOG_USEC: '9000000', PATH: '/nonexistent' };
    const running = await serve([puppet], { ...passing(1), inherit: [fd], env });
    const [worker = 0] = running.workers();
    expect(readFileSync(`/proc/${worker}/environ`, 'utf8')).not.toMatch(/LISTEN_|NOTIFY_|WATCHDOG_/);
  });

  it('are left alone where they are for another process', async () => {
    const { fd } = tcpSocket();
    const env = { LISTEN_PID: '1', LISTEN_FDS: '1' };
    const running = await serve([puppet, '-b', 'unix:own.sock'], { files: {}, inherit: [fd], env });
    expect(running.at).toBe(`unix:${join(running.cwd, 'own.sock')}`);
    expect(running.stderr).toMatch(
      /No socket of LISTEN_FDS is used, because LISTEN_PID is 1 and this is \d+/,
    );
  });

  describe.each(['async', 'sync'])('under %s workers', (workerClass) => {
    it.each([
      ['TCP', tcpSocket],
      ['Unix', unixSocket],
    ])('keep what comes while no service runs for the next one (%s)', async (_kind, open) => {
      const { fd, url } = open();
      const how = { files: {}, ...passing(1), inherit: [fd] };
      const first = await serve([puppet, '-k', workerClass], how);
      expect(await outcome(get(url))).toBe('200');
      let stopped = false;
      // Some arrive while the worker drains, the last ones when nobody is there.
      const answers: Promise<string>[] = [];
      first.signal('SIGTERM');
      const ended = first.end().then((end) => {
        stopped = true;
        return end;
      });
      while (!stopped) {
        answers.push(outcome(get(url)));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(await ended).toEqual({ status: 0, signal: null });
      answers.push(outcome(get(url)));
      await serve([puppet, '-k', workerClass], how);
      expect(new Set(await Promise.all(answers))).toEqual(new Set(['200']));
    });
  });
});

describe('LISTEN_FDS is refused where', () => {
  const refused = (count: number | string, inherit: readonly number[], args: readonly string[] = []) =>
    refusal([puppet, ...args], { ...passing(count, 'web:api'), inherit });

  it('a descriptor is no socket', async () => {
    const file = openSync('/dev/null', 'r');
    onTestFinished(() => closeSync(file));
    expect(await refused(1, [file])).toBe('LISTEN_FDS fd://3 (web): the descriptor is not a socket');
  });

  it('there are fewer than it says', async () => {
    expect(await refused(2, [tcpSocket().fd])).toMatch(/^LISTEN_FDS fd:\/\/4 \(api\): /);
  });

  it('it is no number', async () => {
    expect(await refused('many', [])).toMatch(/^LISTEN_FDS=many: expected the number of passed sockets/);
  });

  itWithActivate('a socket is one of datagrams', async () => {
    const path = join(temporaryDirectory(), 'datagrams.sock');
    const through = ['systemd-socket-activate', '--datagram', '-l', path];
    const running = start([puppet], { through });
    await running.waitForLog(/Listening on/);
    execFileSync('socat', ['-u', 'OPEN:/dev/zero,readbytes=1', `UNIX-SENDTO:${path}`], {
      timeout: PROGRAM_MS,
    });
    expect((await running.end()).status).toBe(1);
    expect(running.stderr).toMatch(
      /\ntsunicorn: LISTEN_FDS fd:\/\/3: it is a datagram socket, .*ListenStream=.* \[TSU0206\]\n$/,
    );
  });
});
