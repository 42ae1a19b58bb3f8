import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CASES } from '../support/http2/cases.ts';
import { FLAG, frame, PREFACE, RawClient, TYPE } from '../support/http2/raw-client.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';

const directory = sharedDirectory({
  'app.mjs': `export default (req, res) => {
    req.on('end', () => res.end('hello world')).resume();
  };`,
});
// In class sync a connection ends with its first answer.
const CLASSES = ['async', 'thread'] as const;
const servers = shareServers(
  CLASSES.map((name) => [
    ...['-k', name, '--http2-cleartext', '-b', '127.0.0.1:0', 'app.mjs'],
    ...(name === 'thread' ? ['--threads', '1'] : []),
  ]),
  { cwd: directory },
);

/** What a server of node:http2 does not do as the RFC asks either. */
const FAILED_BY_NODE: readonly string[] = [
  '5.1: DATA behind RST_STREAM',
  '5.1: HEADERS behind RST_STREAM',
  '5.1: DATA of a stream that has closed',
  '5.1: HEADERS of a stream that has closed',
  '5.1.1: a stream with a lower number than the one before',
  '5.3.1: PRIORITY of a stream that depends on itself',
  '6.3: PRIORITY of stream 0',
  '6.7: PING with ACK is not answered',
  '8.1.1: another length than content-length, in one part',
  '8.1.1: another length than content-length, in several parts',
];

/** The names of the cases that a server fails. */
async function failedBy(port: number): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { name, holds, settings } of CASES) {
    const client = await new RawClient(port).begin(settings);
    if (!(await holds(client))) failed.push(name);
    client.end();
  }
  return failed;
}

async function bareServer(): Promise<number> {
  const server = http2.createServer((req, res) => {
    req.on('end', () => res.end('hello world')).resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('what RFC 9113 and RFC 7541 ask of a server, frame by frame', () => {
  it('names what node:http2 itself fails', async () => {
    expect(await failedBy(await bareServer())).toEqual(FAILED_BY_NODE);
  });

  it.each(CLASSES)('class %s fails nothing else', async (name) => {
    const port = Number(new URL(servers[CLASSES.indexOf(name)]?.().at ?? '').port);
    const failed = await failedBy(port);
    expect(failed.filter((one) => !FAILED_BY_NODE.includes(one))).toEqual([]);
  });

  it('a connection that begins with another preface is no connection of HTTP/2', async () => {
    const port = Number(new URL(servers[0]?.().at ?? '').port);
    const client = new RawClient(port).send(PREFACE.replace('SM', 'XX'), frame(TYPE.settings, 0, 0));
    await client.until(({ isClosed }) => isClosed);
    expect(client.got.filter(({ type, flags }) => type === TYPE.settings && flags === FLAG.ack)).toEqual([]);
  });
});
