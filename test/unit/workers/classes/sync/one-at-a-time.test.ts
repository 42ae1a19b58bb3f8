import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { BodyCollector } from '../../../../../src/http/bodies/collector.ts';
import { systemClock } from '../../../../../src/support/clock.ts';
import { limitTurns, oneAtATime } from '../../../../../workers/classes/sync/one-at-a-time.ts';
import { RequestQueue } from '../../../../../workers/classes/sync/request-queue.ts';
import { bodyStore } from '../../../../support/body-store.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { get, startEngine } from '../../../../support/http-engine.ts';
import { turns } from '../../../../support/wire.ts';

function asked(url: string, headers: Record<string, string> = {}) {
  const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url });
  Object.assign(request.headers, headers);
  return [request, new ServerResponse(request)] as const;
}

function served() {
  const fail = vi.fn();
  const ran: unknown[] = [];
  const clock = new FakeClock();
  const queue = new RequestQueue(() => {}, clock);
  const bodies = new BodyCollector({ memoryBytes: 1000, store: bodyStore({ clock }) });
  const handler = oneAtATime(({ url }) => void ran.push(url), { queue, bodies, waits: () => {} });
  limitTurns(queue, { seconds: 2, fail, clock });
  return { fail, ran, handler, clock };
}

describe('one request at a time', () => {
  it('settles a request that is over before its turn comes, or its body', async () => {
    const { handler, ran } = served();
    const [bodiless, slow] = [asked('/waits'), asked('/slow', { 'content-length': '1' })];
    handler(...asked('/first'));
    const waited = [handler(...bodiless), handler(...slow)];
    for (const [, response] of [bodiless, slow]) response.emit('close');
    await Promise.all(waited);
    expect(ran).toEqual(['/first']);
  });

  it('counts the timeout from when a turn begins, and never where there is none', async () => {
    const { handler, fail, clock } = served();
    await clock.advance(3000);
    const [request, response] = asked('/first');
    handler(request, response);
    await clock.advance(1500);
    response.emit('close');
    const next = asked('/next');
    handler(...next);
    await turns(4);
    await clock.advance(1500);
    expect(fail).not.toHaveBeenCalled();
    await clock.advance(600);
    await turns(4);
    expect(fail).toHaveBeenCalledExactlyOnceWith('GET /next has run for 2 s (--timeout)');
    expect(next[1].statusCode).toBe(504);
  });

  it('limits no turn that ends while the event loop looks at its sockets once more', async () => {
    const { handler, fail, clock } = served();
    const [request, response] = asked('/just-in-time');
    handler(request, response);
    clock.wakeLate(2500);
    response.emit('close');
    await turns(4);
    expect(fail).not.toHaveBeenCalled();
  });

  it('closes the connection of a client that ends in the middle of what is behind a request that waits', async () => {
    const queue = new RequestQueue(() => {}, systemClock);
    const bodies = new BodyCollector({ memoryBytes: 1000, store: bodyStore() });
    const first = Promise.withResolvers<ServerResponse>();
    const run = oneAtATime((_, response) => first.resolve(response), { queue, bodies, waits() {} });
    const engine = await startEngine({ keepAliveMs: 0, handler: run });
    await engine.send(get('/first'));
    const response = await first.promise;
    const wire = await engine.send(
      `${get('/waits')}POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na`,
    );
    await expect.poll(() => engine.connections.requests().length).toBe(2);
    wire.socket.end();
    const [, waiting] = engine.connections.requests();
    await expect.poll(() => waiting?.response.req.socket.readableEnded).toBe(true);
    response.end();
    expect(await wire.ended).toBe('');
  });
});
