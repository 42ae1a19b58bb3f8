import { describe, expect, it } from 'vitest';
import type { Stalled } from '../../../src/process/ipc/blocks.ts';
import { serveReady, startService } from '../../support/fake-service.ts';

const stalled: Stalled = {
  tsunicorn: 'stalled',
  blockedMs: 10_040,
  limit: 'timeout',
  accessComplete: true,
  seen: {
    stack: ['at spin (/srv/app.ts:3:7)'],
    requests: [
      { method: 'GET', path: '/a\u2028b', ageMs: 9_960, got: '503' },
      { method: 'POST', path: '/b', ageMs: 60_000, got: 'part' },
      { method: 'GET', path: '/c', ageMs: 100, got: 'nothing' },
    ],
    omitted: 7,
    unread: 2,
  },
};

describe('a worker whose watchdog says that it is blocked', () => {
  it('is killed without more ado and replaced at once', async () => {
    const service = await serveReady({ settings: { timeout: 10 } });
    service.worker(1).says(stalled);
    await service.clock.settle();
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
    expect(service.states).toEqual(['1 killed', '2 ready', '3 spawning']);
  });

  it('is one critical record with its stack and its requests', async () => {
    const service = await serveReady({ settings: { timeout: 10 } });
    service.worker(1).says(stalled);
    service.worker(1).says(stalled);
    await service.clock.settle();
    const [line, ...more] = service.log.lines.filter(({ level }) => level === 'critical');
    expect(more).toEqual([]);
    expect(line?.message).toBe(
      'Worker (pid: 1001, slot 0, age 1): its event loop was blocked for 10.0 s (--timeout); killed; a replacement is starting',
    );
    expect(line?.fields).toMatchObject({
      event: 'worker-stalled',
      pid: 1001,
      worker: { pid: 1001, slot: 0, age: 1, generation: 1 },
      setting: '--timeout',
      durationMs: 10_040,
      ...{ stack: stalled.seen.stack, requests: stalled.seen.requests },
      lines: [
        'blocked at:',
        '  at spin (/srv/app.ts:3:7)',
        'requests in flight:',
        '  GET /a\u2028b, for 10.0 s, answered with 503',
        '  POST /b, for 60.0 s, cut in the middle of its answer',
        '  GET /c, for 0.1 s, cut, because it waited behind another request on its connection',
        '  and 7 more',
        '  2 not read yet, answered with 503',
      ],
    });
  });

  it('has no stack where it is blocked in native code, and the record says so', async () => {
    const service = await serveReady();
    service.worker(1).says({
      ...stalled,
      seen: {
        stack: null,
        requests: [{ method: 'GET', path: '/a', ageMs: 10_000, got: 'cut' }],
        omitted: 0,
        unread: 0,
      },
    });
    await service.clock.settle();
    const [line] = service.log.lines.filter(({ level }) => level === 'critical');
    expect(line?.fields).toMatchObject({ stack: null, requests: [{ path: '/a' }] });
    expect(line?.fields?.lines).toEqual([
      'blocked in native code: there is no JavaScript stack',
      'requests in flight:',
      '  GET /a, for 10.0 s, cut',
    ]);
  });

  it('is explained too where it was to retire and was blocked when its grace was over', async () => {
    const service = await serveReady({ settings: { workers: 1, gracefulTimeout: 5 } });
    await service.signal('SIGTERM');
    await service.clock.advance(5500);
    service.worker(1).says({ ...stalled, blockedMs: 700, limit: 'gracefulTimeout' });
    await service.clock.settle();
    expect(service.log.at('error')).toEqual([
      'Worker (pid: 1001, slot 0, age 1): its event loop was blocked for 0.7 s (--graceful-timeout); killed',
    ]);
    await service.clock.advance(1000);
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
  });

  it('while it opens its sockets has failed to boot', async () => {
    const service = await startService({ settings: { workers: 1, spareWorkers: 1 } });
    await service.standBy(1);
    expect(service.states).toEqual(['1 opening', '2 spawning']);
    service.worker(1).says(stalled);
    await service.exit(1, 2);
    expect(
      service.log.matching(/age 1\) was killed while it opened its sockets: its event loop/),
    ).toHaveLength(1);
    expect(service.status).toBe(3);
  });

  it('is not replaced where the service stops', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    await service.signal('SIGTERM');
    service.worker(1).says(stalled);
    await service.clock.settle();
    expect(service.log.at('error')).toEqual([expect.stringMatching(/; killed$/)]);
    expect(service.states).toEqual(['1 killed']);
  });
});

describe('a worker that a debugger may hold', () => {
  it('is not killed while its watchdog says so', async () => {
    const service = await serveReady({ settings: { timeout: 10, workers: 1 } });
    for (let i = 0; i < 5; i++) {
      await service.clock.advance(10_000);
      service.worker(1).says({ tsunicorn: 'debugged' });
      await service.clock.settle();
    }
    expect(service.worker(1).signals).toEqual([]);
  });
});

describe('a silent worker that has a watchdog', () => {
  it('is killed by the arbiter when the watchdog is silent too, three seconds later', async () => {
    const service = await serveReady({ settings: { timeout: 10, workers: 1 } });
    await service.clock.advance(12_900);
    expect(service.worker(1).signals).toEqual([]);
    await service.clock.advance(100);
    expect(service.worker(1).signals).toEqual(['SIGABRT']);
  });
});
