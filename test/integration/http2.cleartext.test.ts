import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { askHttp2, connectHttp2 } from '../support/http2-client.ts';
import { deadlineMs } from '../support/patience.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';
import { root } from '../support/tsunicorn.ts';

const FRAMEWORKS = ['express', 'koa', 'fastify', 'hono', 'gateway'] as const;
const CLASSES = ['async', 'sync', 'thread'] as const;
const FILE = randomBytes(3 * 1024 ** 2);

const directory = sharedDirectory();
const file = join(directory, 'file.bin');
writeFileSync(file, FILE);
const mounts = FRAMEWORKS.flatMap((name) => [
  '--mount',
  `/${name}=${join(root, `test/fixtures/frameworks/${name}.ts:app`)}`,
]);
const servers = shareServers(
  CLASSES.map((name) => [
    ...['-k', name, '--http2-cleartext', '--access-logfile', '-', '-b', '127.0.0.1:0'],
    ...['--access-logformat', '%(h)s "%(r)s" %(s)s %({SSL_PROTOCOL}x)s'],
    ...(name === 'thread' ? ['--threads', '1'] : []),
    ...mounts,
    join(root, 'test/fixtures/http2/app.mjs:app'),
  ]),
  { cwd: root, env: { FILE: file } },
);

describe.each(CLASSES)('class %s', (name) => {
  const server = () => {
    const it = servers[CLASSES.indexOf(name)];
    if (it === undefined) throw new Error('no such server');
    return it();
  };
  const session = () => connectHttp2(server().at);
  /** In class `sync` a session leaves once it has its answer. */
  const askFresh = (path: string, options?: Parameters<typeof askHttp2>[2]) =>
    askHttp2(session(), path, options);

  it('shows a handler a request of HTTP/1, with the host and the cookies', async () => {
    const one = session();
    const stream = one.request({ ':path': '/seen?a=b', cookie: ['a=1', 'b=2'], 'x-twice': ['1', '2'] });
    const [head] = await once(stream, 'response');
    const seen = JSON.parse((await stream.setEncoding('utf8').toArray()).join(''));
    expect(seen).toMatchObject({
      method: 'GET',
      url: '/seen?a=b',
      httpVersion: '2.0',
      headers: { host: new URL(server().at).host, cookie: 'a=1; b=2', 'x-twice': '1, 2' },
      peer: { remoteAddress: '127.0.0.1', hasPort: true, encrypted: false },
    });
    expect(seen.rawHeaders.filter((text: string) => text.startsWith(':'))).toEqual([]);
    expect(head).toMatchObject({
      ':status': 200,
      'content-type': 'application/json',
      'set-cookie': ['a=1', 'b=2'],
    });
    for (const gone of ['connection', 'keep-alive', 'transfer-encoding'])
      expect(head).not.toHaveProperty(gone);
    await server().waitFor(
      () => server().stdout.includes('"GET /seen?a=b HTTP/2.0" 200 -'),
      'the access log',
    );
  });

  it('serves HTTP/1 on the same socket', async () => {
    const { status, body } = await ask({ url: server().at, path: '/seen' });
    expect({ status, httpVersion: JSON.parse(body).httpVersion }).toEqual({
      status: 200,
      httpVersion: '1.1',
    });
  });

  it('answers HEAD, 204, 304, and what carries fields of a connection', async () => {
    expect(await askFresh('/seen', { method: 'HEAD' })).toEqual({ status: 200, body: '', code: 0 });
    expect(await askFresh('/empty')).toEqual({ status: 204, body: '', code: 0 });
    expect(await askFresh('/unchanged')).toEqual({ status: 304, body: '', code: 0 });
    expect(await askFresh('/copied')).toEqual({ status: 201, body: 'one two', code: 0 });
  });

  it('takes bodies with and without a length, and their trailers', async () => {
    const one = session();
    const whole = await askFresh('/echo', { method: 'POST', body: 'x'.repeat(100_000) });
    expect(JSON.parse(whole.body)).toMatchObject({ complete: true, length: 100_000 });
    const sized = await askFresh('/echo', {
      method: 'POST',
      body: 'abc',
      headers: { 'content-length': '3' },
    });
    expect(JSON.parse(sized.body)).toMatchObject({ complete: true, body: 'abc' });
    const stream = one.request({ ':path': '/echo', ':method': 'POST' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
    stream.end('with');
    const text = (await stream.setEncoding('utf8').toArray()).join('');
    expect(JSON.parse(text)).toMatchObject({ body: 'with', trailers: { 'x-sum': '7' } });
  });

  it('sends early hints and trailers', async () => {
    const stream = session().request({ ':path': '/hinted' });
    const [[hints], [trailers]] = await Promise.all([
      once(stream, 'headers'),
      once(stream, 'trailers'),
      stream.resume(),
    ]);
    expect(hints).toMatchObject({ ':status': 103, link: '</a.css>; rel=preload' });
    expect(trailers).toMatchObject({ 'x-sum': '42' });
  });

  it('sends and takes large bodies in both directions', async () => {
    expect((await askFresh('/big')).body).toHaveLength(5_000_000);
    const body = 'y'.repeat(1_000_000);
    expect((await askFresh('/piped', { method: 'PUT', body })).body === body).toBe(true);
  });

  it('answers 500 where the handler fails, and resets a stream whose answer is cut', async () => {
    expect(await askFresh('/throws')).toEqual({ status: 500, body: 'Internal Server Error\n', code: 0 });
    expect(await askFresh('/destroys')).toEqual({ status: 200, body: 'begun', code: 2 });
    expect((await askFresh('/switches')).code).not.toBe(0);
    expect(await askFresh('/empty')).toMatchObject({ status: 204 });
  });

  it.each(['/hangs', '/hangs?begun'])(
    'tells the handler of %s that its client has reset the stream',
    async (path) => {
      const one = session();
      const stream = one.request({ ':path': path });
      stream.on('error', () => {});
      if (path.endsWith('begun')) await once(stream, 'response');
      // Classes sync and thread would answer no other request before it.
      else if (name === 'async') await askFresh('/empty');
      else {
        await once(one, 'remoteSettings');
        await new Promise((soon) => one.ping(soon));
      }
      stream.close(8);
      await server().waitFor(
        () => server().stdout.includes(`"GET ${path} HTTP/2.0" ${path.endsWith('begun') ? 200 : 499} `),
        'its line',
      );
      await expect
        .poll(async () => JSON.parse((await askFresh('/ended')).body))
        .toEqual([expect.stringMatching(/req aborted.*res close/)]);
    },
  );

  it('holds an answer back that its client does not read', async () => {
    const one = session();
    const stream = one.request({ ':path': '/endless' });
    stream.on('error', () => {});
    await once(stream, 'response');
    await new Promise((soon) => one.ping(soon));
    stream.close(8);
    const read = async () => /endless (\d+)/.exec((await askFresh('/ended')).body)?.[1];
    await expect.poll(read, { timeout: deadlineMs() }).toMatch(/^\d+$/);
  });

  describe.each(FRAMEWORKS)('%s', (framework) => {
    it('reads and answers JSON, of a body with and without a length', async () => {
      const body = '{"title":"Æsop"}';
      for (const length of [{}, { 'content-length': String(Buffer.byteLength(body)) }]) {
        const headers = { 'content-type': 'application/json', ...length };
        const answer = await askFresh(`/${framework}/json`, { method: 'POST', headers, body });
        expect(answer).toMatchObject({ status: 200, code: 0 });
        expect(JSON.parse(answer.body)).toEqual({ got: { title: 'Æsop' } });
      }
    });

    it('sends a file, and takes one', async () => {
      const one = session();
      const stream = one.request({ ':path': `/${framework}/file` });
      const hash = createHash('sha256');
      for await (const part of stream) hash.update(part);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(FILE).digest('hex'));
      const sent = await askFresh(`/${framework}/upload`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: 'x'.repeat(FILE.length),
      });
      expect(sent).toMatchObject({ status: 200, body: String(FILE.length) });
    });

    it('answers its own errors', async () => {
      for (const path of ['fail', 'fail/later']) {
        const { status, code } = await askFresh(`/${framework}/${path}`);
        expect(code).toBe(0);
        expect(status).toBeGreaterThanOrEqual(400);
      }
    });
  });
});
