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
const RESET = 3;
const SETTINGS = 4;
const GO_AWAY = 7;
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

/** Has exchanged SETTINGS. */
async function connectRaw(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {});
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]));
  await once(socket, 'data');
  return socket.resume();
}

const get = (path: string, ...fields: readonly (readonly [string, string])[]) =>
  frame(
    HEADERS,
    END_HEADERS | END_STREAM,
    1,
    literals([':method', 'GET'], [':scheme', 'http'], [':path', path], [':authority', 'x'], ...fields),
  );

/** A request without a fault in its head is one that the application is told of. */
const REFUSED = get('/', ['x-a', 'b'.repeat(100)], ['connection', 'close']);
const LEAVING = frame(GO_AWAY, 0, 0, Buffer.alloc(8));
const LEAVINGS: readonly (readonly [string, readonly Buffer[]])[] = [
  ['say that they leave behind a request that is refused', [REFUSED, LEAVING]],
  ['reset such a request and leave', [REFUSED, frame(RESET, 0, 1, Buffer.alloc(4, 1)), LEAVING]],
];

const KINDS: readonly (readonly [string, readonly string[]])[] = [
  ['an application', ['--http2-cleartext', `${fixture('collects.mjs')}:app`]],
  ['a program', [fixture('collects-program.mjs')]],
];

it.each(KINDS.flatMap(([kind, args]) => LEAVINGS.map(([how, frames]) => [kind, how, args, frames] as const)))(
  '%s outlives clients that %s',
  async (_kind, _how, args, frames) => {
    const running = await serve(['-w', '1', ...args]);
    const before = running.workers();
    const port = Number(new URL(running.at).port);
    for (let times = 0; times < 5; times++) {
      const clients = await Promise.all([connectRaw(port), connectRaw(port), connectRaw(port)]);
      const [busy, leaving, collecting] = clients;
      // What comes while the worker is busy is read in one go, and garbage is collected before anything else happens.
      busy.write(get('/busy'));
      leaving.write(Buffer.concat(frames));
      collecting.write(get('/collect'));
      await Promise.race([once(collecting, 'data'), once(collecting, 'close')]);
      for (const client of clients) client.destroy();
    }
    const { body: pid } = await askHttp2(connectHttp2(running.at), '/collect');
    expect(pid).toBe(String(before[0]));
    expect(running.workers()).toEqual(before);
  },
);

it.each(KINDS)('%s outlives clients that go in the middle of their trailers', async (_, args) => {
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
