import { expect, it } from 'vitest';
import { Connections } from '../../../src/http/connections.ts';
import { QueueLimit } from '../../../src/http/queue-limit.ts';
import { TrustedPeers } from '../../../src/support/trusted-peers.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLogger } from '../../support/fake-logger.ts';
import { startEngine } from '../../support/http-engine.ts';

function ask(path: string, startedMs: number): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Request-Start: t=${Date.now() - startedMs}\r\n\r\n`;
}

it('a request that has waited for longer than the limit gets 503, and the application does not see it', async () => {
  const seen: string[] = [];
  const refused: string[] = [];
  const [log, clock] = [new FakeLogger(), new FakeClock()];
  const count = { refused: (code: string) => void refused.push(code) };
  const limit = new QueueLimit({ seconds: 2, count, log, clock });
  const handler = limit.guard((request, response) => {
    seen.push(request.url ?? '');
    response.end('hello');
  });
  const { send } = await startEngine({
    handler,
    connections: new Connections(() => {}, new TrustedPeers(['127.0.0.1', '::1'])),
    clock,
  });
  const fine = await send(ask('/fine', 1000));
  await fine.until(/ 200 .*hello/s);
  const late = await send(ask('/late', 5000));
  await late.until(/ 503 .*Retry-After: 1/s);
  expect(seen).toEqual(['/fine']);
  expect(refused).toEqual(['QUEUE_TIMEOUT']);
  expect(log.at('warning')).toEqual([
    'GET /late had waited for 5.0 s before it was handled, and the limit is 2 s (--queue-timeout): its client got 503',
  ]);
  await clock.advance(20_000);
  expect(log.at('info')).toEqual([
    'No request has waited for longer than 2 s (--queue-timeout) for 10 s; 1 got 503',
  ]);
});
