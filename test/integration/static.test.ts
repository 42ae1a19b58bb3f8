import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { askBytes, type Question } from '../support/http-client.ts';
import { connectHttp2 } from '../support/http2-client.ts';
import { refusal } from '../support/refusal.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';
import { root, serve, temporaryDirectory } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const classes = ['async', 'sync', 'thread'] as const;
const fixture = (name: string) => join(root, 'test/fixtures/static', name);

const LETTERS = 'abcdefghij'.repeat(100);
const LARGE = 'tsunicorn '.repeat(300_000);

const cwd = sharedDirectory({
  'public/index.html': 'home\n',
  'public/letters.txt': LETTERS,
  'public/large.txt': LARGE,
  'public/empty.txt': '',
  'public/plain.txt': 'not compressed, since what is leads out\n',
  'public/app.3f9a8c2b.js': 'let a;\n',
  'public/with space.txt': 'space\n',
  'public/sub/index.html': 'sub\n',
  'public/bare/file.txt': 'bare\n',
  'public/.env': 'secret\n',
  'public/.git/config': 'secret\n',
  'public/deep/inner.txt': 'from public\n',
  'deeper/inner.txt': 'from deeper\n',
  'private/report.txt': 'a report\n',
  'private/.hidden': 'a dotfile\n',
  'private/žluť.txt': 'a letter\n',
  'outside.txt': 'secret\n',
});
const at = (name: string) => join(cwd, name);
writeFileSync(at('public/letters.txt.br'), brotliCompressSync(LETTERS));
writeFileSync(at('public/letters.txt.gz'), gzipSync(LETTERS));
symlinkSync('../outside.txt', at('public/out.txt'));
symlinkSync('../outside.txt', at('public/plain.txt.br'));
symlinkSync('letters.txt', at('public/within.txt'));
symlinkSync('.env', at('public/visible.txt'));
symlinkSync('/dev/zero', at('public/zero'));
symlinkSync('loop', at('public/loop'));
symlinkSync('../outside.txt', at('private/out.txt'));
execFileSync('mkfifo', [at('public/fifo')]);

const options = [
  ...['--static', '/assets=public', '--static', '/assets/deep=deeper'],
  ...['--sendfile-root', 'private', '--accel-redirect', '/internal=private'],
  ...['--mount', `/fetch=${fixture('fetch.mjs')}`, '--mount', `/gateway=${fixture('gateway.ts')}:app`],
];
const servers = shareServers(
  classes.map((name) => [
    ...['-k', name, '--access-logfile', '-', ...options, `${fixture('app.mjs')}:app`],
    ...(name === 'async' ? ['--http2-cleartext'] : []),
  ]),
  { cwd },
);

it('keeps few files open for a client of HTTP/2 that asks for many and reads late, and sends all of them whole', async () => {
  const server = servers[0]?.();
  const session = connectHttp2(server?.at ?? '');
  const streams = Array.from({ length: 20 }, () => session.request({ ':path': '/assets/large.txt' }));
  await Promise.all(streams.map((stream) => once(stream, 'response')));
  const open = () =>
    server
      ?.workers()
      .flatMap(openFilesOf)
      .filter((path) => path.endsWith('/large.txt'));
  if (process.platform === 'linux') expect(open()).toHaveLength(4);
  const bodies = await Promise.all(streams.map((stream) => text(stream)));
  expect(bodies.map((body) => body === LARGE)).toEqual(streams.map(() => true));
  await server?.waitFor(() => open()?.length === 0, 'the files to be closed');
});

/** The paths of what a process has open; empty where there is no /proc. */
function openFilesOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((fd) => {
    try {
      return readlinkSync(join(directory, fd));
    } catch {
      // It has been closed.
      return [];
    }
  });
}

describe.each(classes.map((name, index) => [name, servers[index]] as const))('class %s', (name, server) => {
  const get = async (path: string, headers: Question['headers'] = {}, method = 'GET') => {
    const answer = await askBytes({ url: server?.().at ?? '', path, headers, method });
    return { ...answer, body: answer.bytes.toString() };
  };

  it('sends files whole, with what clients need to keep them', async () => {
    expect(await get('/assets/letters.txt')).toMatchObject({
      status: 200,
      body: LETTERS,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '1000',
        'accept-ranges': 'bytes',
        'cache-control': 'public, max-age=0',
        'last-modified': expect.stringMatching(/GMT$/),
        etag: expect.stringMatching(/^W\/"/),
        vary: 'Accept-Encoding',
      },
    });
    expect((await get('/assets/large.txt')).body).toBe(LARGE);
    expect(await get('/assets/empty.txt')).toMatchObject({ status: 200, body: '' });
    expect((await get('/assets/with%20space.txt')).body).toBe('space\n');
    expect((await get('/assets/within.txt')).body).toBe(LETTERS);
    expect((await get('/assets/app.3f9a8c2b.js')).headers['cache-control']).toBe(
      'public, max-age=31536000, immutable',
    );
    const head = await get('/assets/letters.txt', {}, 'HEAD');
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '1000' } });
  });

  it('answers ranges and conditions', async () => {
    const { headers } = await get('/assets/letters.txt');
    const tag = headers.etag ?? '';
    expect(await get('/assets/letters.txt', { range: 'bytes=8-11' })).toMatchObject({
      status: 206,
      body: 'ijab',
      headers: { 'content-range': 'bytes 8-11/1000', 'content-length': '4' },
    });
    expect(await get('/assets/large.txt', { range: 'bytes=-1000000' })).toMatchObject({
      status: 206,
      body: LARGE.slice(-1_000_000),
    });
    expect(await get('/assets/letters.txt', { range: 'bytes=1000-' })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */1000' },
    });
    const stale = await get('/assets/letters.txt', { range: 'bytes=0-1', 'if-range': '"other"' });
    expect(stale).toMatchObject({ status: 200, body: LETTERS });
    const same = await get('/assets/letters.txt', { 'if-none-match': tag });
    expect(same).toMatchObject({ status: 304, body: '', headers: { etag: tag, vary: 'Accept-Encoding' } });
    expect(same.headers['content-type']).toBeUndefined();
    const since = { 'if-modified-since': headers['last-modified'] ?? '' };
    expect((await get('/assets/letters.txt', since)).status).toBe(304);
    expect((await get('/assets/letters.txt', { 'if-match': '"other"' })).status).toBe(412);
  });

  it('sends what was compressed beside a file, as the client likes it best', async () => {
    const plain = await get('/assets/letters.txt');
    const brotli = await get('/assets/letters.txt', { 'accept-encoding': 'gzip, br' });
    const gzip = await get('/assets/letters.txt', { 'accept-encoding': 'gzip, br;q=0.5, zstd' });
    expect(brotli.headers).toMatchObject({
      'content-encoding': 'br',
      'content-type': 'text/plain; charset=utf-8',
      vary: 'Accept-Encoding',
    });
    expect(brotliDecompressSync(brotli.bytes).toString()).toBe(LETTERS);
    expect(gunzipSync(gzip.bytes).toString()).toBe(LETTERS);
    const tags = [plain, brotli, gzip].map(({ headers }) => headers.etag ?? '');
    expect(new Set(tags).size).toBe(3);
    const asked = { 'accept-encoding': 'br', 'if-none-match': tags[1] ?? '' };
    expect((await get('/assets/letters.txt', asked)).status).toBe(304);
    expect((await get('/assets/letters.txt', { ...asked, 'if-none-match': tags[2] ?? '' })).status).toBe(200);
    const part = await get('/assets/letters.txt', { 'accept-encoding': 'br', range: 'bytes=0-3' });
    expect(part).toMatchObject({ status: 206, bytes: brotli.bytes.subarray(0, 4) });
    const out = await get('/assets/plain.txt', { 'accept-encoding': 'br' });
    expect(out.body).toBe('not compressed, since what is leads out\n');
    expect(out.headers['content-encoding']).toBeUndefined();
  });

  it('sends the index of a directory, and the path with a slash where there is one', async () => {
    expect((await get('/assets/')).body).toBe('home\n');
    expect((await get('/assets/sub/')).body).toBe('sub\n');
    expect(await get('/assets?a=b')).toMatchObject({ status: 301, headers: { location: './assets/?a=b' } });
    expect(await get('/assets/sub')).toMatchObject({ status: 301, headers: { location: './sub/' } });
    for (const path of ['/assets/bare', '/assets/bare/']) expect((await get(path)).status).toBe(404);
  });

  it.each([
    '/assets/none.txt',
    '/assets/.env',
    '/assets/.git/config',
    '/assets/visible.txt',
    '/assets/out.txt',
    '/assets/zero',
    '/assets/fifo',
    '/assets/loop',
    '/assets/letters.txt/',
    '/assets//letters.txt',
    '/assets/../outside.txt',
    '/assets/%2e%2e/outside.txt',
    '/assets/..%2foutside.txt',
    '/assets/%252e%252e/outside.txt',
    '/assets/sub%2findex.html',
    '/assets/sub%5cindex.html',
    '/assets/letters.txt%00',
    '/assets/%',
    '/assets/%ff',
    `/assets/${'x'.repeat(300)}`,
  ])('has nothing at %s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, body: 'Not Found\n' });
  });

  it('takes GET and HEAD only, the longest path first, and leaves the rest to the application', async () => {
    expect(await get('/assets/letters.txt', {}, 'POST')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    expect((await get('/assets/deep/inner.txt')).body).toBe('from deeper\n');
    expect((await get('/assetsx')).body).toBe('own body of /assetsx');
  });

  it('has its files in the access log', async () => {
    await get('/assets/letters.txt?logged', { range: 'bytes=0-9' });
    const line = '"GET /assets/letters.txt?logged HTTP/1.1" 206 10 ';
    await server?.().waitFor(() => server().stdout.includes(line), 'the access log');
  });

  it('sends the files that the application names, with its headers and without its body', async () => {
    const report = encodeURIComponent(at('private/report.txt'));
    const own = await get(`/?X-Sendfile=${report}&Cache-Control=private&Content-Disposition=attachment`);
    expect(own).toMatchObject({
      status: 200,
      body: 'a report\n',
      headers: {
        'cache-control': 'private',
        'content-disposition': 'attachment',
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '9',
      },
    });
    expect(own.headers).not.toHaveProperty('x-sendfile');
    const part = await get(`/?X-Sendfile=${report}`, { range: 'bytes=2-4' });
    expect(part).toMatchObject({ status: 206, body: 'rep' });
    const late = await get(`/late?X-Sendfile=${report}`, { range: 'bytes=2-4' });
    expect(late).toMatchObject({ status: 206, body: 'rep' });
    const again = await get(`/?X-Sendfile=${report}`, { 'if-none-match': own.headers.etag ?? '' });
    expect(again).toMatchObject({ status: 304, body: '' });
    expect(await get(`/head?file=${report}`)).toMatchObject({
      body: 'a report\n',
      headers: { 'x-own': '1' },
    });
    expect(await get(`/refused?X-Sendfile=${report}`)).toMatchObject({ status: 403, body: 'a report\n' });
    expect((await get('/?X-Accel-Redirect=/internal/.hidden')).body).toBe('a dotfile\n');
    expect(await get(`/fetch?file=${report}`)).toMatchObject({
      body: 'a report\n',
      headers: { 'set-cookie': ['a=b'] },
    });
    const letter = encodeURIComponent(Buffer.from(at('private/žluť.txt')).toString('latin1'));
    expect((await get(`/?X-Sendfile=${letter}`)).body).toBe('a letter\n');
    const internal = encodeURIComponent(Buffer.from('/internal/žluť.txt').toString('latin1'));
    expect((await get(`/?X-Accel-Redirect=${internal}`)).body).toBe('a letter\n');
    expect(await get('/gateway?report.txt')).toMatchObject({
      body: 'a report\n',
      headers: { 'set-cookie': ['a=b', 'c=d'] },
    });
  });

  it('sends no file that it may not name, says so, and keeps its path from the client', async () => {
    const statusOf = async (query: string) => {
      const { status, headers, body } = await get(`/?${query}`);
      expect(`${JSON.stringify(headers)} ${body}`).not.toContain(cwd);
      return status;
    };
    expect(await statusOf(`X-Sendfile=${at('outside.txt')}`)).toBe(500);
    expect(await statusOf(`X-Sendfile=${at('private/out.txt')}`)).toBe(500);
    expect(await statusOf(`X-Sendfile=${at('private/../outside.txt')}`)).toBe(500);
    expect(await statusOf('X-Sendfile=report.txt')).toBe(500);
    expect(await statusOf(`X-Sendfile=${at('private/none.txt')}`)).toBe(404);
    expect(await statusOf('X-Accel-Redirect=/internal/..%252foutside.txt')).toBe(500);
    expect(await statusOf('X-Accel-Redirect=/other/report.txt')).toBe(500);
    expect(server?.().stderr).toMatch(
      /WARNING.*GET \/: \/.*\/outside\.txt is not sent: it is in no directory of --sendfile-root/,
    );
  });

  it('answers what is pipelined behind a file, where its class keeps connections', async () => {
    const wire = await wireTo(Number(new URL(server?.().at ?? '').port));
    const head = 'HTTP/1.1\r\nHost: x\r\n\r\n';
    wire.write(`GET /assets/large.txt ${head}GET /assets/sub/ ${head}`);
    await wire.until(name === 'sync' ? /tsunicorn $/ : /tsunicorn HTTP\/1\.1 200 OK.*sub\n$/s);
  });
});

it('lets the application answer what is no file, where that is asked for', async () => {
  const files = ['--static', '/=public', '--static-fallthrough', '--static-max-age', '60'];
  const running = await serve([...files, `${fixture('app.mjs')}:app`], { cwd });
  const get = async (path: string, method = 'GET') => {
    const { status, headers, bytes } = await askBytes({ url: running.at, path, method });
    return { status, headers, body: bytes.toString() };
  };
  expect(await get('/')).toMatchObject({
    body: 'home\n',
    headers: { 'cache-control': 'public, max-age=60' },
  });
  expect((await get('/none')).body).toBe('own body of /none');
  expect((await get('/.env')).body).toBe('own body of /.env');
  expect((await get('/letters.txt', 'POST')).body).toBe('own body of /letters.txt');
});

it.each(classes)('serves files without an application in class %s', async (name) => {
  const running = await serve(['-k', name, '--static', '/=public'], { cwd });
  const [home, none] = await Promise.all(['/', '/none'].map((path) => askBytes({ url: running.at, path })));
  expect(home?.bytes.toString()).toBe('home\n');
  expect(none?.status).toBe(404);
});

describe('a directory', () => {
  const hello = join(root, 'examples/hello.ts:app');
  const directory = () =>
    temporaryDirectory({ file: '', 'tsunicorn.config.json': '{"static": {"/a": "no"}}' });

  it.each([
    [['--static', '/a=no'], /^--static: \/a=\/.*\/no: no such directory; create it, or name another$/],
    [['--static', '/a=file'], /^--static: \/a=\/.*\/file: it is no directory; create/],
    [[], /^tsunicorn\.config\.json: static: \/a=\/.*\/no: no such directory; create/],
    [['--sendfile-root', 'no'], /^--sendfile-root: \/.*\/no: no such directory; create/],
    [['--accel-redirect', '/a=no'], /^--accel-redirect: \/a=\/.*\/no: no such directory; create/],
    [['--static', '/=.'], /^--static: \/=\/.* takes every request, .*; add --static-fallthrough, or/],
    [['--static', 'public'], /^--static: expected \/path=directory, such as \/assets=public, got "public"/],
  ])('that %j name is refused', async (args, line) => {
    const own = args.length === 0 ? [] : ['-c', 'empty.json'];
    const where = directory();
    writeFileSync(join(where, 'empty.json'), '{}');
    expect(await refusal([hello, '-b', '127.0.0.1:0', ...own, ...args], { cwd: where })).toMatch(line);
  });
});
