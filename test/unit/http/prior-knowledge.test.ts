import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { byPreface } from '../../../src/http/http2/prior-knowledge.ts';
import { FakeClock } from '../../support/fake-clock.ts';

it.each([
  ['http1', ['GET / HTTP/1.1\r\n']],
  ['http2', ['PR', 'I * HTTP/2.0\r\n']],
])('the time limit ends once it is known that a client speaks %s', async (protocol, parts) => {
  const clock = new FakeClock();
  const stream = new PassThrough();
  const socket = stream as unknown as Socket;
  const spoken = new Promise((speak) => {
    const [http1, http2] = [() => speak('http1'), () => speak('http2')];
    byPreface({ http1, http2, headMs: 1000, clock })(socket);
  });
  expect(clock.timerCount).toBe(1);
  for (const part of parts) stream.write(part);
  expect(await spoken).toBe(protocol);
  expect([clock.timerCount, stream.listenerCount('close')]).toEqual([0, 0]);
});

it('a client that shows nothing in time is cut off', async () => {
  const clock = new FakeClock();
  const stream = new PassThrough();
  const never = () => expect.unreachable();
  byPreface({ http1: never, http2: never, headMs: 1000, clock })(stream as unknown as Socket);
  await clock.advance(1000);
  await expect.poll(() => stream.destroyed).toBe(true);
});
