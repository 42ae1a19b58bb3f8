import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { AnswerSpool } from '../../../../src/http/bodies/answer-spool.ts';
import type { StoreOptions } from '../../../../src/http/bodies/store.ts';
import { bodyStore } from '../../../support/body-store.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';
import { get, startEngine } from '../../../support/http-engine.ts';

const PART = 64 * 1024;
/** More than the kernel and the memory of an answer hold. */
const PARTS = 200;
const openFiles = () => readdirSync('/proc/self/fd').length;

const partOf = (at: number) => Buffer.alloc(PART, 97 + (at % 26));

/** An answer of PARTS parts to a client that reads nothing until `read` is called. */
async function answering(given: Partial<StoreOptions> = {}) {
  const log = new FakeLogger();
  const store = bodyStore({ log, ...given });
  const came = Promise.withResolvers<ServerResponse>();
  const engine = await startEngine({ handler: (_, response) => came.resolve(response) });
  const before = openFiles();
  const wire = await engine.send(get());
  wire.socket.pause();
  const response = await came.promise;
  response.writeHead(200, { 'Content-Length': PART * PARTS });
  const spool = new AnswerSpool(response, store);
  return {
    ...{ store, log, response, before, wire, spool },
    read: async () => {
      wire.socket.resume();
      while (wire.text.length < PART * PARTS) await once(wire.socket, 'data');
      return wire.text.slice(wire.text.indexOf('\r\n\r\n') + 4);
    },
  };
}

const whole = () => Buffer.concat(Array.from({ length: PARTS }, (_, at) => partOf(at))).toString();

it('takes an answer whose client reads nothing, and gives it in order once that reads', async () => {
  const { spool, store, response, before, read } = await answering();
  for (let at = 0; at < PARTS; at++) {
    const room = Promise.withResolvers<void>();
    // It may have to wait for the disk, and does not for the client.
    if (!spool.write(partOf(at), room.resolve)) await room.promise;
  }
  spool.end(() => void response.end());
  expect(response.writableEnded).toBe(false);
  expect(await read()).toBe(whole());
  await expect.poll(() => response.writableFinished).toBe(true);
  // Both ends of the connection.
  await expect.poll(openFiles).toBeLessThanOrEqual(before + 2);
  expect(store.memory.take(64 * 1024 ** 2)).toBe(true);
});

it.each([
  ['room for files', { fileBytes: 2_000_000 }, ''],
  ['room at all', { memoryBytes: 0, fileBytes: 0 }, ''],
  ['directory for files', {}, '/nowhere'],
])('waits for its client where there is no %s', async (_, given, directory) => {
  if (directory !== '') {
    const { TMPDIR } = process.env;
    process.env.TMPDIR = directory;
    onTestFinished(() => {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    });
  }
  const { spool, response, before, read, log } = await answering(given);
  let reading: Promise<string> | null = null;
  for (let at = 0; at < PARTS; at++) {
    const room = Promise.withResolvers<void>();
    if (spool.write(partOf(at), room.resolve)) continue;
    const isOfDisk = await Promise.race([
      room.promise.then(() => true),
      new Promise<boolean>((done) => setTimeout(done, 200, false)),
    ]);
    if (!isOfDisk) reading ??= read();
    await room.promise;
  }
  spool.end(() => void response.end());
  expect(await reading).toBe(whole());
  await expect.poll(openFiles).toBeLessThanOrEqual(before + 2);
  expect(log.lines.map(({ message }) => message)).toEqual(
    directory === ''
      ? []
      : [expect.stringMatching(/^GET \/: its answer, .* in \/nowhere \(TMPDIR\): ENOENT/)],
  );
});

it('returns what it has when its client leaves', async () => {
  const { spool, store, before, wire } = await answering({ fileBytes: 40_000_000 });
  for (let at = 0; at < PARTS; at++) {
    const room = Promise.withResolvers<void>();
    if (!spool.write(partOf(at), room.resolve)) await room.promise;
  }
  expect(store.takeForAnswer(20_000_000)).toBe(false);
  wire.socket.destroy();
  await expect.poll(openFiles).toBe(before);
  expect(store.takeForAnswer(20_000_000)).toBe(true);
  expect(spool.write(partOf(0), () => {})).toBe(true);
});
