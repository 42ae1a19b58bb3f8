import { expect } from 'vitest';
import { BINARY, largeBody } from '../../fixtures/conformance/material.ts';
import { peakBytes, startPeak } from '../memory.ts';
import { type Cases, hashOf, latch, type Target } from './target.ts';

const PART = Buffer.alloc(64 * 1024);
const FIVE_MEGABYTES = [...largeBody()].slice(0, 80);

/** Sends parts to `path`, which answers with what it reads. */
async function echoes(target: Target, path: string, parts: readonly Uint8Array[], length?: number) {
  const headers: Record<string, string> = length === undefined ? {} : { 'Content-Length': `${length}` };
  const { status, bytes } = await target.askBytes(path, { method: 'POST', body: parts, headers });
  expect({ status, hash: hashOf([bytes]) }).toEqual({ status: 200, hash: hashOf(parts) });
}

const chunked = (path: string, ...chunks: readonly string[]) =>
  [
    `POST ${path} HTTP/1.1\r\nHost: wire.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ...chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`),
  ].join('');

/** Bodies of requests and of answers, whole, in pieces, large. */
export const bodies: Cases = {
  'gives back every byte that there is': async (target) => {
    expect((await target.askBytes('/binary')).bytes).toEqual(Buffer.from(BINARY));
    await echoes(target, '/echo', [BINARY], BINARY.length);
    await echoes(target, '/whole', [BINARY], BINARY.length);
  },
  'takes a request without a body, with an empty one and with an empty chunked one': async (target) => {
    for (const path of ['/echo', '/whole']) {
      expect(await target.ask(path, { method: 'POST' })).toMatchObject({ status: 200, body: '' });
      await echoes(target, path, [], 0);
      expect(await (await target.wire(chunked(path, ''))).ended).toMatch(/^HTTP\/1\.1 200 /);
    }
  },
  'takes a body in chunks': async (target) => {
    await echoes(target, '/echo', [Buffer.from('one'), Buffer.from('two')]);
    const wire = await target.wire(chunked('/whole', 'spread ', 'over '));
    wire.write('6;extension=1\r\nchunks\r\n0\r\nX-Sum: x\r\n\r\n');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nspread over chunks$/);
  },
  'gives 5 MB back, streamed, of a known length': (target) =>
    echoes(target, '/echo', FIVE_MEGABYTES, 80 * 64 * 1024),
  'gives 5 MB back, read whole, of an unknown length': (target) => echoes(target, '/whole', FIVE_MEGABYTES),
  'sends a stream of 10 MB intact': async (target) => {
    const { status, bytes } = await target.askBytes('/large');
    expect({ status, size: bytes.length, hash: hashOf([bytes]) }).toEqual({
      status: 200,
      size: 160 * 64 * 1024,
      hash: hashOf(largeBody()),
    });
  },
  'sends a piece of an answer before the next is made': async (target) => {
    const { query, release } = latch();
    const wire = await target.wire(`GET /pieces?${query} HTTP/1.1\r\nHost: wire.test\r\n\r\n`);
    expect(await wire.until(/first\n/)).not.toMatch(/second/);
    release();
    expect(await wire.until(/0\r\n\r\n$/)).toMatch(/first\n[\s\S]*second\n/);
  },
  'asks a client that expects it to go on with its body': async (target) => {
    const head = 'POST /whole HTTP/1.1\r\nHost: wire.test\r\nContent-Length: 5\r\n';
    const wire = await target.wire(`${head}Expect: 100-continue\r\nConnection: close\r\n\r\n`);
    expect(await wire.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    wire.write('hello');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*hello$/);
  },
  'begins to answer before the body has ended, where the class runs it then': async (target) => {
    const wire = await target.wire(chunked('/echo', 'ping'));
    if (target.traits.runsBeforeBody) await wire.until(/ping/);
    else {
      // Other requests are served meanwhile.
      expect((await target.ask('/')).status).toBe(200);
      expect(wire.text).toBe('');
    }
    wire.write('4\r\npong\r\n0\r\n\r\n');
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*ping[\s\S]*pong/);
  },
  'answers although the application does not read the body': async (target) => {
    const body = FIVE_MEGABYTES.slice(0, 10);
    const answer = target.ask('/unread', { method: 'POST', body });
    expect(await answer).toMatchObject({ status: 200, body: 'not read\n' });
  },
  'keeps little of a body of 20 MB until the application asks for it': async (target) => {
    const { query, release } = latch();
    const { pid } = target;
    const before = startPeak(pid);
    const wire = await target.wire(
      `POST /late?${query} HTTP/1.1\r\nHost: wire.test\r\nContent-Length: ${320 * PART.length}\r\n\r\n`,
    );
    for (let sent = 0; sent < 320; sent++) wire.socket.write(PART);
    await settled(() => wire.socket.writableLength);
    // What goes into a file has been in a buffer, which is collected later.
    const megabytes = target.traits.runsBeforeBody ? 15 : 40;
    expect(peakBytes(pid) - before).toBeLessThan(megabytes * 1024 ** 2);
    release();
    expect(await wire.until(new RegExp(`${320 * PART.length}`))).toMatch(/^HTTP\/1\.1 200 /);
  },
};

/** Resolves once `look` has said the same for a while. */
async function settled(look: () => number): Promise<void> {
  for (let same = 0, last = look(); same < 5; ) {
    await new Promise((again) => setTimeout(again, 10));
    const now = look();
    same = now === last ? same + 1 : 0;
    last = now;
  }
}
