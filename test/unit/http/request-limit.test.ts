import { describe, expect, it } from 'vitest';
import { adaptFetch } from '../../../src/app/adapters/fetch.ts';
import type { Handler } from '../../../src/app/application.ts';
import { Connections } from '../../../src/http/connections.ts';
import { limitRequests } from '../../../src/http/request-limit.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLogger } from '../../support/fake-logger.ts';
import { get, startEngine } from '../../support/http-engine.ts';
import { turns, type Wire } from '../../support/wire.ts';

const SECONDS = 30;

/** An engine whose requests may take thirty seconds. */
async function serve(handler: Handler) {
  const log = new FakeLogger();
  const clock = new FakeClock();
  const connections = new Connections(() => {});
  const limited = limitRequests(handler, { seconds: SECONDS, connections, log, clock });
  const { send } = await startEngine({ handler: limited, connections, clock });
  const warnings = () => log.at('warning');
  return {
    log,
    clock,
    warnings,
    /** Resolves when the engine has the request. */
    async ask(text = get('/slow')): Promise<Wire> {
      const before = connections.inFlight;
      const wire = await send(text);
      while (connections.inFlight === before) await turns(1);
      return wire;
    },
    /** The time of the requests passes, and the event loop looks at its sockets. */
    async pass(ms = SECONDS * 1000): Promise<void> {
      await clock.advance(ms);
      await turns(20);
    },
  };
}

describe('a request that takes too long', () => {
  it('gets 504 and a line in the log', async () => {
    const { ask, pass, warnings } = await serve(() => {});
    const wire = await ask();
    await pass(29_000);
    expect(wire.text).toBe('');
    await pass(1000);
    await wire.until(/ 504 /);
    expect(warnings()).toEqual(['GET /slow took longer than 30 s (--request-timeout): its client got 504']);
  });

  it('is ended once, and each of them when its own time is over', async () => {
    const { ask, pass, warnings } = await serve(() => {});
    const first = await ask(get('/first'));
    await pass(10_000);
    const second = await ask(get('/second'));
    await pass(20_000);
    await first.until(/ 504 /);
    expect(second.text).toBe('');
    await pass(10_000);
    await second.until(/ 504 /);
    await pass(100_000);
    expect(warnings()).toHaveLength(2);
  });

  it('does not fill the log with its path', async () => {
    const { ask, pass, warnings } = await serve(() => {});
    const wire = await ask(get(`/slow?${'x'.repeat(10_000)}`));
    await pass();
    await wire.until(/ 504 /);
    expect(warnings()[0]?.length).toBeLessThan(1000);
  });

  it('has its AbortSignal aborted, with the reason, in a fetch handler', async () => {
    const seen = Promise.withResolvers<unknown>();
    const application = adaptFetch(
      (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => {
            seen.resolve(request.signal.reason);
            reject(request.signal.reason);
          });
        }),
      { what: 'fetch handler', spec: 'app', isSure: true, rootPath: '', mountPath: '' },
    );
    const { ask, pass } = await serve(application.handler);
    const wire = await ask();
    await pass();
    await wire.until(/ 504 /);
    expect(await seen.promise).toMatchObject({ name: 'TimeoutError' });
  });

  it('is cut where its answer had begun', async () => {
    const { ask, pass } = await serve((_request, response) => void response.write('some'));
    const wire = await ask();
    await pass();
    expect(await wire.ended).toMatch(/ 200 .*some\r\n$/s);
  });

  it('is cut where its answer had begun and its body was read', async () => {
    const { ask, pass } = await serve(async (request, response) => {
      for await (const _part of request);
      response.write('some');
    });
    const wire = await ask('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nall');
    await wire.until(/some/);
    await pass();
    expect(await wire.ended).toMatch(/some\r\n$/);
  });

  it('is logged again when its handler goes on', async () => {
    const { ask, pass, warnings } = await serve(() => new Promise(() => {}));
    await ask();
    await pass();
    await pass(1000);
    expect(warnings()).toHaveLength(2);
    expect(warnings()[1]).toMatch(/still running although the request was aborted/);
  });

  it('is not logged again when its handler ends with it', async () => {
    const { ask, pass, warnings } = await serve(
      (request) => new Promise((_, reject) => request.once('error', reject)),
    );
    await ask();
    await pass();
    await pass(1000);
    expect(warnings()).toHaveLength(1);
  });
});

describe('a request in time', () => {
  it('is left alone', async () => {
    const { ask, pass, log } = await serve((_, response) => void turns(30).then(() => response.end('fast')));
    const wire = await ask();
    await wire.until(/fast/);
    await pass(100_000);
    expect(log.lines).toEqual([]);
  });

  it('is one whose answer waited only for what came while the event loop was blocked', async () => {
    const { ask, log, clock } = await serve((request, response) =>
      request.resume().on('end', () => response.end('done')),
    );
    const wire = await ask('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\n');
    wire.write('all');
    clock.wakeLate(SECONDS * 1000);
    await wire.until(/ 200 .*done/s);
    expect(log.lines).toEqual([]);
  });

  it('costs nothing where there is no limit', () => {
    const handler: Handler = () => {};
    const connections = new Connections(() => {});
    const [log, clock] = [new FakeLogger(), new FakeClock()];
    expect(limitRequests(handler, { seconds: 0, connections, log, clock })).toBe(handler);
    expect(clock.timerCount).toBe(0);
  });
});
