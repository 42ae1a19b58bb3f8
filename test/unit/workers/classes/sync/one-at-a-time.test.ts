import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { oneAtATime } from '../../../../../workers/classes/sync/one-at-a-time.ts';
import { Turnstile } from '../../../../../workers/classes/sync/turnstile.ts';

function asked(url: string, headers: Record<string, string> = {}) {
  const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url });
  Object.assign(request.headers, headers);
  return [request, new ServerResponse(request)] as const;
}

function served() {
  const fail = vi.fn();
  const ran: unknown[] = [];
  const handler = oneAtATime(
    ({ url }) => void ran.push(url),
    new Turnstile(() => {}),
    { fail, settings: { timeout: 2 } },
    () => {},
  );
  return { fail, ran, handler };
}

describe('one request at a time', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('settles a request that is over before its turn comes, or its body', async () => {
    const { handler, ran } = served();
    const [bodiless, slow] = [asked('/waits'), asked('/slow', { 'content-length': '1' })];
    handler(...asked('/first'));
    const waited = [handler(...bodiless), handler(...slow)];
    for (const [, response] of [bodiless, slow]) response.emit('close');
    await Promise.all(waited);
    expect(ran).toEqual(['/first']);
  });

  it('counts the timeout from when a turn begins, and never where there is none', () => {
    const { handler, fail } = served();
    vi.advanceTimersByTime(3000);
    const [request, response] = asked('/first');
    handler(request, response);
    vi.advanceTimersByTime(1500);
    response.emit('close');
    const next = asked('/next');
    handler(...next);
    vi.advanceTimersByTime(1500);
    expect(fail).not.toHaveBeenCalled();
    vi.advanceTimersByTime(600);
    expect(fail).toHaveBeenCalledExactlyOnceWith('GET /next has run for 2 s (--timeout)');
    expect(next[1].statusCode).toBe(504);
  });
});
