import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { ask } from '../support/http-client.ts';
import { peakBytes } from '../support/memory.ts';
import { deadlineMs, slowness } from '../support/patience.ts';
import { refusal } from '../support/refusal.ts';
import { shareServer } from '../support/shared.ts';
import { root, serve } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const app = join(root, 'test/fixtures/threads/node.ts:app');
// On a busy machine a thread needs longer to fill its memory, or to be replaced.
const seconds = `${await slowness()}`;
const inThreads = (...args: readonly string[]) => ['-k', 'thread', '-b', '127.0.0.1:0', ...args, app];

describe('two threads with limits', () => {
  const server = shareServer(
    inThreads('--threads', '2', '--timeout', seconds, '--thread-max-memory', '32M'),
    {
      cwd: root,
    },
  );
  const status = async (path: string) => (await ask({ url: server().at, path })).status;
  /** Asks, many at once, until two threads have answered. */
  const twoThreads = () => twoThreadsAt(server().at);

  it.each([
    ['runs too long', '/loop', 504, /Request timed out after [\d.]+ s: GET \/loop/],
    ['takes too much memory', '/memory', 503, /A thread ran out of memory while handling GET \/memory/],
    ['throws in a later tick', '/later', 500, /Uncaught exception in a thread while handling GET \/later/],
    ['ends its thread', '/exit', 500, /A thread exited while handling GET \/exit/],
  ])('a handler that %s fails alone, and its thread is replaced', async (_what, path, expected, log) => {
    const from = server().stderr.length;
    const workers = server().workers();
    const [failed, other] = await Promise.all([status(path), status('/')]);
    expect({ failed, other }).toEqual({ failed: expected, other: 200 });
    await server().waitForLog(log, from);
    await twoThreads();
    expect(server().workers()).toEqual(workers);
  });

  it('logs the stack of what is thrown in a later tick', async () => {
    const from = server().stderr.length;
    await status('/later');
    await server().waitForLog(/^ {4}.*threads\/node\.ts:\d+/m, from);
  });

  it('streams an answer as it is made', async () => {
    const sent = http.get(`${server().at}/events`, { agent: false });
    const [response]: IncomingMessage[] = await once(sent, 'response');
    const parts: string[] = [];
    for await (const part of response?.setEncoding('utf8') ?? []) parts.push(part);
    expect(parts).toEqual(['data: first\n\n', 'data: second\n\n']);
  });

  it('tells the application who asks', async () => {
    const { body } = await ask({ url: server().at, path: '/who' });
    expect(JSON.parse(body)).toEqual({ remoteAddress: '127.0.0.1', hasPort: true });
  });

  it('answers a WebSocket upgrade with 501', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket' };
    expect(await ask({ url: server().at, headers })).toMatchObject({ status: 501 });
  });

  it.each([
    ['/forever', 'frees the thread of a stream'],
    ['/deaf', 'ends the thread of a handler that does not notice'],
  ])('%s: %s when the client has gone', async (path) => {
    for (let round = 0; round < 4; round++) {
      const sent = http.get(`${server().at}${path}`, { agent: false });
      const [response]: IncomingMessage[] = await once(sent, 'response');
      response?.destroy();
    }
    await twoThreads();
  });
});

describe.each(['node.ts:app', 'node.ts:server', 'fetch.ts:app', 'fetch.ts'])('%s in a thread', (spec) => {
  const routes = join(root, 'test/fixtures/routes', spec);
  const server = shareServer(['-k', 'thread', '--threads', '1', '-b', '127.0.0.1:0', routes], { cwd: root });
  const at = (path: string) => ({ url: server().at, path });

  it('reads and answers as it does elsewhere', async () => {
    expect(await ask(at('/'))).toMatchObject({ status: 200, body: 'hello\n' });
    expect(await ask({ ...at('/'), method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    const json = { ...at('/json'), method: 'POST', headers: { 'content-type': 'application/json' } };
    expect(await ask({ ...json, body: '{"title":"Æsop"}' })).toMatchObject({
      body: '{"got":{"title":"Æsop"}}',
      headers: { 'content-type': expect.stringMatching(/^application\/json/) },
    });
    const fresh = await ask({ ...at('/fresh'), headers: { 'if-none-match': '"v1"' } });
    expect(fresh).toMatchObject({ status: 304, body: '', headers: { etag: '"v1"' } });
    expect((await ask(at('/cookies'))).headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2; HttpOnly']);
    expect(await ask(at('/empty'))).toMatchObject({ status: 200, body: '' });
    expect(await ask(at('/nothing'))).toMatchObject({ status: 204, body: '' });
    expect(await ask(at('/nowhere'))).toMatchObject({ status: 404, body: 'not found\n' });
  });

  it('gives a request to a thread when its body has arrived, and streams the answer', async () => {
    const request = http.request({ ...urlOf(server().at), path: '/duplex', method: 'POST', agent: false });
    const answered = once(request, 'response');
    request.write('ping');
    expect((await ask(at('/'))).status).toBe(200);
    request.end('pong');
    const [response]: IncomingMessage[] = await answered;
    expect(await textOf(response)).toBe('pingpong');
  });

  it.each(['/throw', '/reject'])(
    'answers 500 and logs the stack when the handler fails (%s)',
    async (path) => {
      const from = server().stderr.length;
      expect(await ask(at(path))).toMatchObject({ status: 500, body: 'Internal Server Error\n' });
      await server().waitForLog(new RegExp(`\\[ERROR\\] .*GET ${path}.*on purpose`), from);
      await server().waitForLog(/^ {4}.*routes\/(node|fetch)\.ts:\d+/m, from);
    },
  );

  it('tells the application when its client has gone', async () => {
    const client = http.get({ ...urlOf(server().at), path: '/hang', agent: false }).on('error', () => {});
    // One that has not begun by then is not run.
    await server().waitFor(() => server().stdout.includes('It hangs'), 'the handler to begin');
    client.destroy();
    expect((await ask(at('/aborted'))).body).toBe('aborted\n');
  });
});

describe('large bodies', () => {
  const server = shareServer(inThreads('--threads', '1', '--limit-request-body', '0'), { cwd: root });
  const MEGABYTES = 100;

  it('takes an upload of 100 MB and keeps little of it', async () => {
    const sent = http.request(`${server().at}/count`, { method: 'POST', agent: false });
    const answered = once(sent, 'response');
    const chunk = Buffer.alloc(1024 * 1024);
    // A refusal ends the wait for the rest.
    for (let count = 0; count < MEGABYTES; count++)
      if (!sent.write(chunk)) await Promise.race([once(sent, 'drain'), answered]);
    sent.end();
    const [response]: IncomingMessage[] = await answered;
    expect(await textOf(response)).toBe(String(MEGABYTES * 1024 * 1024));
    expect(peakBytes(server().workers()[0] ?? 0)).toBeLessThan(300 * 1024 ** 2);
  });

  it('sends an answer of 100 MB to a client that reads slowly and keeps little of it', async () => {
    const sent = http.get(`${server().at}/large`, { agent: false });
    const [response]: IncomingMessage[] = await once(sent, 'response');
    let bytes = 0;
    for await (const part of response ?? []) {
      bytes += part.length;
      if (bytes % 8 === 0) await new Promise((turn) => setImmediate(turn));
    }
    expect(bytes).toBe(1600 * 64 * 1024);
    expect(peakBytes(server().workers()[0] ?? 0)).toBeLessThan(300 * 1024 ** 2);
  });
});

describe('the queue', () => {
  const server = shareServer(inThreads('--threads', '1', '--thread-queue', '1'), { cwd: root });

  it('turns away what does not fit, with Retry-After', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => ask({ url: server().at, path: '/busy' })),
    );
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers['retry-after']).toBe('1');
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  });

  it('forgets a request whose client has left before its turn', async () => {
    const running = ask({ url: server().at, path: '/busy' });
    const port = Number(new URL(server().at).port);
    const wire = await wireTo(port);
    wire.write('GET /loop HTTP/1.1\r\nHost: x\r\n\r\n');
    wire.socket.destroy();
    expect((await running).status).toBe(200);
    expect((await ask({ url: server().at })).status).toBe(200);
  });
});

it('says in one line that the application cannot be loaded in a thread', async () => {
  const args = ['-k', 'thread', '--threads', '2', '-b', '127.0.0.1:0', 'missing.ts:app'];
  const { status, lines } = await run(args, { files: {} });
  expect(status).toBe(4);
  expect(lines.filter((line) => line.includes('missing.ts'))).toEqual([
    expect.stringMatching(/\[CRITICAL\] missing\.ts:app: there is no module/),
  ]);
});

it('refuses no threads at all', async () => {
  expect(await refusal(['-k', 'thread', '--threads', '0', 'app.ts'])).toMatch(
    /^--threads: expected a whole number from 1 to 1024, got "0"$/,
  );
});

it('closes the application in its threads when it stops', async () => {
  const files = {
    'app.mjs': `
      import { writeSync } from 'node:fs';
      import http from 'node:http';
      const server = http.createServer((req, res) => res.end('ok'));
      const app = { server, ready: async () => {}, inject() {}, close: async () => void writeSync(2, 'closed\\n') };
      export default app;`,
  };
  const running = await serve(['-k', 'thread', '--threads', '2', 'app.mjs'], { files });
  expect((await ask({ url: running.at })).body).toBe('ok');
  running.signal('SIGTERM');
  expect(await running.end()).toMatchObject({ status: 0 });
  expect(running.stderr.match(/closed\n/g)).toHaveLength(2);
});

async function twoThreadsAt(url: string): Promise<void> {
  const until = performance.now() + deadlineMs();
  const seen = new Set<string>();
  while (seen.size < 2) {
    if (performance.now() > until) throw new Error('waited in vain for two threads to answer');
    seen.clear();
    const answers = await Promise.all(Array.from({ length: 16 }, () => ask({ url })));
    for (const { body } of answers) seen.add(body);
  }
}

function urlOf(url: string) {
  const { hostname, port } = new URL(url);
  return { host: hostname, port };
}

async function textOf(response: IncomingMessage | undefined): Promise<string> {
  let text = '';
  for await (const part of response?.setEncoding('utf8') ?? []) text += part;
  return text;
}
