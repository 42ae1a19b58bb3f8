import { once } from 'node:events';
import https from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beside } from '../support/client.ts';
import { run } from '../support/command.ts';
import { askHttp2, connectHttp2 } from '../support/http2-client.ts';
import { shortLimit } from '../support/patience.ts';
import { root, serve, start } from '../support/tsunicorn.ts';

const program = join(root, 'test/fixtures/programs/http2.mjs');

const serveForm = (form: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  serve([program, '--access-logfile', '-', ...args], { env: { FORM: form, ...env } });

describe.each([
  ['plain request', {}],
  ['plain stream', {}],
  ['secure request', {}],
  ['both stream', {}],
  ['plain request', { EXPORTED: '1' }],
  ['both request', { EXPORTED: '1' }],
])('a server of node:http2, %s %o', (form, env) => {
  it('is served with the access log, the limit of a request, and 500 where it fails', async () => {
    const running = await serveForm(form, ['--request-timeout', '0.5'], env);
    expect(running.at).toMatch(form.startsWith('plain') ? /^http:/ : /^https:/);
    const session = connectHttp2(running.at);
    const paths = ['/', '/throws', '/rejects', '/hangs', '/begins'];
    const [plain, throws, rejects, hangs, begins] = await Promise.all(
      paths.map((path) => askHttp2(session, path)),
    );
    expect(plain).toEqual({ status: 200, body: expect.stringMatching(/^\d+ \/$/), code: 0 });
    for (const failed of [throws, rejects])
      expect(failed).toEqual({ status: 500, body: 'Internal Server Error\n', code: 0 });
    expect(hangs).toEqual({ status: 504, body: 'Gateway Timeout\n', code: 0 });
    // INTERNAL_ERROR: the client sees that it is not whole.
    expect(begins).toEqual({ status: 200, body: 'begun ', code: 2 });
    expect((await askHttp2(session, '/posted', { method: 'POST', body: 'x' })).status).toBe(200);
    await running.waitFor(() => /POST/.test(running.stdout), 'the last line');
    expect(running.stdout).toMatch(/"GET \/ HTTP\/2\.0" 200 \d/);
    expect(running.stdout).toMatch(/"GET \/throws HTTP\/2\.0" 500 22 /);
    expect(running.stdout).toMatch(/"GET \/hangs HTTP\/2\.0" 504 16 /);
    expect(running.stdout).toMatch(/"GET \/begins HTTP\/2\.0" 200 6 /);
    expect(running.stderr.match(/failed while handling GET \/(throws|rejects): on purpose/g)).toHaveLength(2);
    expect(running.stderr).toMatch(/GET \/begins took longer .*: its stream was reset, because/);
  });

  it('is drained: GOAWAY for its sessions, what is under way is answered, event streams end', async () => {
    const running = await serveForm(form, [], env);
    const idle = connectHttp2(running.at);
    const busy = connectHttp2(running.at);
    await askHttp2(idle, '/');
    const goneAway = [once(idle, 'goaway'), once(busy, 'goaway')];
    const [last, events] = [askHttp2(busy, '/last'), askHttp2(busy, '/events')];
    await askHttp2(busy, '/');
    running.signal('SIGTERM');
    expect((await Promise.all(goneAway)).map(([code]) => code)).toEqual([0, 0]);
    expect(await last).toEqual({ status: 200, body: 'the last', code: 0 });
    expect(await events).toEqual({ status: 200, body: 'begun ', code: 0 });
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/ERROR|WARNING|without being told to/);
  });
});

it('a server with allowHTTP1 serves both, each with its own protocol in the access log', async () => {
  const running = await serveForm('both request');
  const { port } = new URL(running.at);
  const [response] = await once(https.get({ port, rejectUnauthorized: false, path: '/one' }), 'response');
  expect(await response.setEncoding('utf8').toArray()).toEqual([expect.stringMatching(/ \/one$/)]);
  await askHttp2(connectHttp2(running.at), '/two');
  await running.waitFor(() => /\/two/.test(running.stdout), 'both lines');
  expect(running.stdout).toMatch(/"GET \/one HTTP\/1\.1" 200 [\s\S]*"GET \/two HTTP\/2\.0" 200 /);
});

it('a session that goes with its client ends its requests, and the access log has them as left', async () => {
  const running = await serveForm('plain request');
  const session = connectHttp2(running.at);
  const hangs = askHttp2(session, '/hangs');
  await askHttp2(session, '/');
  session.destroy();
  await hangs;
  await running.waitFor(() => /"GET \/hangs HTTP\/2\.0" 499 /.test(running.stdout), 'its line');
});

it('its requests are named where the event loop is blocked', async () => {
  const running = await serveForm('plain stream', ['--timeout', await shortLimit()]);
  const session = connectHttp2(running.at);
  const hangs = askHttp2(session, '/hangs');
  await askHttp2(session, '/');
  const blocks = askHttp2(session, '/blocks');
  await running.waitForLog(/CRITICAL\] Worker .*: its event loop was blocked/);
  await Promise.all([hangs, blocks]);
  await running.waitForLog(/GET \/hangs, for .* s, cut\n/);
  await running.waitForLog(/GET \/blocks, for .* s, cut\n/);
  await running.waitFor(() => /"GET \/blocks HTTP\/2\.0" 444 /.test(running.stdout), 'its line');
});

it('its sessions are closed where its program sets a timeout, and nothing of them is lost', async () => {
  const running = await serveForm('plain request', [], { TIMEOUT: '200' });
  const session = connectHttp2(running.at);
  const closed = once(session, 'close');
  expect(await askHttp2(session, '/')).toMatchObject({ status: 200, code: 0 });
  await closed;
});

it('loses no request over reloads, for clients that connect again after GOAWAY', async () => {
  const running = await serveForm('secure request', ['-w', '2']);
  const stop = new AbortController();
  const outcomes = new Map<string, number>();
  const client = async () => {
    let session = connectHttp2(running.at);
    while (!stop.signal.aborted) {
      if (session.closed || session.destroyed) session = connectHttp2(running.at);
      const answers = await Promise.all([1, 2, 3].map(() => askAgain(() => session)));
      for (const { status, code } of answers)
        outcomes.set(`${status} ${code}`, (outcomes.get(`${status} ${code}`) ?? 0) + 1);
    }
  };
  const clients = beside([client(), client(), client(), client()]);
  for (let generation = 2; generation <= 4; generation++) {
    running.signal('SIGHUP');
    await running.waitForLog(new RegExp(`Generation ${generation} is ready`));
    const before = outcomes.get('200 0') ?? 0;
    await running.waitFor(() => (outcomes.get('200 0') ?? 0) > before + 30, 'more answers');
  }
  stop.abort();
  await clients;
  expect([...outcomes.keys()]).toEqual(['200 0']);

  /** A refused stream was not handled, and may be sent again (RFC 9113, 8.7). */
  async function askAgain(current: () => ReturnType<typeof connectHttp2>) {
    for (let session = current(); ; session = connectHttp2(running.at)) {
      if (session.closed || session.destroyed) continue;
      const answer = await askHttp2(session, '/');
      if (answer.code !== 7) return answer;
    }
  }
});

describe.each(['sync', 'thread'])('class %s', (workerClass) => {
  it('refuses an exported server of HTTP/2', async () => {
    const running = start(['-k', workerClass, '--threads', '1', '-b', '127.0.0.1:0', `${program}:default`], {
      env: { EXPORTED: '1' },
    });
    expect(await running.end()).toEqual({ status: 4, signal: null });
    expect(running.stderr).toMatch(
      new RegExp(
        `http2\\.mjs:default: HTTP/2 \\(Http2Server\\) cannot be served in class ${workerClass}.*; use -k async`,
      ),
    );
  });
});

it('class sync refuses a program of HTTP/2, also with --check-config', async () => {
  for (const options of [[], ['--check-config']]) {
    const outcome = await run(['-k', 'sync', '-b', '127.0.0.1:0', ...options, program], { files: {} });
    expect(outcome.stderr).toMatch(
      /http2\.mjs: HTTP\/2 \(program with an Http2Server\) cannot be served in class sync/,
    );
    expect(outcome.status).not.toBe(0);
  }
});
