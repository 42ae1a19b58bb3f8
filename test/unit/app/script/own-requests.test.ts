import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { reaches, type Target, watchOwnRequests } from '../../../../src/app/script/own-requests.ts';

const server = net.createServer((socket) =>
  socket.on('error', () => {}).end('HTTP/1.1 204 No Content\r\n\r\n'),
);
beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => void server.close());

function watch() {
  const targets: Target[] = [];
  const { port } = server.address() as AddressInfo;
  const end = watchOwnRequests((target) => {
    targets.push(target);
    return port;
  });
  onTestFinished(end);
  return { targets, end };
}

it.each<[string, () => net.Socket]>([
  ['net.connect(port, host)', () => net.connect(1, '127.0.0.1')],
  ['net.connect(port)', () => net.connect(1)],
  ['net.connect(options)', () => net.connect({ port: 1, host: 'localhost' })],
  ['socket.connect(port)', () => new net.Socket().connect(1)],
  ['socket.connect(port, host)', () => new net.Socket().connect(1, '127.0.0.1')],
])('%s connects elsewhere', async (_name, connect) => {
  const { targets } = watch();
  const socket = connect();
  await once(socket, 'connect');
  expect([socket.remotePort, targets.map(({ port }) => port)]).toEqual([
    (server.address() as AddressInfo).port,
    [1],
  ]);
  socket.destroy();
});

it('requests over HTTP and TLS, and of fetch, are seen once each, and none is when it has ended', async () => {
  const { targets, end } = watch();
  const [response] = await once(http.get('http://localhost:1/path', { agent: false }), 'response');
  expect(response.statusCode).toBe(204);
  await once(https.get('https://127.0.0.1:2/', { agent: false }), 'error');
  expect((await fetch('http://127.0.0.1:4/')).status).toBe(204);
  end();
  await expect(fetch('http://127.0.0.1:9/')).rejects.toThrow();
  expect(targets).toEqual([
    { host: 'localhost', port: 1 },
    { host: '127.0.0.1', port: 2 },
    { host: '127.0.0.1', port: 4 },
  ]);
});

it('a connection over a path is none of these', async () => {
  const { targets } = watch();
  await once(net.connect({ path: '/nowhere/app.sock' }), 'error');
  await once(net.connect('/nowhere/app.sock'), 'error');
  expect(targets).toEqual([]);
});

it.each<[string | null, string, boolean]>([
  ['127.0.0.1', '127.0.0.1', true],
  [null, '127.0.0.1', true],
  ['localhost', '::1', true],
  ['localhost', '0.0.0.0', true],
  ['0.0.0.0', '::', true],
  ['10.0.0.5', '10.0.0.5', true],
  ['localhost', '10.0.0.5', false],
  ['10.0.0.6', '127.0.0.1', false],
  ['example.com', '0.0.0.0', false],
])('%s reaches a server at %s: %s', (host, address, is) => {
  expect(reaches({ port: 80, host }, { address, port: 80, family: 'IPv4' })).toBe(is);
  expect(reaches({ port: 81, host }, { address, port: 80, family: 'IPv4' })).toBe(false);
});
