import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { askHttp2, connectHttp2 } from '../support/http2-client.ts';
import { frame, literals } from '../support/http2-frames.ts';
import { root, serve } from '../support/tsunicorn.ts';

const fixture = (name: string) => join(root, 'test/fixtures/http2', name);

// RFC 9113: 3.4 and 6
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HEADERS = 1;
const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const END_HEADERS = 4;
const LARGEST = Buffer.from([0x7f, 0xff, 0xff, 0xff]);

const POST = literals([':method', 'POST'], [':scheme', 'http'], [':path', '/'], [':authority', 'x']);

/** Asks for a large answer, reads little of it, and goes in the middle of its trailers. */
async function leaveInTrailers(port: number): Promise<void> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {});
  const window = Buffer.concat([Buffer.from([0, 4]), LARGEST]);
  socket.write(PREFACE);
  socket.write(frame(SETTINGS, 0, 0, window));
  socket.write(frame(WINDOW_UPDATE, 0, 0, Buffer.from([0x7f, 0, 0, 0])));
  socket.write(frame(HEADERS, END_HEADERS, 1, POST));
  while (socket.bytesRead < 100_000) await once(socket, 'data');
  socket.pause();
  const trailers = frame(
    HEADERS,
    END_STREAM,
    1,
    literals(['x-a', 'b'.repeat(100)], ['x-c', 'd'.repeat(100)]),
  );
  await new Promise((written) => socket.write(trailers, written));
  socket.destroy();
}

it.each([
  ['an application', ['--http2-cleartext', `${fixture('collects.mjs')}:app`]],
  ['a program', [fixture('collects-program.mjs')]],
])('%s outlives clients that go in the middle of their trailers', async (_, args) => {
  const running = await serve(['-w', '1', ...args]);
  const before = running.workers();
  const session = connectHttp2(running.at);
  const collected = () => askHttp2(session, '/collect');
  const { body: pid } = await collected();
  for (let times = 0; times < 10; times++) {
    await leaveInTrailers(Number(new URL(running.at).port));
    expect(await collected()).toEqual({ status: 200, body: pid, code: 0 });
  }
  expect(running.workers()).toEqual(before);
});
