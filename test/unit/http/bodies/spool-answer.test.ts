import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { spoolAnswer } from '../../../../src/http/bodies/spool-answer.ts';
import { bodyStore } from '../../../support/body-store.ts';
import { get, startEngine } from '../../../support/http-engine.ts';

/** More than the kernel and the memory of an answer hold. */
const SIZE = 13_000_000;

/** A handler whose client reads nothing until `read` is called, which resolves with the body that came. */
async function answering(act: (response: ServerResponse) => Promise<void>, fileBytes = Infinity) {
  const done = Promise.withResolvers<ServerResponse>();
  const engine = await startEngine({
    keepAliveMs: 0,
    handler: (_, response) => {
      spoolAnswer(response, bodyStore({ fileBytes }));
      act(response).then(() => done.resolve(response), done.reject);
    },
  });
  const wire = await engine.send(get());
  wire.socket.pause();
  return {
    done: done.promise,
    read: async () => {
      wire.socket.resume();
      const text = await wire.ended;
      return text.slice(text.indexOf('\r\n\r\n') + 4);
    },
  };
}

const letter = (at: number) => String.fromCharCode(97 + (at % 26));

it('lets a handler end its answer before its client has read it', async () => {
  const { done, read } = await answering(async (response) => {
    response.setHeader('Content-Length', SIZE);
    for (let at = 0; at < SIZE / 10_000; at++) {
      const part = letter(at).repeat(10_000);
      // In every form that there is.
      const takesMore = at % 2 === 0 ? response.write(part, 'latin1') : response.write(Buffer.from(part));
      if (!takesMore) await once(response, 'drain');
    }
    response.end();
  });
  const response = await done;
  expect(response).toMatchObject({ writableEnded: true, writableFinished: false });
  const body = await read();
  expect(body.length).toBe(SIZE);
  for (let at = 0; at < SIZE / 10_000; at++) expect(body[at * 10_000 + 9999]).toBe(letter(at));
  expect(response).toMatchObject({ writableEnded: true, writableFinished: true });
});

it.each([
  ['there is room', Infinity],
  ['there is little room', 1_000_000],
])('takes what is piped into it where %s', async (_, fileBytes) => {
  const parts = Array.from({ length: 200 }, (_, at) => Buffer.alloc(65_536, letter(at)));
  const { done, read } = await answering((response) => pipeline(Readable.from(parts), response), fileBytes);
  // A pipeline resolves when its client has all.
  const body = await read();
  expect(body.length).toBeGreaterThan(200 * 65_536);
  await done;
});

it('is as before for a client that reads', async () => {
  const { done, read } = await answering(async (response) => {
    const written = new Promise((resolve) => response.write('one ', resolve));
    await written;
    await new Promise<void>((ended) => response.end('two', ended));
    await expect(new Promise((resolve) => response.end(resolve))).resolves.toMatchObject({
      code: 'ERR_STREAM_ALREADY_FINISHED',
    });
  });
  const body = read();
  await done;
  expect((await body).replace(/\r\n/g, ' ')).toBe('4 one  3 two 0  ');
});
