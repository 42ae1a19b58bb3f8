import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { linesIn, linesOf } from '../support/text.ts';
import { app, type Running, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const server = `export default (req, res) => {
  res.statusCode = Number(new URL(req.url, 'http://x').searchParams.get('status') ?? 200);
  res.setHeader('x-shelf', '7');
  res.end('twelve bytes');
};\n`;
const headers = {
  referer: 'http://shop.test/',
  'user-agent': 'test/1',
  authorization: `Basic ${btoa('ada:pw')}`,
};
const time = String.raw`\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`;

async function stop(running: Running): Promise<void> {
  running.signal('SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
}

/** The access log of a service that answers what `talk` asks. */
async function logged(args: readonly string[], talk: (url: string) => Promise<unknown>): Promise<string[]> {
  const running = await serve([...args, '--access-logfile', 'access.log', 'app.js'], {
    files: { 'app.js': server },
  });
  await talk(running.at);
  await stop(running);
  return linesIn(join(running.cwd, 'access.log'));
}

describe('--access-logfile', () => {
  it('has a line a request in the default format', async () => {
    const [full = '', sparse = '', ...more] = await logged([], async (url) => {
      await ask({ url, path: '/books?q=1', headers });
      await ask({ url, method: 'HEAD' });
    });
    expect(full).toMatch(
      new RegExp(
        `^127\\.0\\.0\\.1 - ada ${time} "GET /books\\?q=1 HTTP/1\\.1" 200 12 "http://shop\\.test/" "test/1"$`,
      ),
    );
    expect(sparse).toMatch(new RegExp(`^127\\.0\\.0\\.1 - - ${time} "HEAD / HTTP/1\\.1" 200 - "-" "-"$`));
    expect(more).toEqual([]);
  });

  it('has the combined format of Apache', async () => {
    const [line] = await logged(['--access-logformat', 'combined'], (url) =>
      ask({ url, path: '/a?status=404', headers }),
    );
    expect(line).toMatch(
      new RegExp(
        `^127\\.0\\.0\\.1 - ada ${time} "GET /a\\?status=404 HTTP/1\\.1" 404 12 "http://shop\\.test/" "test/1"$`,
      ),
    );
  });

  it('has JSON', async () => {
    const [line = ''] = await logged(['--access-logformat', 'json'], (url) =>
      ask({ url, path: '/a?q="\\"', method: 'POST', body: 'x', headers }),
    );
    expect(JSON.parse(line)).toMatchObject({
      remote: '127.0.0.1',
      method: 'POST',
      path: '/a',
      status: 200,
      bytes: 12,
      durationMs: expect.any(Number),
      referer: 'http://shop.test/',
      userAgent: 'test/1',
      user: 'ada',
    });
  });

  it('has the atoms that the operator chooses', async () => {
    const format =
      '%(m)s|%(U)s|%(q)s|%(H)s|%(s)s|%(B)s|%({x-id}i)s|%({x-shelf}o)s|%({SHOP}e)s|%({no}i)s|%(p)s|100%%|%(M)s|%(D)s|%(L)s|%(T)s';
    const [line = ''] = await logged(['-e', 'SHOP=books', '--access-logformat', format], (url) =>
      ask({ url, path: '/a?b=c', headers: { 'x-id': '42' } }),
    );
    expect(line).toMatch(
      /^GET\|\/a\|b=c\|HTTP\/1\.1\|200\|12\|42\|7\|books\|-\|<\d+>\|100%\|\d+\|\d+\|\d+\.\d{6}\|\d+$/,
    );
  });

  it('notes a Unix client as -', async () => {
    const cwd = temporaryDirectory({ 'app.js': server });
    const args = [
      '-b',
      'unix:app.sock',
      '--access-logfile',
      'access.log',
      '--access-logformat',
      '%(h)s %(s)s',
    ];
    const running = await serve([...args, 'app.js'], { cwd });
    await ask({ url: running.at });
    await stop(running);
    expect(linesIn(join(cwd, 'access.log'))).toEqual(['- 200']);
  });

  it('notes an IPv4 client of an IPv6 socket by its IPv4 address', async () => {
    const args = ['-b', '[::]:0', '--access-logfile', '-', '--access-logformat', '%(h)s %(s)s', 'app.js'];
    const running = await serve(args, { files: { 'app.js': server } });
    await ask({ url: `http://127.0.0.1:${new URL(running.at).port}` });
    await stop(running);
    expect(running.stdout).toBe('127.0.0.1 200\n');
  });

  it('cannot be made to hold a forged line', async () => {
    const lines = await logged([], async (url) => {
      const forged = '127.0.0.1 - - [21/Nov/2026:06:00:00 +0000] "GET /forged HTTP/1.1" 200 5 "-" "-"';
      for (const [path, agent] of [
        [`/"%0a${forged.replaceAll(' ', '%20')}`, 'a"\\b\tc\x85\xa0'],
        ['/a"\\', `x" ${forged}`],
      ])
        await sendRaw(
          url,
          `GET ${path} HTTP/1.1\r\nHost: x\r\nUser-Agent: ${agent}\r\nConnection: close\r\n\r\n`,
        );
      await ask({ url, path: '/last' });
    });
    expect(lines).toHaveLength(3);
    expect(lines.join('')).toMatch(/^[\x20-\x7e]+$/);
    const fields = /^127\.0\.0\.1 - - \[[^\]]+\] "(?:[^"\\]|\\.)*" (?:200 12|400 \d+) "-" "(?:[^"\\]|\\.)*"$/;
    expect(lines.filter((line) => !fields.test(line))).toEqual([]);
    expect(lines[2]).toContain('"GET /last HTTP/1.1"');
  });

  it('notes what a malformed request was answered with, or nothing, but never its text', async () => {
    const lines = await logged([], async (url) => {
      await sendRaw(url, 'GET /\x01\n forged HTTP/1.1\r\nHost: x\r\n\r\n');
      await ask({ url, path: '/last' });
    });
    expect(lines.join('')).toMatch(/^[\x20-\x7e]+$/);
    expect(lines.filter((line) => line.includes('forged'))).toEqual([]);
    expect(lines.at(-1)).toContain('"GET /last HTTP/1.1"');
  });
});

describe('nothing is lost at the end', () => {
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  const askAll = (url: string) => Promise.all(numbers.map((n) => ask({ url, path: `/${n}` })));
  const asked = numbers.map((n) => `GET /${n}`).sort();

  it.each([
    ['-w', '1'],
    ['-w', '3'],
  ])('in a file that the workers share (%s %s)', async (...workers) => {
    const lines = await logged([...workers, '--access-logformat', '%(m)s %(U)s'], askAll);
    expect(lines.toSorted()).toEqual(asked);
  });

  it('on stdout, which the workers share', async () => {
    const args = ['-w', '3', '--access-logfile', '-', '--access-logformat', '%(m)s %(U)s'];
    const running = await serve([...args, app('hello.ts:app', 'examples')]);
    await askAll(running.at);
    await stop(running);
    expect(linesOf(running.stdout).toSorted()).toEqual(asked);
  });

  it('when a worker is retired by a reload', async () => {
    const args = ['-w', '2', '--access-logfile', 'access.log', '--access-logformat', '%(m)s %(U)s'];
    const running = await serve([...args, 'app.js'], { files: { 'app.js': server } });
    const old = await running.waitForWorkers(2);
    await askAll(running.at);
    running.signal('SIGHUP');
    await running.waitFor(() => running.workers().every((pid) => !old.includes(pid)), 'the next generation');
    expect(linesIn(join(running.cwd, 'access.log')).toSorted()).toEqual(asked);
    await stop(running);
  });
});

it('a stdout that nobody reads any more does not harm the service', async () => {
  const running = await serve(['-w', '2', '--access-logfile', '-', app('hello.ts:app', 'examples')]);
  const before = await running.waitForWorkers(2);
  running.child.stdout?.destroy();
  for (let n = 0; n < 50; n++) expect((await ask({ url: running.at })).status).toBe(200);
  expect(running.workers()).toEqual(before);
  await stop(running);
});

async function sendRaw(url: string, text: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const client = net.connect(Number(port), hostname);
  client.end(Buffer.from(text, 'latin1'));
  client.resume();
  await once(client, 'close');
}
