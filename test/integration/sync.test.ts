import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { addressOf, request } from '../support/load.ts';
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

/** Resolves once the kernel has the whole request; what it gives waits for the status of the answer. */
async function sent(url: string, path: string): Promise<() => Promise<string | undefined>> {
  const socket = net.connect(addressOf(url));
  const answer = text(socket);
  await new Promise((written) => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, written));
  return async () => /^HTTP\/1\.1 (\d+)/.exec(await answer)?.[1];
}

describe.each(binds)('sync workers on %s', (_name, bind) => {
  it('take one request each and leave the others to the queue', async () => {
    const running = await start(bind(), 2);
    await allReady(running, 2);
    // A worker that gets no processor, or a client that sends late, would have the others take more than their share.
    const workers = running.workers();
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    const answers = await Promise.all(Array.from({ length: 6 }, () => sent(running.at, '/hold')));
    for (const pid of workers) process.kill(pid, 'SIGCONT');
    await running.waitFor(() => begun(running).length === 2, 'both workers to have a request');
    expect(new Set(begun(running).map(([, pid]) => pid)).size).toBe(2);
    writeFileSync(join(running.cwd, 'release'), '');
    expect(await Promise.all(answers.map((answer) => answer()))).toEqual(Array(6).fill('200'));
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
    await running.waitFor(() => begun(running).length === 1, 'the line of the request');
    expect(begun(running).map(([, , , path]) => path)).toEqual(['/']);
    slow.write('x'.repeat(200_000 - 4));
    const answer = await text(slow);
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

  it('run nothing for clients that left while another request blocked the process', async () => {
    const source = `import { existsSync } from 'node:fs';
export const app = (req, res) => {
  console.error('BEGIN', req.url);
  while (req.url === '/block' && !existsSync('release'));
  res.end('done');
};`;
    const running = await serve(['app.mjs:app', '-k', 'sync', '-w', '1', '-b', bind()], {
      files: { 'app.mjs': source },
    });
    const blocked = request({ url: running.at, path: '/block' });
    await running.waitForLog(/BEGIN .block/);
    for (const path of ['/left1', '/left2', '/left3']) {
      const client = net.connect(addressOf(running.at));
      await once(client, 'connect');
      client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, () => client.destroy());
      await once(client, 'close');
    }
    const stays = request({ url: running.at, path: '/stays' });
    await new Promise(setImmediate);
    writeFileSync(join(running.cwd, 'release'), '');
    expect(await Promise.all([blocked, stays])).toEqual(['200', '200']);
    expect([...running.stderr.matchAll(/BEGIN (\S+)/g)].map(([, path]) => path)).toEqual([
      '/block',
      '/stays',
    ]);
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

  it('shows the application an empty stdin', async () => {
    const files = {
      'app.mjs': `let text = ''; for await (const chunk of process.stdin) text += chunk;
export const app = (req, res) => res.end(JSON.stringify(text));\n`,
    };
    const running = await serve(['app.mjs:app', '-k', 'sync'], { files });
    expect(await (await fetch(running.at)).text()).toBe('""');
  });
});
