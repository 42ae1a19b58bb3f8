import { once } from 'node:events';
import { constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { addressOf, request } from '../support/load.ts';
import { refusal } from '../support/refusal.ts';
import { app, type Running, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const held = app('held.ts:app');
const binds: readonly (readonly [string, () => string])[] = [
  ['TCP', () => '127.0.0.1:0'],
  ['a Unix socket', () => `unix:${join(temporaryDirectory(), 'app.sock')}`],
];

function begun(running: Running): readonly RegExpExecArray[] {
  return [...running.stderr.matchAll(/BEGIN (\d+) running=(\d+) (\S+)/g)];
}

function start(bind: string, workers: number, ...more: string[]) {
  return serve([held, '-k', 'sync', '-w', String(workers), '-b', bind, ...more], {
    cwd: temporaryDirectory(),
  });
}

async function allReady(running: Running, workers: number): Promise<void> {
  await running.waitFor(() => running.stderr.split('Booting worker').length > workers, 'the workers to boot');
  await running.waitForWorkers(workers);
}

describe.each(binds)('sync workers on %s', (_name, bind) => {
  it('take one request each and leave the others to the queue', async () => {
    const running = await start(bind(), 2);
    await allReady(running, 2);
    const answers = Array.from({ length: 6 }, () => request({ url: running.at, path: '/hold' }));
    await running.waitFor(() => begun(running).length === 2, 'both workers to have a request');
    expect(new Set(begun(running).map(([, pid]) => pid)).size).toBe(2);
    writeFileSync(join(running.cwd, 'release'), '');
    expect(await Promise.all(answers)).toEqual(Array(6).fill('200'));
    expect(begun(running).every(([, , count]) => count === '1')).toBe(true);
  });

  it('are not held by clients that say nothing, and reopen when those go', async () => {
    const running = await start(bind(), 1);
    const silent = Array.from({ length: 20 }, () => net.connect(addressOf(running.at)));
    await Promise.all(silent.map((socket) => new Promise((done) => socket.once('connect', done))));
    expect(await request({ url: running.at })).toBe('200');
    for (const socket of silent) socket.destroy();
    expect(await request({ url: running.at })).toBe('200');
  });

  it('take in a body before the request gets its turn', async () => {
    const running = await start(bind(), 1);
    const slow = net.connect(addressOf(running.at));
    slow.write('POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\nsome');
    expect(await request({ url: running.at })).toBe('200');
    expect(begun(running).map(([, , , path]) => path)).toEqual(['/']);
    slow.write('x'.repeat(200_000 - 4));
    const answer = await new Promise((got) => slow.once('data', (data) => got(String(data))));
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*\d+ 200000$/i);
  });

  it('drain: what waits for its turn when TERM comes is answered', async () => {
    const running = await start(bind(), 1);
    const answers = Array.from({ length: 4 }, () => request({ url: running.at, path: '/hold' }));
    await running.waitFor(() => begun(running).length === 1, 'the first request');
    running.signal('SIGTERM');
    await running.waitForLog(/Handling signal: term/);
    writeFileSync(join(running.cwd, 'release'), '');
    expect(await Promise.all(answers)).toEqual(Array(4).fill('200'));
    expect(await running.end()).toEqual({ status: 0, signal: null });
  });

  it('drain: a body that was on its way to the queue when TERM came arrives in order', async () => {
    const running = await start(bind(), 1);
    const first = request({ url: running.at, path: '/hold' });
    await running.waitFor(() => begun(running).length === 1, 'the first request');
    const second = net.connect(addressOf(running.at));
    await once(second, 'connect');
    // More than is taken in of a connection that waits for the queue to run dry.
    const length = 4 * 1024 * 1024;
    second.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`);
    running.signal('SIGTERM');
    await running.waitForLog(/Handling signal: term/);
    writeFileSync(join(running.cwd, 'release'), '');
    expect(await first).toBe('200');
    expect(await text(second)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\d+ 4194304$/);
    expect(await running.end()).toEqual({ status: 0, signal: null });
  });

  it('show no request the AsyncLocalStorage of another, whatever it waited for', async () => {
    const source = `import { AsyncLocalStorage } from 'node:async_hooks';
const storage = new AsyncLocalStorage();
export const app = (req, res) => {
  const seen = storage.getStore() ?? 'nothing';
  storage.run(req.url, () => req.url === '/later' ? setTimeout(() => res.end(seen), 20) : res.end(seen));
};`;
    const files = { 'app.mjs': source };
    const running = await serve(['app.mjs:app', '-k', 'sync', '-b', bind()], { files });
    const bodyOf = (path: string) => ask({ url: running.at, path }).then(({ body }) => body);
    for (const path of ['/', '/', '/later', '/later', '/']) expect(await bodyOf(path)).toBe('nothing');
    expect(await Promise.all(Array.from({ length: 4 }, () => bodyOf('/later')))).toEqual(
      Array(4).fill('nothing'),
    );
    // Those that were slow are there already, and wait for their turn.
    const slow = Array.from({ length: 3 }, () => net.connect(addressOf(running.at)));
    for (const socket of slow) socket.write('GET /later HTTP/1.1\r\n');
    expect(await bodyOf('/')).toBe('nothing');
    for (const socket of slow) socket.write('Host: x\r\n\r\n');
    for (const answer of await Promise.all(slow.map((socket) => text(socket))))
      expect(answer).toMatch(/\r\n\r\nnothing$/);
  });

  it('are replaced when a request runs longer than --timeout: 504 to it, 503 to those behind it', async () => {
    const running = await start(bind(), 1, '--timeout', '1');
    const [old] = running.workers();
    const first = request({ url: running.at, path: '/hold' });
    await running.waitFor(() => begun(running).length === 1, 'the first request');
    expect(await first).toBe('504');
    await running.waitForLog(/GET \/hold has run for 1 s \(--timeout\)/);
    expect(await request({ url: running.at })).toBe('200');
    await running.waitFor(() => !running.workers().includes(old ?? 0), 'the old worker to be gone');
  });
});

describe.each(binds)('a child of an application on %s', (_name, bind) => {
  const files = {
    // However it is imported: by name, as a namespace, by require().
    'app.mjs': `import * as space from 'node:child_process';
import { execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
const required = createRequire(import.meta.url)('child_process');
const outOf = async (child) => { let text = ''; child.stdout.on('data', (more) => { text += more; }); await once(child, 'close'); return text; };
const link = ['/proc/self/fd/0'];
const out = ['inherit', 'pipe', 'inherit'];
const ways = {
  execSync: () => execSync('readlink /proc/self/fd/0', { stdio: out }),
  execFileSync: () => execFileSync('readlink', link, { stdio: out }),
  spawnSync: () => spawnSync('readlink', link, { stdio: out }).stdout,
  namespace: () => space.spawnSync('readlink', link, { stdio: [0, 'pipe'] }).stdout,
  required: () => required.spawnSync('readlink', link, { stdio: [process.stdin, 'pipe'] }).stdout,
  spawn: () => outOf(spawn('readlink', link, { stdio: out })),
  fork: () => outOf(fork('child.mjs', { stdio: [...out, 'ipc'] })),
  cat: () => (execSync('cat', { stdio: 'inherit' }), '/dev/null'),
  piped: () => execSync('cat', { input: '/dev/null' }),
};
export const app = async (req, res) => {
  const answers = {};
  for (const [way, run] of Object.entries(ways)) answers[way] = String(await run()).trim();
  res.end(JSON.stringify(answers));
};\n`,
    'child.mjs': `import { readlinkSync } from 'node:fs';
console.log(readlinkSync('/proc/self/fd/0'));
process.disconnect();\n`,
  };

  it('gets an empty stdin in place of the listener, however it is spawned', async () => {
    const running = await serve(['app.mjs:app', '-k', 'sync', '-b', bind()], { files });
    const { body } = await ask({ url: running.at });
    const answers: object = JSON.parse(body);
    expect(Object.values(answers)).toEqual(Array(9).fill('/dev/null'));
    expect((await ask({ url: running.at })).body).toBe(body);
    expect(isNonBlocking(running.workers()[0])).toBe(true);
  });
});

/** Of descriptor 0: libuv makes what a child inherits as its stdin blocking, for all who share it. */
function isNonBlocking(pid: number | undefined): boolean {
  const [, flags = '0'] = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/0`, 'utf8')) ?? [];
  return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
}

describe('sync', () => {
  it('does not count the time in which a client reads an answer that is complete', async () => {
    const source = `export const app = (req, res) => {
      if (req.url === '/large') res.end(Buffer.alloc(32 * 1024 * 1024));
      else setTimeout(() => res.end('short'), 300);
    };`;
    const args = ['-k', 'sync', '-w', '1', '-b', '127.0.0.1:0', '--timeout', '1', 'app.mjs:app'];
    const running = await serve(args, { files: { 'app.mjs': source } });
    const reader = http.get(`${running.at}/large`, { agent: false });
    const [response]: IncomingMessage[] = await once(reader, 'response');
    for (let asked = 0; asked < 4; asked++) expect((await ask({ url: running.at })).body).toBe('short');
    let bytes = 0;
    for await (const chunk of response ?? []) bytes += chunk.length;
    expect(bytes).toBe(32 * 1024 * 1024);
    expect(running.stderr).not.toMatch(/has run for/);
  });

  it('refuses a second Unix socket, which it could not pause', async () => {
    const directory = temporaryDirectory();
    const at = (name: string) => `unix:${join(directory, name)}`;
    const line = await refusal([held, '-k', 'sync', '-b', at('one'), '-b', at('two')]);
    expect(line).toMatch(
      /^--bind unix:.*two: a sync worker can serve one Unix socket; .*--worker-class async$/,
    );
    expect(existsSync(join(directory, 'one'))).toBe(false);
  });

  it('shows the application an empty stdin, not its listener', async () => {
    const files = {
      'app.mjs': `let text = ''; for await (const chunk of process.stdin) text += chunk;
export const app = (req, res) => res.end(JSON.stringify(text));\n`,
    };
    const running = await serve(['app.mjs:app', '-k', 'sync'], { files });
    expect(await (await fetch(running.at)).text()).toBe('""');
  });
});
