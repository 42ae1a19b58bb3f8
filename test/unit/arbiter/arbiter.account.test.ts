import { describe, expect, it } from 'vitest';
import type { ReportedFlight } from '../../../src/process/ipc/flights.ts';
import { serveReady } from '../../support/fake-service.ts';

const flight = (id: number, url: string): ReportedFlight => ({
  ...{ id, method: 'GET', url, cut: false, remote: '', protocol: 'HTTP/1.1' },
  ...{ requestId: '', traceId: '' },
  ...{ status: 0, ended: false, bytes: 0, startedMs: Date.now() },
});

const logged = { settings: { workers: 1, gracefulTimeout: 5, accessLogfile: '/var/log/access' } };

describe('a worker that outlives its grace', () => {
  it('is killed when its watchdog has written the lines of its requests', async () => {
    const service = await serveReady(logged);
    const worker = service.worker(1);
    worker.accounts = true;
    await service.signal('SIGTERM');
    await service.clock.advance(6000);
    expect([worker.asked, worker.signals]).toEqual([['grace'], []]);
    worker.says({ tsunicorn: 'accounted', complete: true });
    await service.clock.settle();
    expect(worker.signals).toEqual(['SIGKILL']);
  });

  it('is killed all the same where the watchdog says nothing for 300 ms', async () => {
    const service = await serveReady(logged);
    const worker = service.worker(1);
    worker.accounts = true;
    await service.signal('SIGTERM');
    await service.clock.advance(6299);
    expect(worker.signals).toEqual([]);
    await service.clock.advance(1);
    expect(worker.signals).toEqual(['SIGKILL']);
  });

  it('is killed at once where it has no watchdog', async () => {
    const service = await serveReady(logged);
    await service.signal('SIGTERM');
    await service.clock.advance(6000);
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
  });
});

describe('the requests of a worker that is killed from outside', () => {
  it('get their lines from the arbiter, but those that are over, and the record says what may be missing', async () => {
    const service = await serveReady(logged);
    const worker = service.worker(1);
    worker.says({ tsunicorn: 'flights', began: [flight(1, '/a'), flight(2, '/b')], changed: [], over: [] });
    worker.says({ tsunicorn: 'flights', began: [flight(3, '/c')], changed: [], over: [1] });
    worker.diesOf('SIGSEGV');
    await service.clock.settle();
    expect(service.lost).toEqual(['1001 /b SIGSEGV', '1001 /c SIGSEGV']);
    const [end] = service.log.lines.filter(({ fields }) => fields?.event === 'worker-exited');
    expect(end?.fields).toMatchObject({ accessComplete: false, requests: [{ path: '/b' }, { path: '/c' }] });
  });

  it.each([
    ['has exited, which it has seen itself', 'status'],
    ['has written them', 'accounted'],
  ])('are left alone where it %s', async (_what, how) => {
    const service = await serveReady(logged);
    const worker = service.worker(1);
    worker.says({ tsunicorn: 'flights', began: [flight(1, '/a')], changed: [], over: [] });
    if (how === 'accounted') worker.says({ tsunicorn: 'accounted', complete: true });
    if (how === 'status') worker.exits(3);
    else worker.diesOf('SIGABRT');
    await service.clock.settle();
    expect(service.lost).toEqual([]);
    const [end] = service.log.lines.filter(({ fields }) => fields?.event === 'worker-exited');
    expect(end?.fields).toMatchObject({ accessComplete: true });
  });
});
