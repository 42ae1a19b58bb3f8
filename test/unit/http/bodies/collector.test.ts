import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { BodyCollector } from '../../../../src/http/bodies/collector.ts';
import { NO_LIMITS } from '../../../../src/http/edge/limits.ts';
import { bodyStore } from '../../../support/body-store.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';
import { startEngine } from '../../../support/http-engine.ts';

const openFiles = () => readdirSync('/proc/self/fd').length;

/** An engine whose handler gets its request when the body has arrived; `begun` counts those. */
async function collecting(memoryBytes: number, sharedBytes = 1e9, fileBytes = Infinity) {
  const seen = { begun: 0 };
  const log = new FakeLogger();
  const store = bodyStore({ memoryBytes: sharedBytes, fileBytes, log });
  const bodies = new BodyCollector({ memoryBytes, store });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    seen.begun++;
    let sum = 0;
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      for (const byte of part) sum = (sum * 31 + byte) | 0;
      if (bytes % 3 > 0) return;
      request.pause();
      setImmediate(() => request.resume());
    });
    await once(request, 'end');
    response.end(`${bytes} ${sum} ${request.trailers['x-sum'] ?? ''};`);
  };
  const engine = await startEngine({
    limits: { ...NO_LIMITS, body: 10_000_000 },
    handler: (request, response) => bodies.collect(request, response, () => void answer(request, response)),
  });
  return { engine, seen, log };
}

const sumOf = (bytes: Buffer) => bytes.reduce((sum, byte) => (sum * 31 + byte) | 0, 0);

it.each([
  [0, 1000],
  [10, 1000],
  [5000, 1000],
  [3_000_000, 1000],
  [3_000_000, 1e9],
  [3_000_000, 1e9, 1e6],
])(
  'gives a body of %d bytes as it came, of which %d stay in memory',
  async (length, memoryBytes, shared?: number) => {
    const body = Buffer.from(Array.from({ length }, (_, at) => at % 251));
    const before = openFiles();
    const { engine } = await collecting(memoryBytes, shared);
    const head = 'POST / HTTP/1.1\r\nHost: x\r\n';
    const wire = await engine.send(`${head}Content-Length: ${length}\r\n\r\n`);
    wire.socket.write(body);
    await wire.until(new RegExp(`${length} ${sumOf(body)} ;`));
    wire.socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    for (let at = 0; at < length; at += 1000) {
      const part = body.subarray(at, at + 1000);
      wire.socket.write(`${part.length.toString(16)}\r\n`);
      wire.socket.write(part);
      wire.socket.write('\r\n');
    }
    wire.socket.write('0\r\nX-Sum: 7\r\n\r\n');
    await wire.until(new RegExp(`${length} ${sumOf(body)} 7;`));
    wire.socket.destroy();
    await wire.ended;
    await expect.poll(() => engine.connections.size).toBe(0);
    // That of the server is left.
    await expect.poll(openFiles).toBeLessThanOrEqual(before + 1);
  },
);

it('does not begin before the last byte, and never where the client leaves or is refused', async () => {
  const { engine, seen, log } = await collecting(1000);
  const leaves = await engine.send(
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${'a'.repeat(99_999)}`,
  );
  const refused = await engine.send(
    `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n${'a'.repeat(10_000)}\r\n`,
  );
  await expect.poll(() => engine.connections.requests().length).toBe(2);
  leaves.socket.destroy();
  refused.write('0\r\nHost: y\r\n\r\n');
  expect(await refused.ended).toMatch(/^HTTP\/1\.1 400 /);
  await expect.poll(() => engine.connections.size).toBe(0);
  expect(seen.begun).toBe(0);
  expect(log.lines).toEqual([]);
});

it.each([
  ['in memory', 10],
  ['in a file', 200_000],
])('answers a request whose body is %s although what is behind it is refused', async (_, length) => {
  const { engine, seen } = await collecting(1000);
  const head = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`;
  const wire = await engine.send(`${head}${'a'.repeat(length)}GET / HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(await wire.ended).toMatch(new RegExp(`^HTTP/1\\.1 200 .*\r\n${length} -?\\d+ ;`, 's'));
  const other = await engine.send(
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${'a'.repeat(length)}no HTTP\r\n\r\n`,
  );
  expect(await other.ended).toMatch(/^HTTP\/1\.1 200 .*HTTP\/1\.1 400 /s);
  expect(seen.begun).toBe(2);
});

it.each([
  ['whole and small', 10],
  ['larger than what is read ahead', 300_000],
  ['empty', 0],
])(
  'answers requests that waited behind another on their connection, with a body that is %s',
  async (_, length) => {
    const { engine } = await collecting(1000);
    const body = 'abcdefg'.repeat(length).slice(0, length);
    const sum = sumOf(Buffer.from(body));
    const fixed = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;
    const chunk = length === 0 ? '' : `${length.toString(16)}\r\n${body}\r\n`;
    const chunked = `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\nX-Sum: 7\r\n\r\n`;
    const wire = await engine.send(fixed + chunked + fixed + chunked);
    await wire.until(new RegExp(`(?:${length} ${sum} ;.*${length} ${sum} 7;.*){2}`, 's'));
  },
);

it.each([
  ['has begun to read it', true],
  ['has not', false],
])('gives the rest of a body in a file to a handler that has answered and %s', async (_, begins) => {
  const bodies = new BodyCollector({ memoryBytes: 1000, store: bodyStore() });
  const before = openFiles();
  let bytes = 0;
  const engine = await startEngine({
    handler: (request, response) =>
      bodies.collect(request, response, () => {
        const read = () => {
          request.on('data', (part: Buffer) => {
            bytes += part.length;
            request.pause();
            setImmediate(() => request.resume());
          });
        };
        if (begins) read();
        response.end('early');
      }),
  });
  const wire = await engine.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n`);
  wire.socket.write(Buffer.alloc(2_000_000));
  await wire.until(/early/);
  // Those of the connection and of the server are left.
  await expect.poll(openFiles).toBe(before + 3);
  expect(bytes).toBe(begins ? 2_000_000 : 0);
});

it('tells a handler that still reads the body behind its answer when the connection ends', async () => {
  const bodies = new BodyCollector({ memoryBytes: 1000, store: bodyStore() });
  const ended = Promise.withResolvers<string>();
  const engine = await startEngine({
    handler: (request, response) =>
      bodies.collect(request, response, () => {
        request.once('readable', () => response.end('early'));
        request.once('aborted', () => ended.resolve('aborted'));
        request.once('end', () => ended.resolve('end'));
      }),
  });
  const before = openFiles();
  const wire = await engine.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n`);
  wire.socket.write(Buffer.alloc(2_000_000));
  await wire.until(/early/);
  wire.socket.destroy();
  expect(await ended.promise).toBe('aborted');
  await expect.poll(openFiles).toBe(before);
});

it('writes bodies to files sooner where others have the memory, and returns what they had', async () => {
  const { engine } = await collecting(200_000, 200_000);
  const before = openFiles();
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 150001\r\n\r\n';
  for (let round = 0; round < 2; round++) {
    const first = await engine.send(head + 'a'.repeat(150_000));
    await expect.poll(() => engine.connections.requests().length).toBe(1);
    const second = await engine.send(head + 'a'.repeat(150_000));
    // Two connections with their sockets here, the server, and one file.
    await expect.poll(openFiles).toBe(before + 5);
    for (const wire of [first, second]) {
      wire.write('a');
      await wire.until(/150001 -?\d+ ;/);
      wire.socket.destroy();
    }
    await expect.poll(() => engine.connections.size).toBe(0);
  }
});

it('answers 503 where no file can be written, says so in one line, and goes on', async () => {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = '/nowhere';
  try {
    const { engine, seen, log } = await collecting(1000);
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ';
    const large = await engine.send(`${head}200000\r\n\r\n${'a'.repeat(150_000)}`);
    expect(await large.until(/Unavailable/)).toMatch(/^HTTP\/1\.1 503 /);
    const small = await engine.send(`${head}2\r\n\r\naa`);
    await small.until(/2 3104 ;/);
    expect(seen.begun).toBe(1);
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      expect.stringMatching(/^warning POST \/: its body, .* in \/nowhere \(TMPDIR\): ENOENT/),
    ]);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
});

it('answers 503 where the files of all bodies have no room left, until one of them is gone', async () => {
  const { engine, seen, log } = await collecting(1000, 1e9, 300_000);
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200001\r\n\r\n';
  const first = await engine.send(head + 'a'.repeat(200_000));
  await expect.poll(() => engine.connections.requests().length).toBe(1);
  const second = await engine.send(head + 'a'.repeat(200_001));
  expect(await second.until(/Unavailable/)).toMatch(/^HTTP\/1\.1 503 .*\r\nretry-after: 1\r\n/is);
  expect(log.lines.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^POST \/: its body, .* the 300000 bytes that --body-files allows/),
  ]);
  first.write('a');
  await first.until(/200001 -?\d+ ;/);
  const third = await engine.send(head + 'a'.repeat(200_001));
  await third.until(/200001 -?\d+ ;/);
  expect(seen.begun).toBe(2);
});
