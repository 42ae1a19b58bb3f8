import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  block,
  CODE,
  FLAG,
  frame,
  GET,
  PREFACE,
  RawClient,
  TYPE,
  uint32,
} from '../support/http2/raw-client.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';
import { root } from '../support/tsunicorn.ts';

const directory = sharedDirectory({
  'app.mjs': `export default (req, res) => {
    if (req.url === '/') res.end('hello');
  };`,
});
const servers = shareServers(
  [
    ['--http2-cleartext', '-b', '127.0.0.1:0', 'app.mjs'],
    ['-b', '127.0.0.1:0', join(root, 'test/fixtures/programs/http2.mjs')],
  ],
  { cwd: directory },
);

const get = (path: string) =>
  frame(
    TYPE.headers,
    FLAG.endHeaders | FLAG.endStream,
    1,
    block(...GET.map(([name, value]) => [name, name === ':path' ? path : value] as const)),
  );
const GO_AWAY = frame(TYPE.goAway, 0, 0, Buffer.concat([uint32(0), uint32(CODE.none)]));
/** RFC 9113, 6.1: DATA of stream 0 is an error of the connection. */
const BROKEN = frame(TYPE.data, FLAG.endStream, 0, Buffer.from('a'));

describe.each([
  ['an application', 0],
  ['a program', 1],
])('the session of %s ends', (_, index) => {
  const connect = () => new RawClient(Number(new URL(servers[index]?.().at ?? '').port));

  it.each(['/', '/hangs'])(
    'where its client breaks the protocol behind GOAWAY, in one packet, %s',
    async (path) => {
      const client = connect();
      client.send(
        Buffer.concat([Buffer.from(PREFACE), frame(TYPE.settings, 0, 0), get(path), GO_AWAY, BROKEN]),
      );
      expect(await client.until(({ isClosed }) => isClosed)).toBe(true);
      expect(client.faults()).toEqual([['connection', CODE.protocol]]);
    },
  );

  it('where it does so while it waits for an answer', async () => {
    const client = await connect().begin();
    client.send(get('/hangs'), GO_AWAY);
    await client.settled();
    client.send(BROKEN);
    expect(await client.until(({ isClosed }) => isClosed)).toBe(true);
    expect(client.faults()).toEqual([['connection', CODE.protocol]]);
  });

  it.each([
    ['breaks the protocol', [BROKEN]],
    ['resets it with an error', [frame(TYPE.reset, 0, 1, uint32(CODE.protocol))]],
  ])('and nothing else, where its client %s behind a request, in its first packet', async (_how, frames) => {
    const before = servers[index]?.().workers();
    const client = connect();
    client.send(
      Buffer.concat([Buffer.from(PREFACE), frame(TYPE.settings, 0, 0), get('/hangs'), ...frames, BROKEN]),
    );
    expect(await client.until(({ isClosed }) => isClosed)).toBe(true);
    const other = await connect().begin();
    other.send(get('/'));
    expect(await other.until(() => other.isAnswered(1))).toBe(true);
    expect(servers[index]?.().workers()).toEqual(before);
  });

  it('by itself where it says that it leaves, after the answer', async () => {
    const client = await connect().begin();
    client.send(get('/'), GO_AWAY);
    expect(await client.until(({ isClosed }) => isClosed)).toBe(true);
    expect(client.isAnswered(1)).toBe(true);
    expect(client.faults()).toEqual([['connection', null]]);
  });
});
