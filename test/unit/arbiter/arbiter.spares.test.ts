import { describe, expect, it } from 'vitest';
import type { Stalled } from '../../../src/process/ipc/blocks.ts';
import { type FakeService, startService } from '../../support/fake-service.ts';

const stalled: Stalled = {
  tsunicorn: 'stalled',
  limit: 'timeout',
  blockedMs: 30_000,
  seen: { stack: null, requests: [], omitted: 0, unread: 0 },
  accessComplete: true,
};

/** Two workers that serve, ages 1 and 2, and one that stands by. */
async function serveWithSpare(settings = {}): Promise<FakeService> {
  const service = await startService({ settings: { spareWorkers: 1, ...settings } });
  await service.standBy(1, 2);
  await service.ready(1, 2);
  await service.standBy(3);
  expect(service.states).toEqual(['1 ready', '2 ready', '3 standby']);
  return service;
}

describe('a service with a spare worker', () => {
  it('begins to serve with the workers that are the first to be loaded', async () => {
    const service = await startService({ settings: { spareWorkers: 1 } });
    await service.standBy(2, 3);
    expect(service.worker(2).told).toEqual(['accept']);
    expect(service.states).toEqual(['1 spawning', '2 opening', '3 opening']);
    await service.ready(2, 3);
    await service.standBy(1);
    expect(service.states).toEqual(['1 standby', '2 ready', '3 ready']);
    expect(service.log.matching(/Spare/)).toEqual([]);
  });

  it('halts when no worker can listen', async () => {
    const service = await startService({ settings: { spareWorkers: 1 } });
    await service.standBy(1);
    service.worker(1).failsToBoot(1, '--bind: 127.0.0.1:8000 is taken');
    await service.clock.settle();
    await service.exit(2, 3);
    expect(service.status).toBe(1);
  });

  it.each([
    ['dies', (service: FakeService) => service.worker(1).diesOf('SIGKILL')],
    [
      'leaves because of an uncaught exception',
      (service: FakeService) =>
        service.worker(1).says({ tsunicorn: 'leaving', reason: 'uncaught exception', by: 'itself' }),
    ],
    ['is killed for a blocked event loop', (service: FakeService) => service.worker(1).says(stalled)],
    [
      'will be replaced',
      (service: FakeService) => service.worker(1).says({ tsunicorn: 'outgoing', reason: 'x', by: 'itself' }),
    ],
  ])('calls it at once when a worker %s, and spawns another behind it', async (_what, happens) => {
    const service = await serveWithSpare();
    await service.serveFor(2000);
    happens(service);
    await service.clock.settle();
    expect(service.worker(3).told).toEqual(['accept']);
    expect(service.states).toEqual(expect.arrayContaining(['2 ready', '3 opening']));
    await service.ready(3);
    await service.standBy(4);
    expect(service.states).toEqual(expect.arrayContaining(['2 ready', '3 ready', '4 standby']));
    expect(service.log.matching(/Spare worker takes over \(pid: 1003\)/)).toHaveLength(1);
  });

  it('calls it for TTIN', async () => {
    const service = await serveWithSpare();
    await service.signal('SIGTTIN');
    expect(service.states).toEqual(['1 ready', '2 ready', '3 opening']);
    await service.ready(3);
    expect(service.states).toEqual(['1 ready', '2 ready', '3 ready', '4 spawning']);
  });

  it('keeps it for TTOU', async () => {
    const service = await serveWithSpare();
    await service.signal('SIGTTOU');
    expect(service.states).toEqual(['1 ready', '2 retiring', '3 standby']);
  });

  it('ends with spares of the new generation after a reload', async () => {
    const service = await serveWithSpare();
    await service.signal('SIGHUP');
    await service.standBy(4);
    expect(service.worker(4).told).toEqual(['accept']);
    expect(service.worker(3).told).toEqual([]);
    await service.ready(4);
    expect(service.promoted).toEqual([2]);
    expect(service.states).toContain('3 cancelled');
    for (let age = 5; age <= service.workers.length; age++) {
      await service.standBy(age);
      if (service.worker(age).told.includes('accept')) await service.ready(age);
    }
    await service.exit(1, 2, 3);
    const states = service.states.map((state) => state.replace(/^\d+ /, '')).toSorted();
    expect(states).toEqual(['ready (generation 2)', 'ready (generation 2)', 'standby (generation 2)']);
  });

  it('sends it home first when it stops', async () => {
    const service = await serveWithSpare();
    await service.signal('SIGTERM');
    expect(service.states).toEqual(['1 ready', '2 ready', '3 cancelled']);
    await service.exit(3);
    expect(service.states).toEqual(['1 retiring', '2 retiring']);
    await service.exit(1, 2);
    expect(service.status).toBe(0);
  });
});

describe('a spare worker that dies', () => {
  it('counts as one that fails to boot: the tries slow down', async () => {
    const service = await serveWithSpare();
    service.worker(3).diesOf('SIGSEGV');
    await service.clock.settle();
    expect(service.log.at('error')).toEqual([
      expect.stringMatching(/SIGSEGV.*while it stood by; next try at once/),
    ]);
    await service.standBy(4);
    service.worker(4).failsToBoot(4, 'app.ts failed while it stood by');
    await service.clock.settle();
    expect(service.workers).toHaveLength(4);
    expect(service.log.matching(/next try in 0.5 s/)).toHaveLength(1);
    await service.serveFor(1000);
    expect(service.states).toEqual(['1 ready', '2 ready', '5 spawning']);
  });

  it('is killed where its event loop is silent, which counts too', async () => {
    const service = await serveWithSpare({ timeout: 5, watchdog: false });
    await service.serveFor(6000);
    expect(service.worker(3).signals[0]).toBe('SIGABRT');
    expect(service.log.matching(/was killed while it stood by: silent for 5 s.*next try/)).toHaveLength(1);
  });

  it('is not taken for silent where the arbiter itself was stopped', async () => {
    const service = await serveWithSpare({ timeout: 5, watchdog: false });
    await service.clock.oversleep(20_000);
    expect(service.states).toEqual(['1 ready', '2 ready', '3 standby']);
  });

  it('is explained where its watchdog saw why, which counts too', async () => {
    const service = await serveWithSpare();
    service.worker(3).says(stalled);
    await service.clock.settle();
    expect(service.worker(3).signals).toEqual(['SIGKILL']);
    expect(
      service.log.matching(/was killed while it stood by: its event loop was blocked.*next try/),
    ).toHaveLength(1);
    expect(service.states).toContain('4 spawning');
  });

  it('while it opens its sockets is one that failed to boot', async () => {
    const service = await serveWithSpare();
    service.worker(1).diesOf('SIGKILL');
    await service.clock.settle();
    service.worker(3).failsToBoot(1, 'cannot listen');
    await service.clock.settle();
    expect(service.log.matching(/cannot listen; next try/)).toHaveLength(1);
  });

  it('is not counted where somebody asked it to go', async () => {
    const service = await serveWithSpare();
    service.worker(3).says({ tsunicorn: 'leaving', reason: 'SIGTERM', by: 'signal' });
    await service.exit(3);
    expect(service.log.at('error')).toEqual([]);
    expect(service.states).toEqual(['1 ready', '2 ready', '4 spawning']);
  });
});
