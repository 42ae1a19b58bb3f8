import { expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { SHAPES } from '../support/raw/services.ts';
import { serve } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const MEGABYTE = 1024 * 1024;
const SLOW = 4;

it.each([
  ['sync', []],
  ['thread', ['--threads', '2']],
])('class %s answers others while the bodies of many requests are on their way', async (name, args) => {
  const running = await serve(['-k', name, ...args, '-w', '1', SHAPES.node]);
  const port = Number(new URL(running.at).port);
  const slow = await Promise.all(Array.from({ length: SLOW }, () => wireTo(port)));
  for (const { socket } of slow) {
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${2 * MEGABYTE}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(2 * MEGABYTE - 1));
  }
  for (let asked = 0; asked < 5; asked++) expect((await ask({ url: running.at })).status).toBe(200);
  for (const { socket } of slow) socket.write('a');
  for (const { ended } of slow) expect(await ended).toMatch(new RegExp(`POST with ${2 * MEGABYTE} bytes\n$`));
});
