import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask, askBytes } from '../support/http-client.ts';
import { root, serve } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const app = join(root, 'test/fixtures/apps/slow-readers.ts:app');
const CLASSES = [
  ['sync', []],
  ['thread', ['--threads', '1']],
] as const;
/** What is sent behind the last chunk of a body, by path. */
const RESTS: Readonly<Record<string, string>> = { '/ended': '', '/small-writes': 'X-Sum: 7\r\n\r\n' };
const LARGE = 20 * 1024 ** 2;
const get = (path: string, connection = 'keep-alive') =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\n\r\n`;

/** The body of an answer as it came, and what stands behind its last chunk. */
function bodyOf(text: string): { readonly body: string; readonly rest: string } {
  let at = text.indexOf('\r\n\r\n') + 4;
  if (/^content-length/im.test(text.slice(0, at))) return { body: text.slice(at), rest: '' };
  for (const parts: string[] = []; ; ) {
    const from = text.indexOf('\r\n', at) + 2;
    const size = Number.parseInt(text.slice(at, from), 16);
    if (!(size > 0)) return { body: parts.join(''), rest: text.slice(from) };
    parts.push(text.slice(from, from + size));
    at = from + size + 2;
  }
}

describe.each(CLASSES)('in class %s', (name, args) => {
  const start = async () => {
    const running = await serve(['-k', name, ...args, '-w', '1', '-b', 'unix:app.sock', app], {
      files: {},
    });
    const path = join(running.cwd, 'app.sock');
    return { path, url: `unix:${path}`, running };
  };
  /** A client that reads nothing until it is resumed. */
  const unread = async (path: string, text: string) => {
    const wire = await wireTo(path);
    wire.socket.pause();
    wire.write(text);
    return wire;
  };

  it.each([
    ['is ended at once', '/ended', LARGE] as const,
    ['is ended twice', '/ended-twice', LARGE + 3] as const,
    // The socket of class sync has room for 64 KB, as that of plain Node.
    ...(name === 'sync' ? [] : [['is piped', '/piped', 900 * 1024] as const]),
    ['is written in many small parts', '/small-writes', 4_000_000] as const,
  ])(
    'an answer that %s holds nobody up while its client reads nothing, and comes whole',
    async (_how, path, length) => {
      const { path: socket, url } = await start();
      const wires = [];
      for (let count = 0; count < 3; count++) wires.push(await unread(socket, get(path, 'close')));
      for (let asked = 0; asked < 3; asked++) expect((await ask({ url })).body).toBe('hello');
      const expected = (await ask({ url, path })).body;
      expect(expected.length).toBe(length);
      for (const wire of wires) {
        wire.socket.resume();
        const { body, rest } = bodyOf(await wire.ended);
        // Not toBe(), which would print them.
        expect([body.length, body === expected]).toEqual([length, true]);
        expect(rest).toBe(RESTS[path] ?? '\r\n');
      }
    },
  );

  it.skipIf(name === 'sync')('what is pipelined behind a large answer comes behind it', async () => {
    const { path, url } = await start();
    const wire = await unread(
      path,
      `${get('/ended')}${get('/')}${get('/ended', 'close').replace('GET', 'HEAD')}`,
    );
    expect((await ask({ url })).body).toBe('hello');
    wire.socket.resume();
    const text = await wire.ended;
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
    expect(text.slice(text.indexOf('\r\n\r\n') + 4 + LARGE)).toMatch(
      /^HTTP(?:.+\r\n)+\r\nhelloHTTP(?:.+\r\n)+\r\n$/,
    );
  });

  it('a client that leaves in the middle costs nobody else anything', async () => {
    const { path, url, running } = await start();
    for (let count = 0; count < 5; count++) {
      const wire = await unread(path, get('/ended'));
      expect((await ask({ url })).body).toBe('hello');
      wire.socket.destroy();
    }
    expect((await askBytes({ url, path: '/ended' })).bytes.length).toBe(LARGE);
    expect(running.stderr).not.toMatch(/ERROR|exited/);
  });
});
