import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { startEngine } from '../../support/http-engine.ts';

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** Sends a request on a connection that is kept, twice; returns the first as it is when the second has come. */
async function answered(head: string, look: (request: IncomingMessage) => void = () => {}) {
  const seen: IncomingMessage[] = [];
  const { send } = await startEngine({
    handler(request, response) {
      seen.push(request);
      look(request);
      response.end('whole;');
    },
  });
  const wire = await send(head);
  await wire.until(/whole;/);
  wire.write(head);
  await wire.until(/whole;[^;]*whole;/);
  return seen;
}

const stateOf = ({ complete, destroyed, readableEnded, closed, aborted, errored }: IncomingMessage) => ({
  ...{ complete, destroyed, readableEnded, closed, aborted, errored },
});

it('leaves a request that nobody has read as Node leaves it', async () => {
  const [request] = await answered(get);
  expect(request && stateOf(request)).toEqual({
    ...{ complete: true, destroyed: true, readableEnded: true, closed: true, aborted: false, errored: null },
  });
  // As it does of one that has ended.
  await finished(request as IncomingMessage, { error: false });
});

it.each(['end', 'close'])("emits '%s' where that is listened for", async (event) => {
  const ends: Promise<unknown>[] = [];
  await answered(get, (request) => void ends.push(once(request, event)));
  await Promise.all(ends);
  expect(ends).toHaveLength(2);
});

it('reads away a body that nobody has read, and goes on with what comes behind it', async () => {
  const body = 'a'.repeat(200_000);
  const seen = await answered(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  expect(seen).toHaveLength(2);
});

it('does what Node does where that lacks what is needed', async () => {
  const { _dumpAndCloseReadable: own } = IncomingMessage.prototype as never as Record<string, unknown>;
  Reflect.deleteProperty(IncomingMessage.prototype, '_dumpAndCloseReadable');
  try {
    const [request] = await answered(get);
    await expect.poll(() => request?.closed).toBe(true);
  } finally {
    Object.assign(IncomingMessage.prototype, { _dumpAndCloseReadable: own });
  }
});
