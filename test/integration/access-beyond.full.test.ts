import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcome } from '../support/client.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { ask } from '../support/http-client.ts';
import { receiveUdp } from '../support/syslog-receivers.ts';
import { linesIn } from '../support/text.ts';
import { app, type Running, serve } from '../support/tsunicorn.ts';

// They wait until a limit is over.
tellTestsApart();

const FORMAT = '%(r)s %(s)s %(B)s %(X)s';

const plain = `export default (request, response) => response.end('plain');
`;

/** What a client gets that sends `text`. */
async function send(running: Running & { at: string }, text: string): Promise<string> {
  const { hostname, port } = new URL(running.at);
  const client = net.connect(Number(port), hostname);
  let answer = '';
  client.setEncoding('latin1').on('data', (part) => {
    answer += part;
  });
  client.end(text);
  await once(client, 'close');
  return answer;
}

describe.concurrent('the access log has', () => {
  it('CONNECT, and what Node refuses, without its text', async () => {
    const running = await serve(['--access-logfile', 'access.log', '--access-logformat', FORMAT, 'app.js'], {
      files: { 'app.js': plain },
    });
    expect(await send(running, 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n')).toMatch(
      /^HTTP\/1.1 501 /,
    );
    expect(await send(running, 'FORGED / "x" 200\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    const cookie = 'a'.repeat(20_000);
    expect(await send(running, `GET / HTTP/1.1\r\nHost: t\r\nCookie: ${cookie}\r\n\r\n`)).toMatch(/ 431 /);
    await ask({ url: running.at, path: '/last' });
    running.signal('SIGTERM');
    await running.end();
    expect(linesIn(join(running.cwd, 'access.log'))).toEqual([
      'CONNECT a.test:443 HTTP/1.1 501 0 -',
      '- 400 0 -',
      '- 431 0 -',
      'GET /last HTTP/1.1 200 5 -',
    ]);
  });

  it('an upgrade when its connection ends', async () => {
    const program = `import { createServer } from 'node:http';
      const server = createServer((request, response) => response.end('plain'));
      server.on('upgrade', (request, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n');
        socket.write('12345');
        socket.on('data', () => socket.end());
      });
      export default server;`;
    const running = await serve(
      ['--access-logfile', 'access.log', '--access-logformat', FORMAT, '-w', '1', 'app.js'],
      { files: { 'app.js': program } },
    );
    const file = join(running.cwd, 'access.log');
    const upgrade = 'GET /up HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
    const { port } = new URL(running.at);
    const first = net.connect(Number(port), '127.0.0.1');
    first.write(upgrade);
    while (!String((await once(first, 'data'))[0]).includes('12345'));
    first.write('end');
    await once(first, 'close');
    await running.waitFor(() => linesIn(file).length === 1, 'the line of the upgrade');
    expect(linesIn(file)).toEqual(['GET /up HTTP/1.1 101 5 -']);
  });

  it('an upgrade whose worker is killed, once', async () => {
    const program = `import { createServer } from 'node:http';
      const server = createServer((request, response) => {
        if (request.url === '/kill') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500);
        else response.end('plain');
      });
      server.on('upgrade', (request, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n');
      });
      export default server;`;
    const format = ['--access-logformat', '%(r)s %(s)s %(X)s'];
    const running = await serve(['--access-logfile', 'access.log', ...format, '-w', '1', 'app.js'], {
      files: { 'app.js': program },
    });
    const file = join(running.cwd, 'access.log');
    const client = net.connect(Number(new URL(running.at).port), '127.0.0.1');
    client.write('GET /up HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(client, 'data');
    const closed = once(
      client.on('error', () => {}),
      'close',
    );
    await Promise.all([outcome(ask({ url: running.at, path: '/kill' })), closed]);
    await running.waitForLog(/SIGKILL/);
    await ask({ url: running.at, path: '/last' });
    running.signal('SIGTERM');
    await running.end();
    expect(linesIn(file)).toEqual([
      'GET /up HTTP/1.1 101 SIGKILL',
      'GET /kill HTTP/1.1 444 SIGKILL',
      'GET /last HTTP/1.1 200 -',
    ]);
  });

  it('in syslog, the lines of a worker that is killed', async () => {
    const receiver = await receiveUdp();
    const running = await serve([
      ...['--log-syslog', '--log-syslog-to', `udp://127.0.0.1:${receiver.port}`, '-w', '1', '--timeout', '1'],
      ...['--access-logformat', '%(r)s %(s)s %(X)s', app('dies.ts:app')],
    ]);
    await ask({ url: running.at, path: '/1' });
    const lines = () =>
      receiver.records
        .filter((record) => / access - /.test(record))
        .map((record) => record.replace(/^.* access - /, ''));
    await outcome(ask({ url: running.at, path: '/native' }));
    await running.waitFor(() => lines().length === 2, 'the line of the stall');
    await outcome(ask({ url: running.at, path: '/kill' }));
    await running.waitFor(() => lines().length === 3, 'the line of the kill');
    expect(lines()).toEqual([
      'GET /1 HTTP/1.1 200 -',
      'GET /native HTTP/1.1 444 stall',
      'GET /kill HTTP/1.1 444 SIGKILL',
    ]);
  });

  it('on the standard output, the lines of a worker that is killed', async () => {
    const args = [
      '-w',
      '1',
      '--access-logfile',
      '-',
      '--access-logformat',
      '%(r)s %(s)s %(X)s',
      '--timeout',
      '1',
    ];
    const running = await serve([...args, app('dies.ts:app')]);
    await ask({ url: running.at, path: '/1' });
    await outcome(ask({ url: running.at, path: '/native' }));
    await outcome(ask({ url: running.at, path: '/kill' }));
    const lines = () => running.stdout.split('\n').slice(0, -1);
    await running.waitFor(() => lines().length === 3, 'three lines');
    expect(lines()).toEqual([
      'GET /1 HTTP/1.1 200 -',
      'GET /native HTTP/1.1 444 stall',
      'GET /kill HTTP/1.1 444 SIGKILL',
    ]);
  });
});
