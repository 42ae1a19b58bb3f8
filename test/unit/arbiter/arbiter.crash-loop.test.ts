import { describe, expect, it } from 'vitest';
import { type FakeService, serveReady } from '../../support/fake-service.ts';

/** The newest worker dies before it is ready. */
async function fail(service: FakeService): Promise<void> {
  service.workers.at(-1)?.failsToBoot(4, 'it threw');
  await service.clock.settle();
}

/** One worker serves, the other has failed to boot twice. */
async function looping(): Promise<FakeService> {
  const service = await serveReady();
  service.worker(2).exits(1);
  await service.clock.settle();
  await fail(service);
  await fail(service);
  return service;
}

/** The only worker has died of `signal` three times, soon after it was ready. */
async function relapsing(signal: NodeJS.Signals): Promise<FakeService> {
  const service = await serveReady({ settings: { workers: 1 } });
  for (const age of [1, 2]) {
    service.worker(age).diesOf(signal);
    await service.clock.advance(700);
    await service.ready(age + 1);
  }
  service.worker(3).diesOf(signal);
  await service.clock.settle();
  return service;
}

describe('a crash loop', () => {
  it('waits longer from failure to failure and says how long', async () => {
    const service = await looping();
    expect(service.workers).toHaveLength(4);
    await service.clock.advance(499);
    expect(service.workers).toHaveLength(4);
    await service.clock.advance(1);
    expect(service.workers).toHaveLength(5);
    await fail(service);
    await service.clock.advance(900);
    expect(service.workers).toHaveLength(5);
    await service.clock.advance(100);
    expect(service.workers).toHaveLength(6);
    expect(service.log.matching(/it threw; next try at once/)).toHaveLength(1);
    expect(service.log.matching(/it threw; next try in \d\.\d s/)).toHaveLength(2);
  });

  it('counts a worker once that was ended for its boot timeout and has just said why it fails', async () => {
    const service = await serveReady({ settings: { bootTimeout: 5 } });
    await service.signal('SIGTTIN');
    await service.serveFor(5000);
    expect(service.worker(3).signals).toEqual(['SIGKILL']);
    service.worker(3).failsToBoot(4, 'it threw');
    await service.clock.settle();
    expect(service.log.matching(/next try/)).toHaveLength(1);
  });

  it('leaves those that serve alone', async () => {
    const service = await looping();
    for (let round = 0; round < 6; round++) {
      await service.serveFor(40_000);
      await fail(service);
    }
    expect(service.worker(1).state.name).toBe('ready');
    expect(service.worker(1).told).toEqual([]);
    expect(service.status).toBeNull();
  });

  it('tries one worker at a time where several are missing', async () => {
    const service = await serveReady({ settings: { workers: 4 } });
    await service.serveFor(6000);
    for (const age of [2, 3, 4]) service.worker(age).exits(1);
    await service.clock.settle();
    for (const age of [5, 6, 7]) service.worker(age).failsToBoot(4, 'it threw');
    await service.clock.settle();
    await service.serveFor(3000);
    expect(service.states).toEqual(['1 ready', '8 spawning']);
  });

  it('is over when one gets ready: the rest follows at once', async () => {
    const service = await serveReady({ settings: { workers: 4 } });
    await service.serveFor(6000);
    for (const age of [2, 3, 4]) service.worker(age).exits(1);
    await service.clock.settle();
    for (const age of [5, 6, 7]) service.worker(age).failsToBoot(4, 'it threw');
    await service.clock.settle();
    await service.serveFor(3000);
    await service.ready(8);
    expect(service.states).toEqual(['1 ready', '8 ready', '9 spawning', '10 spawning']);
  });

  it('also waits after a boot that took too long', async () => {
    const service = await serveReady({ settings: { workers: 1, bootTimeout: 5, timeout: 0 } });
    service.worker(1).exits(1);
    await service.clock.advance(5000);
    expect(service.worker(2).signals).toEqual(['SIGKILL']);
    expect(service.workers).toHaveLength(3);
    await service.clock.advance(5000);
    expect(service.worker(3).signals).toEqual(['SIGKILL']);
    expect(service.workers).toHaveLength(3);
    await service.clock.advance(500);
    expect(service.workers).toHaveLength(4);
  });

  it('does not hold back the canary of a reload, which may be the cure', async () => {
    const service = await looping();
    await service.signal('SIGHUP');
    expect(service.states).toEqual(['1 ready', '5 spawning (generation 2)']);
  });

  it('is forgotten with the configuration that had it', async () => {
    const service = await looping();
    await service.clock.advance(500);
    await service.signal('SIGHUP');
    await service.ready(6);
    service.worker(6).exits(1);
    await service.clock.settle();
    expect(service.states.filter((state) => / spawning \(generation 2\)$/.test(state))).not.toEqual([]);
  });

  it('ends with the service, without waiting for the next try', async () => {
    const service = await looping();
    await service.signal('SIGTERM');
    await service.exit(1);
    expect(service.status).toBe(0);
  });
});

describe('workers that end soon after they were ready', () => {
  it('are a crash loop too, which the next one that gets ready does not end', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    for (const age of [1, 2]) {
      service.worker(age).exits(1);
      await service.clock.advance(700);
      await service.ready(age + 1);
    }
    service.worker(3).exits(1);
    await service.clock.advance(900);
    expect(service.workers).toHaveLength(3);
    await service.clock.advance(4000);
    expect(service.workers).toHaveLength(4);
    expect(service.log.matching(/end soon after they were ready; next try in \d/)).not.toEqual([]);
  });

  it.each(['SIGABRT', 'SIGSEGV', 'SIGTRAP'] as const)('are one where %s ended them', async (signal) => {
    const service = await relapsing(signal);
    await service.clock.advance(200);
    expect(service.states).toEqual([]);
    await service.clock.advance(4000);
    expect(service.states).toEqual(['4 spawning']);
  });

  it('are not held against another configuration that has proved itself', async () => {
    const service = await relapsing('SIGSEGV');
    await service.signal('SIGHUP');
    await service.ready(4);
    expect(service.states).toEqual(['4 ready (generation 2)']);
    service.worker(4).diesOf('SIGSEGV');
    await service.clock.settle();
    expect(service.states).toEqual(['5 spawning (generation 2)']);
  });

  it('are replaced at once when somebody else ended them', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    for (const age of [1, 2, 3, 4]) {
      service.worker(age).diesOf('SIGKILL');
      await service.clock.settle();
      await service.ready(age + 1);
    }
    expect(service.states).toEqual(['5 ready']);
  });
});
