import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { onTestFinished } from '../support/current-test.ts';
import { askHttp2, connectHttp2 } from '../support/http2-client.ts';
import { literals as block, frame } from '../support/http2-frames.ts';
import { reloadInTurn, startHttp2Load, targetsIn } from '../support/http2-load.ts';
import { shortLimit } from '../support/patience.ts';
import { shareServer } from '../support/shared.ts';
import { root, serve } from '../support/tsunicorn.ts';

const app = join(root, 'test/fixtures/http2/app.mjs:app');
const run = promisify(execFile);
const serveApp = (args: readonly string[] = []) => serve(['--http2-cleartext', ...args, app]);

// RFC 9113: 3.4, 4.1, 6 and 7
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;
const CANCEL = 8;

const GET = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/empty'],
  [':authority', 'x'],
] as const;

/** A connection of raw frames. */
class Frames {
  readonly socket: net.Socket;
  readonly closed: Promise<unknown>;
  #read = Buffer.alloc(0);
  /** What has come: the type of each frame, its stream, and the last four bytes, which hold an error's code. */
  readonly got: { type: number; stream: number; code: number }[] = [];

  constructor(at: string) {
    this.socket = net.connect(Number(new URL(at).port), '127.0.0.1');
    this.socket.on('error', () => {});
    onTestFinished(() => void this.socket.destroy());
    this.closed = once(this.socket, 'close');
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  send(...frames: readonly (Buffer | string)[]): this {
    for (const one of frames) this.socket.write(one);
    return this;
  }

  begin(): this {
    return this.send(PREFACE, frame(SETTINGS, 0, 0));
  }

  #take(chunk: Buffer): void {
    this.#read = Buffer.concat([this.#read, chunk]);
    while (this.#read.length >= 9) {
      const length = this.#read.readUIntBE(0, 3);
      if (this.#read.length < 9 + length) return;
      const code = length >= 4 ? this.#read.readUInt32BE(9 + (this.#read[3] === GOAWAY ? 4 : 0)) : 0;
      this.got.push({ type: this.#read[3] ?? -1, stream: this.#read.readUInt32BE(5), code });
      this.#read = this.#read.subarray(9 + length);
    }
  }

  /** Resolves with how a stream, or the whole connection, was refused. */
  async refusal(): Promise<string> {
    const find = () => {
      const reset = this.got.find(({ type }) => type === RST_STREAM);
      const away = this.got.find(({ type, code }) => type === GOAWAY && code !== 0);
      if (away) return 'session';
      return reset ? 'stream' : null;
    };
    for (;;) {
      const found = find();
      if (found !== null) return found;
      const ended = await Promise.race([once(this.socket, 'data'), this.closed.then(() => null)]);
      if (ended === null) return find() ?? 'closed';
    }
  }
}

describe('one service', () => {
  const server = shareServer(
    [
      ...['--http2-cleartext', '-b', '127.0.0.1:0', '--header-timeout', '1', '--keep-alive', '2'],
      ...['--body-timeout', '1', '--write-timeout', '2', '--limit-request-body', '1000', app],
    ],
    { cwd: root },
  );
  const frames = () => new Frames(server().at);

  it.concurrent.each([
    ['has sent nothing', []],
    ['has sent a part of the preface', ['PRI']],
    ['has sent the preface alone', [PREFACE]],
    ['asks for nothing', [PREFACE, frame(SETTINGS, 0, 0)]],
    ['sends half a head', [PREFACE, frame(SETTINGS, 0, 0), frame(HEADERS, 1, 1, block(...GET))]],
    [
      'sends half a head behind a request',
      [
        ...[PREFACE, frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS | END_STREAM, 1, block(...GET))],
        frame(HEADERS, 1, 3, block(...GET)),
      ],
    ],
  ])('ends a connection that %s', async (_what, bytes) => {
    await frames().send(...bytes).closed;
  });

  it.concurrent('ends a connection that sends nothing but PING', async () => {
    const client = frames().begin();
    const pings = setInterval(() => client.send(frame(PING, 0, 0, Buffer.alloc(8))), 200);
    await client.closed;
    clearInterval(pings);
  });

  it.concurrent('answers 408 to a body that comes too slowly, and goes on with the streams beside it', async () => {
    const session = connectHttp2(server().at);
    const stream = session.request({ ':path': '/echo', ':method': 'POST' });
    stream.on('error', () => {});
    const drips = setInterval(() => stream.writable && stream.write('x'), 200);
    const [head] = await once(stream, 'response');
    clearInterval(drips);
    expect(head[':status']).toBe(408);
    expect(await askHttp2(session, '/empty')).toMatchObject({ status: 204 });
  });

  it.concurrent('resets a stream whose answer is not read', async () => {
    const stream = connectHttp2(server().at).request({ ':path': '/big' });
    stream.on('error', () => {});
    await new Promise((closed) => stream.on('close', closed));
    expect(stream.rstCode).toBe(2);
  });

  it.concurrent('answers 413 to a body that grows too large', async () => {
    const body = 'x'.repeat(2000);
    const session = connectHttp2(server().at);
    expect(await askHttp2(session, '/echo', { method: 'POST', body })).toMatchObject({ status: 413 });
    const headers = { 'content-length': '2000' };
    expect(await askHttp2(session, '/echo', { method: 'POST', body, headers })).toMatchObject({
      status: 413,
    });
  });

  it.each<[string, number, Record<string, string>]>([
    ['a method of another protocol', 501, { ':method': 'SOURCE' }],
    ['TRACE with a body', 400, { ':method': 'TRACE' }],
    ['another Host than the authority', 400, { ':authority': 'x', host: 'other' }],
    ['a fragment in the target', 400, { ':path': '/a#b' }],
    ['a backslash in the target', 400, { ':path': '/a\\b' }],
    ['a long target', 414, { ':path': `/${'x'.repeat(5000)}` }],
    ['a long field', 431, { 'x-long': 'x'.repeat(9000) }],
    ['many fields', 431, Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, '1']))],
    ['another expectation', 417, { expect: 'a miracle' }],
  ])('refuses %s', async (_what, status, headers) => {
    const stream = connectHttp2(server().at).request({ ':path': '/seen', ...headers });
    const [head] = await once(stream, 'response');
    stream.resume();
    expect(head[':status']).toBe(status);
  });

  it('answers 501 to CONNECT, and offers no extended one', async () => {
    const session = connectHttp2(server().at);
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'x:1' });
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(501);
    expect(session.remoteSettings.enableConnectProtocol ?? false).toBe(false);
    stream.destroy();
  });

  // What RFC 9113 calls malformed: the stream ends, or the connection.
  it.each<[string, readonly (readonly [string, string])[]]>([
    ['an upper-case name', [...GET, ['X-Upper', '1']]],
    ['Connection', [...GET, ['connection', 'keep-alive']]],
    ['Transfer-Encoding', [...GET, ['transfer-encoding', 'chunked']]],
    ['Upgrade', [...GET, ['upgrade', 'h2c']]],
    ['TE other than trailers', [...GET, ['te', 'gzip']]],
    ['an unknown pseudo-field', [...GET, [':other', '1']]],
    ['a pseudo-field behind a field', [['x', '1'], ...GET]],
    ['a pseudo-field of an answer', [...GET, [':status', '200']]],
    ['no method', GET.slice(1)],
    ['no path', [...GET.slice(0, 2), ...GET.slice(3)]],
    ['an empty path', [...GET.slice(0, 2), [':path', ''], ...GET.slice(3)]],
    ['two methods', [[':method', 'GET'], ...GET]],
    ['an authority that is no host', [...GET.slice(0, 3), [':authority', 'a b']]],
    ['an asterisk', [...GET.slice(0, 2), [':path', '*'], ...GET.slice(3)]],
    [
      ':protocol of an extended CONNECT',
      [[':protocol', 'websocket'], [':method', 'CONNECT'], ...GET.slice(1)],
    ],
  ])('refuses a head with %s', async (_what, fields) => {
    const client = frames().begin();
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(...fields)));
    expect(['stream', 'session']).toContain(await client.refusal());
  });

  it.each<[string, readonly Buffer[]]>([
    ['DATA of no stream', [frame(DATA, 0, 0, Buffer.from('x'))]],
    ['DATA of an idle stream', [frame(DATA, 0, 1, Buffer.from('x'))]],
    ['HEADERS of stream 0', [frame(HEADERS, 5, 0, block(...GET))]],
    ['HEADERS of an even stream', [frame(HEADERS, 5, 2, block(...GET))]],
    ['CONTINUATION of no head', [frame(CONTINUATION, 4, 1, block(...GET))]],
    [
      'another frame within a head',
      [frame(HEADERS, 1, 1, block(...GET)), frame(PING, 0, 0, Buffer.alloc(8))],
    ],
    ['a PING of 4 bytes', [frame(PING, 0, 0, Buffer.alloc(4))]],
    ['SETTINGS of 5 bytes', [frame(SETTINGS, 0, 0, Buffer.alloc(5))]],
    ['a frame that is too large', [frame(DATA, 0, 1, Buffer.alloc(16_385))]],
    ['a header block that is none', [frame(HEADERS, 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]))]],
    ['RST_STREAM of an idle stream', [frame(RST_STREAM, 0, 1, Buffer.alloc(4))]],
  ])('ends a session that sends %s', async (_what, bytes) => {
    expect(['session', 'closed']).toContain(
      await frames()
        .begin()
        .send(...bytes)
        .refusal(),
    );
  });

  it('refuses a body of another length than it says', async () => {
    const head = [[':method', 'POST'], ...GET.slice(1), ['content-length', '5']] as const;
    const client = frames().begin();
    client.send(
      frame(HEADERS, END_HEADERS, 1, block(...head)),
      frame(DATA, END_STREAM, 1, Buffer.from('abc')),
    );
    expect(await client.refusal()).toBe('stream');
  });

  it('serves others while a client opens and resets streams', async () => {
    const client = frames().begin();
    const cancel = Buffer.from([0, 0, 0, CANCEL]);
    for (let id = 1; id < 20_000; id += 2)
      client.send(
        frame(HEADERS, END_HEADERS | END_STREAM, id, block(...GET)),
        frame(RST_STREAM, 0, id, cancel),
      );
    await client.closed;
    expect(await askHttp2(connectHttp2(server().at), '/empty')).toMatchObject({ status: 204 });
  });
});

it('lets a client have 100 streams at a time', async () => {
  const running = await serveApp();
  const session = connectHttp2(running.at);
  await askHttp2(session, '/empty');
  expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
});

it('loses no stream that was taken over reloads, for clients that send again what was refused', async () => {
  const running = await serveApp(['-w', '2', '--access-logfile', '-']);
  const load = startHttp2Load(running.at, ['/seen', '/slow', '/hinted', '/seen']);
  await reloadInTurn(running, load, 4);
  await load.stop();
  expect([...load.outcomes.keys()]).toEqual(['200 0']);
  await running.waitFor(() => targetsIn(running.stdout).length >= load.answered(), 'the last line');
  // Nothing has run twice.
  const targets = targetsIn(running.stdout);
  expect([targets.length, new Set(targets).size]).toEqual([load.answered(), load.answered()]);
});

it('names the requests of streams where the event loop is blocked', async () => {
  const running = await serveApp(['--timeout', await shortLimit(), '--access-logfile', '-']);
  const session = connectHttp2(running.at);
  const hangs = askHttp2(session, '/hangs');
  await askHttp2(session, '/empty');
  const blocks = askHttp2(session, '/blocks');
  await running.waitForLog(/CRITICAL\] Worker .*: its event loop was blocked/);
  await Promise.all([hangs, blocks]);
  await running.waitForLog(/GET \/hangs, for .* s/);
  await running.waitForLog(/GET \/blocks, for .* s/);
  await running.waitFor(() => /"GET \/blocks HTTP\/2\.0" \d+ /.test(running.stdout), 'its line');
});

it.each(['async', 'sync', 'thread'])(
  'answers 503 to a stream that has waited for longer than --queue-timeout, in class %s',
  async (name) => {
    const running = await serveApp(['-k', name, '--queue-timeout', '2']);
    const startedMs = Date.now() - 60_000;
    const headers = { 'x-request-start': `t=${startedMs}` };
    expect(await askHttp2(connectHttp2(running.at), '/seen', { headers })).toMatchObject({ status: 503 });
    expect(await askHttp2(connectHttp2(running.at), '/seen')).toMatchObject({ status: 200 });
  },
);

it('serves a program of HTTP/1 by its own listeners, with contexts and request ids', async () => {
  const running = await serve([
    ...['--http2-cleartext', '--request-id-header', 'x-request-id'],
    join(root, 'test/fixtures/http2/program.mjs'),
  ]);
  const session = connectHttp2(running.at);
  const stream = session.request({ ':path': '/a', 'x-request-id': 'mine' });
  const [head] = await once(stream, 'response');
  expect(head).toMatchObject({ ':status': 200, 'x-after': 'seen', 'x-request-id': 'mine' });
  expect(await stream.setEncoding('utf8').toArray()).toEqual(['2.0 /a']);
  const headers = { expect: '100-continue' };
  const answer = await askHttp2(session, '/', { method: 'POST', body: 'x', headers });
  expect(answer).toMatchObject({ status: 200, body: 'continued' });
});

it('asks the client to leave after --max-requests, and answers what it has sent', async () => {
  const running = await serveApp(['--max-requests', '5']);
  const session = connectHttp2(running.at);
  const away = once(session, 'goaway');
  const answers = await Promise.all(Array.from({ length: 20 }, () => askHttp2(session, '/slow')));
  expect(new Set(answers.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['200 0']));
  await away;
});

it('answers 504 to what takes too long, on its stream alone', async () => {
  const running = await serveApp(['--request-timeout', '0.5']);
  const session = connectHttp2(running.at);
  const [hangs, begun] = await Promise.all([askHttp2(session, '/hangs'), askHttp2(session, '/hangs?begun')]);
  expect(hangs).toEqual({ status: 504, body: 'Gateway Timeout\n', code: 0 });
  expect(begun).toEqual({ status: 200, body: 'begun', code: 2 });
  expect(await askHttp2(session, '/empty')).toMatchObject({ status: 204 });
});

const HAS_NGHTTP = (await run('nghttp', ['--version']).catch(() => null)) !== null;
if (!HAS_NGHTTP)
  console.warn('2 tests are skipped: nghttp and h2load are missing (Debian package nghttp2-client)');

describe.skipIf(!HAS_NGHTTP)('clients of nghttp2', () => {
  it('nghttp gets hints, an answer and trailers', async () => {
    const running = await serveApp();
    const { stdout } = await run('nghttp', ['-v', `${running.at}/hinted`]);
    expect(stdout).toMatch(/:status: 103[\s\S]*:status: 200[\s\S]*x-sum: 42/);
  });

  it('h2load gets 2,000 answers over ten streams each', async () => {
    const running = await serveApp();
    const { stdout } = await run('h2load', ['-n', '2000', '-c', '4', '-m', '10', `${running.at}/seen`]);
    expect(stdout).toMatch(/2000 succeeded, 0 failed, 0 errored/);
    expect(stdout).toMatch(/status codes: 2000 2xx/);
  });
});
