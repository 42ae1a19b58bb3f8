import { describe, expect, it } from 'vitest';
import { type FakeService, serveReady } from '../../support/fake-service.ts';

const one = { settings: { workers: 1, timeout: 10, watchdog: false } };

describe('a silent worker', () => {
  it('is aborted, then killed, and replaced at once', async () => {
    const service = await serveReady(one);
    await service.clock.advance(10_000);
    expect(service.worker(1).signals).toEqual(['SIGABRT']);
    expect(service.states).toEqual(['1 killed', '2 spawning']);
    await service.clock.advance(1000);
    expect(service.worker(1).signals).toEqual(['SIGABRT', 'SIGKILL']);
  });

  it('is named in one critical line with its limit', async () => {
    const service = await serveReady(one);
    await service.clock.advance(11_000);
    expect(service.log.at('critical')).toEqual([expect.stringMatching(/pid: 1001.*silent for 10 s/)]);
  });

  it('is not killed again after it has died', async () => {
    const service = await serveReady(one);
    await service.clock.advance(10_000);
    service.worker(1).diesOf('SIGABRT');
    await service.clock.advance(2000);
    expect(service.worker(1).signals).toEqual(['SIGABRT']);
    expect(service.log.matching(/killed by the arbiter: silent for 10 s/)).toHaveLength(1);
  });

  it('is one that says nothing: each heartbeat grants the whole limit again', async () => {
    const service = await serveReady(one);
    await service.serveFor(60_000);
    expect(service.states).toEqual(['1 ready']);
  });

  it('does not exist where the limit is off', async () => {
    const service = await serveReady({ settings: { workers: 1, timeout: 0 } });
    await service.clock.advance(3_600_000);
    expect(service.states).toEqual(['1 ready']);
  });
});

describe('an arbiter that was away', () => {
  it('kills nobody when it has overslept', async () => {
    const service = await serveReady(one);
    await service.clock.oversleep(3_600_000);
    expect(service.states).toEqual(['1 ready']);
    await service.serveFor(20_000);
    expect(service.states).toEqual(['1 ready']);
  });

  it('grants workers that boot or retire the time that it missed', async () => {
    const service = await serveReady({ settings: { workers: 2 } });
    await service.signal('SIGTTOU', 'SIGTTIN');
    expect(service.states).toEqual(['1 ready', '2 retiring', '3 spawning']);
    await service.clock.oversleep(3_600_000);
    expect(service.workers.flatMap(({ signals }) => signals)).toEqual([]);
  });

  it('still kills whoever is silent from then on', async () => {
    const service = await serveReady(one);
    await service.clock.oversleep(3_600_000);
    await service.clock.advance(10_000);
    expect(service.worker(1).signals).toEqual(['SIGABRT']);
  });

  it('kills nobody when an event was waiting as it woke', async () => {
    const service = await serveReady(one);
    service.clock.block(3_600_000);
    await service.signal('SIGUSR1');
    expect(service.states).toEqual(['1 ready']);
  });

  it.each(['childExit', 'preFork'] as const)('kills nobody when its hook %s kept it busy', async (name) => {
    let blockedMs = 0;
    const block = () => service?.clock.block(blockedMs);
    const settings = { workers: 2, timeout: 10, watchdog: false };
    let service: FakeService | undefined;
    service = await serveReady({ settings, hooks: { [name]: block } });
    blockedMs = 60_000;
    service.worker(1).exits(1);
    await service.clock.settle();
    expect(service.worker(2).signals).toEqual([]);
  });
});

describe('a worker that dies', () => {
  it('is replaced at once and its end explained', async () => {
    const service = await serveReady();
    service.worker(2).exits(7);
    await service.clock.settle();
    expect(service.states).toEqual(['1 ready', '3 spawning']);
    expect(service.worker(3).slot).toBe(service.worker(2).slot);
    expect(service.log.at('error')).toEqual([expect.stringMatching(/pid: 1002.*status 7/)]);
  });

  it('is forgotten: what it sent last changes nothing', async () => {
    const service = await serveReady();
    service.worker(2).exits(0);
    service.worker(2).says({ tsunicorn: 'leaving', reason: 'SIGTERM', by: 'signal' });
    service.worker(2).says({ tsunicorn: 'heartbeat' });
    await service.clock.settle();
    expect(service.states).toEqual(['1 ready', '3 spawning']);
  });

  it('is logged as no more than information where it was asked to go', async () => {
    const service = await serveReady();
    await service.signal('SIGTTOU');
    await service.exit(2);
    expect(service.log.matching(/Worker exiting \(pid: 1002\): fewer workers are wanted/)).toHaveLength(1);
    expect([...service.log.at('error'), ...service.log.at('warning')]).toEqual([]);
  });
});

describe('a worker that leaves', () => {
  it('serves on until its replacement is ready when it says that it is outgoing', async () => {
    const service = await serveReady(one);
    service.worker(1).says({ tsunicorn: 'outgoing', reason: 'SIGTERM', by: 'signal' });
    await service.clock.settle();
    expect(service.states).toEqual(['1 ready', '2 spawning']);
    await service.ready(2);
    expect(service.states).toEqual(['1 retiring', '2 ready']);
    await service.exit(1);
    expect(service.log.matching(/exiting.*SIGTERM/)).toHaveLength(1);
  });

  it('is replaced at once when it has stopped accepting already', async () => {
    const service = await serveReady();
    service.worker(1).says({ tsunicorn: 'leaving', reason: 'uncaught exception', by: 'itself' });
    await service.clock.settle();
    expect(service.states).toEqual(['1 retiring', '2 ready', '3 spawning']);
    expect(service.worker(1).told).toEqual([]);
  });

  it('is killed when it does not end within its grace', async () => {
    const service = await serveReady({ settings: { workers: 1, gracefulTimeout: 3 } });
    service.worker(1).says({ tsunicorn: 'leaving', reason: 'uncaught exception', by: 'itself' });
    await service.clock.advance(4000);
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
  });

  it('is not replaced twice when several are outgoing', async () => {
    const service = await serveReady();
    for (const worker of service.workers)
      worker.says({ tsunicorn: 'outgoing', reason: 'SIGTERM', by: 'signal' });
    await service.clock.settle();
    await service.ready(3);
    await service.ready(4);
    expect(service.states).toEqual(['1 retiring', '2 retiring', '3 ready', '4 ready']);
  });
});
