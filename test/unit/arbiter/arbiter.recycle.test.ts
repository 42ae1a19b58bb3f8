import { describe, expect, it } from 'vitest';
import { type FakeService, serveReady } from '../../support/fake-service.ts';

const due = 'served 105 requests (--max-requests 100, jitter 10)';

async function asks(service: FakeService, ...ages: number[]): Promise<void> {
  for (const age of ages) service.worker(age).says({ tsunicorn: 'outgoing', reason: due, by: 'itself' });
  await service.clock.settle();
}

const ready = (service: FakeService) => service.states.filter((state) => / ready/.test(state));
const spawning = (service: FakeService) => service.states.filter((state) => / spawning/.test(state));

describe('a worker that asks to be replaced', () => {
  it('goes when its replacement is ready, with its reason in the log', async () => {
    const service = await serveReady();
    await service.serveFor(10_000);
    await asks(service, 1);
    expect(service.log.matching(/will be replaced/)).toEqual([
      `Worker (pid: 1001, slot 0, age 1) will be replaced: ${due}`,
    ]);
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning']);
    await service.ready(3);
    expect(service.states).toEqual(['1 retiring', '2 ready', '3 ready']);
    await service.exit(1);
    expect(service.log.at('info').at(-1)).toBe(`Worker exiting (pid: 1001): ${due}`);
  });

  it.each([1, 2])('queues up where others do too: at most %i at a time', async (reloadBatch) => {
    const service = await serveReady({ settings: { workers: 4, reloadBatch } });
    await service.serveFor(10_000);
    await asks(service, 1, 2, 3, 4);
    for (let age = 5; age <= 8; age++) {
      expect(spawning(service).length).toBeLessThanOrEqual(reloadBatch);
      expect(spawning(service).length).toBeGreaterThan(0);
      await service.ready(age);
      expect(ready(service)).toHaveLength(4);
    }
    expect(service.workers).toHaveLength(8);
    expect(ready(service)).toEqual(['5 ready', '6 ready', '7 ready', '8 ready']);
  });

  it('serves on while its replacement cannot boot', async () => {
    const service = await serveReady();
    await service.serveFor(10_000);
    await asks(service, 1);
    for (let age = 3; age < 6; age++) {
      service.worker(age).failsToBoot(4, 'no database');
      await service.clock.settle();
      expect(ready(service)).toEqual(['1 ready', '2 ready']);
      while (service.workers.length === age) await service.serveFor(1000);
    }
    expect(service.log.at('error')).toHaveLength(3);
  });

  it('is replaced later and later where workers ask soon after they were ready', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    const pauses: number[] = [];
    for (let age = 1; age <= 6; age++) {
      await asks(service, age);
      const sinceMs = service.clock.now();
      while (service.workers.length === age) await service.serveFor(100);
      pauses.push(service.clock.now() - sinceMs);
      await service.ready(age + 1);
      await service.exit(age);
    }
    expect(pauses[0]).toBe(0);
    expect(pauses.at(-1)).toBeGreaterThan(5000);
    expect(
      service.log.matching(/the limit is probably too low\. Next replacement in/).length,
    ).toBeGreaterThan(3);
  });

  it('does not hold back the replacement of one that dies', async () => {
    const service = await serveReady();
    await asks(service, 1, 2);
    await asks(service, 1, 2);
    // The first was granted; that is not taken back.
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning']);
    await service.ready(3);
    expect(service.states).toEqual(['1 retiring', '2 ready', '3 ready']);
    service.worker(3).diesOf('SIGSEGV');
    await service.clock.settle();
    expect(spawning(service)).toEqual(['4 spawning']);
  });

  it.each<readonly [string, (service: FakeService) => Promise<void>]>([
    [
      'a TERM to a worker',
      async (service) => {
        service.worker(2).says({ tsunicorn: 'outgoing', reason: 'SIGTERM', by: 'signal' });
        await service.clock.settle();
      },
    ],
    [
      'a reload',
      async (service) => {
        await service.signal('SIGHUP');
        await service.ready(3);
      },
    ],
  ])('is not held back any longer after %s', async (_what, act) => {
    const service = await serveReady();
    for (let times = 0; times < 6; times++) await asks(service, 1);
    await service.ready(3);
    await service.exit(1);
    await asks(service, 2);
    expect(spawning(service)).toEqual([]);
    await act(service);
    expect(spawning(service)).toHaveLength(1);
  });

  it('is not heard when it is on its way out already', async () => {
    const service = await serveReady();
    await service.signal('SIGTTOU');
    await asks(service, 2);
    expect(service.log.matching(/will be replaced/)).toEqual([]);
  });
});
