import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onTestFinished, tellTestsApart } from '../support/current-test.ts';
import { addressOf, request } from '../support/load.ts';
import { type Running, serve, temporaryDirectory } from '../support/tsunicorn.ts';

// They wait for what is looked at once a second.
tellTestsApart();

const closing = new http.Agent({ keepAlive: false });
const binds: readonly (readonly [string, () => string])[] = [
  ['TCP', () => '127.0.0.1:0'],
  ['a Unix socket', () => `unix:${join(temporaryDirectory(), 'app.sock')}`],
];
/** Takes every descriptor there is, also those that are given back, until the file `release` exists. */
const source = `import { closeSync, existsSync, openSync } from 'node:fs';
const taken = [];
const take = () => {
  if (existsSync('release')) return taken.splice(0).forEach((fd) => closeSync(fd));
  try { for (;;) taken.push(openSync('/dev/null')); } catch {}
  setTimeout(take, 20);
};
export const app = (req, res) => {
  if (req.url === '/take') take();
  res.end('done');
};`;

function start(args: readonly string[], files: number) {
  const through = ['/bin/sh', '-c', `ulimit -n ${files}; exec "$@"`, 'sh'];
  return serve(['app.mjs:app', ...args], { files: { 'app.mjs': source }, through });
}

async function connectAll(url: string, count: number): Promise<readonly net.Socket[]> {
  const sockets = Array.from({ length: count }, () => net.connect(addressOf(url)));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  // They are reset when the service ends.
  for (const socket of sockets) socket.on('error', () => {});
  return sockets;
}

const recordsOf = (running: Running, event: string) =>
  running.stderr
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line))
    .filter((record) => record.event === event);

describe.concurrent.each(binds)('the limit on open files, with %s', (_name, bind) => {
  it('is named at the start where it allows fewer connections than --worker-connections', async () => {
    const running = await start(['-b', bind(), '-w', '1'], 256);
    expect(running.stderr).toMatch(
      /WARNING\] --worker-connections asks for 1000, but a worker can hold only about 192, because it may have 256 files open; .*ulimit -n, LimitNOFILE=/,
    );
    const enough = await start(['-b', bind(), '-w', '1', '--worker-connections', '100'], 256);
    expect(enough.stderr).not.toMatch(/files/);
  });

  it.each(['async', 'sync'])(
    'ends accepting in class %s before a connection is dropped for it',
    async (name) => {
      const running = await start(['-b', bind(), '-w', '1', '-k', name], 128);
      const clients = await connectAll(running.at, 200);
      let ended = 0;
      for (const client of clients) client.on('close', () => ended++);
      await running.waitForLog(
        /WARNING\] The limit of open files is almost reached \(128\), so this worker holds no more than its \d+ connections/,
      );
      expect(ended).toBe(0);
      for (const client of clients) client.destroy();
      expect(await request({ url: running.at }, closing)).toBe('200');
      await running.waitForLog(/INFO\] Files can be opened again, after /);
    },
  );

  it('is named where the application has used it up, and nothing is accepted meanwhile', async () => {
    const running = await start(['-b', bind(), '-w', '1', '--log-format', 'json'], 128);
    // Its connection stays, so that its descriptor is not free again.
    const kept = new http.Agent({ keepAlive: true });
    onTestFinished(() => kept.destroy());
    expect(await request({ url: running.at, path: '/take' }, kept)).toBe('200');
    await running.waitForLog(/The limit of open files is reached \(EMFILE: 128 in this process\)/);
    const waiting = request({ url: running.at }, closing);
    writeFileSync(join(running.cwd, 'release'), '');
    expect(await waiting).toBe('200');
    const phases = () => recordsOf(running, 'open-files-full').map(({ phase, error }) => [phase, error]);
    await running.waitFor(() => phases().at(-1)?.[0] === 'ends', 'the end');
    expect(phases()[0]).toEqual(['begins', 'EMFILE']);
    expect(recordsOf(running, 'uncaught')).toEqual([]);
  });
});

describe.concurrent.each(binds)('--worker-connections, with %s', (_name, bind) => {
  it.each(['async', 'sync'])(
    'keeps nobody out in class %s by clients that do not finish their heads, and is said',
    async (name) => {
      const args = ['-b', bind(), '-w', '1', '-k', name, '--worker-connections', '3', '--log-format', 'json'];
      const running = await start(args, 1024);
      const clients = await connectAll(running.at, 3);
      for (const client of clients.slice(1)) client.write('GET / HTTP/1.1\r\nHost: x\r\n');
      await running.waitForLog(/3 of 3 connections \(--worker-connections\) are taken/);
      expect(await request({ url: running.at }, closing)).toBe('200');
      await running.waitForLog(/Closed a connection of .*: its header was not complete, and others wait/);
      for (const client of clients) client.destroy();
      await running.waitForLog(/Connections are accepted again, after/);
      const records = recordsOf(running, 'connections-full');
      expect(records[0]).toMatchObject({ level: 'warning', phase: 'begins', count: 3 });
      expect(records.at(-1)).toMatchObject({ level: 'info', phase: 'ends', connections: { answering: 0 } });
    },
  );
});
