import { once } from 'node:events';
import https from 'node:https';
import { join } from 'node:path';
import { setTimeout as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { certify } from '../support/certificates.ts';
import { told } from '../support/control.ts';
import { ask } from '../support/http-client.ts';
import { shareServers } from '../support/shared.ts';
import { root, serve, temporaryDirectory } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const fixtures = join(root, 'test/fixtures/programs');
const forms = [
  ['class async', ['upgrades.mjs:server']],
  ['class sync', ['-k', 'sync', 'upgrades.mjs:server']],
  ['a program', ['--env', 'PROGRAM=1', 'upgrades.mjs']],
] as const;
const servers = shareServers(
  forms.map(([, args]) => ['--access-logfile', '-', '--access-logformat', 'json', ...args]),
  { cwd: fixtures },
);

/** The access lines of the path, once there is one. */
async function lineOf(server: ReturnType<(typeof servers)[number]>, path: string) {
  const pattern = new RegExp(`^.*"path":"${path}".*$`, 'm');
  await server.waitFor(() => pattern.test(server.stdout), `the line of ${path}`);
  return JSON.parse(pattern.exec(server.stdout)?.[0] ?? '{}');
}

describe.each(forms.map(([form], index) => [form, servers[index]] as const))('%s', (_form, shared) => {
  const server = () => {
    if (shared === undefined) throw new Error('there is one for each form');
    return shared();
  };
  const connect = async (path: string) => {
    const socket = new WebSocket(`${server().at.replace('http', 'ws')}${path}`);
    const greeting = once(socket, 'message');
    await once(socket, 'open');
    await greeting;
    return socket;
  };

  it('logs a WebSocket at its end, with the code that it was closed with', async () => {
    const ends: Record<string, (socket: WebSocket) => void> = {
      '/by-client': (socket) => socket.close(4001, 'enough'),
      '/without-code': (socket) => socket.close(),
      '/cut': (socket) => socket.terminate(),
      // It answers what it is told with that as the code.
      '/by-server': (socket) => socket.send('close 4002'),
      '/cut-by-server': (socket) => socket.send('cut'),
    };
    for (const [path, end] of Object.entries(ends)) {
      const socket = await connect(path);
      const closed = once(socket, 'close');
      end(socket);
      await closed;
    }
    const codes = await Promise.all(
      Object.keys(ends).map(async (path) => (await lineOf(server(), path)).closeCode),
    );
    expect(codes).toEqual([4001, 1005, 1006, 4002, 1006]);
    expect(await lineOf(server(), '/by-client')).toMatchObject({ status: 101, cut: null, method: 'GET' });
    expect((await lineOf(server(), '/by-server')).bytes).toBeGreaterThan(0);
  });

  it('serves Socket.IO over a WebSocket', async () => {
    const socket = new WebSocket(`${server().at.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const [opened] = await once(socket, 'message');
    expect(String(opened)).toMatch(/^0\{"sid":/);
    socket.send('40');
    await once(socket, 'message');
    socket.send('42["echo","hello"]');
    const [echo] = await once(socket, 'message');
    expect(String(echo)).toBe('42["echo","hello"]');
    socket.close(1000);
    await once(socket, 'close');
  });

  it('serves an upgrade to another protocol, which has no close code', async () => {
    const wire = await wireTo(Number(new URL(server().at).port));
    wire.write('GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    await wire.until(/^HTTP\/1\.1 101 .*\r\n\r\n/s);
    wire.write('hello');
    await wire.until(/hello$/);
    wire.socket.end();
    await wire.ended;
    expect(await lineOf(server(), '/echo')).toMatchObject({ status: 101, bytes: 5, closeCode: null });
  });

  it('names no server', async () => {
    const { headers } = await ask({ url: server().at, path: '/' });
    expect(headers).not.toHaveProperty('server');
  });
});

it('logs a WebSocket over TLS at its end, and serves files beside it', async () => {
  const cwd = temporaryDirectory({ 'file.txt': 'a file' });
  const { cert, key } = certify(cwd, 'localhost');
  const log = ['--access-logfile', '-', '--access-logformat', '%(U)s %(s)s %(C)s'];
  const running = await serve(
    [
      '--certfile',
      cert,
      '--keyfile',
      key,
      '--static',
      '/files=.',
      ...log,
      join(fixtures, 'upgrades.mjs:server'),
    ],
    { cwd },
  );
  const socket = new WebSocket(`${running.at.replace('http', 'ws')}/secure`, { rejectUnauthorized: false });
  await once(socket, 'message');
  socket.close(4001);
  await once(socket, 'close');
  await running.waitFor(() => running.stdout.includes('/secure 101 4001\n'), 'its line');
  const request = https.get(`${running.at}/files/file.txt`, { rejectUnauthorized: false });
  const [response] = await once(request, 'response');
  expect(String((await once(response, 'data'))[0])).toBe('a file');
});

it.each([[[]], [['--access-logfile', '-']]])('lists a WebSocket as upgraded, with %j', async (log) => {
  const cwd = temporaryDirectory();
  const path = join(cwd, 'c.sock');
  const running = await serve(['--control-socket', path, ...log, join(fixtures, 'upgrades.mjs:server')]);
  const socket = new WebSocket(`${running.at.replace('http', 'ws')}/listed`);
  await once(socket, 'message');
  const listed = async (): Promise<object[]> => (await told(path, 'requests')).requests;
  // The watchdog tells the arbiter of it a moment later.
  while ((await listed()).length === 0) await tick(20);
  expect(await listed()).toMatchObject([{ path: '/listed', state: 'upgraded', status: 101 }]);
  socket.close();
  await once(socket, 'close');
  while ((await listed()).length > 0) await tick(20);
});
