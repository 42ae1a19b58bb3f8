import { describe, expect, it } from 'vitest';
import type { ServiceStatus } from '../../../src/process/status.ts';
import { type FakeService, serveReady, startService } from '../../support/fake-service.ts';

const settings = { drainDelay: 10 };

async function lingering(): Promise<FakeService> {
  const service = await serveReady({ settings });
  await service.signal('SIGTERM');
  return service;
}

function exitAll(service: FakeService): Promise<void> {
  return service.exit(...service.workers.map(({ age }) => age));
}

describe('TERM with --drain-delay', () => {
  it('tells the workers, and leaves them and the sockets as they are until the delay is over', async () => {
    const service = await lingering();
    expect(service.states).toEqual(['1 ready', '2 ready']);
    expect(service.worker(1).told).toEqual(['linger']);
    await service.serveFor(9900);
    expect([service.journal.includes('close http://127.0.0.1:8000'), service.status]).toEqual([false, null]);
    await service.serveFor(100);
    expect(service.journal).toContain('close http://127.0.0.1:8000');
    expect(service.worker(1).told).toEqual(['linger', 'retire']);
    await exitAll(service);
    expect(service.status).toBe(0);
  });

  it.each([
    ['SIGTERM', 'retire'],
    ['SIGINT', 'quit'],
    ['SIGQUIT', 'quit'],
  ] as const)('is hastened by %s', async (signal, told) => {
    const service = await lingering();
    await service.signal(signal);
    expect(service.journal).toContain('close http://127.0.0.1:8000');
    expect(service.worker(1).told).toEqual(['linger', told]);
    await exitAll(service);
    expect(service.status).toBe(0);
  });

  it('still replaces a worker that dies, and tells the new one', async () => {
    const service = await lingering();
    service.worker(2).diesOf('SIGKILL');
    await service.clock.settle();
    await service.ready(3);
    expect(service.states).toEqual(['1 ready', '3 ready']);
    expect(service.worker(3).told).toEqual(['linger']);
  });

  it('takes no other orders, and undoes a reload under way', async () => {
    const service = await serveReady({ settings });
    await service.signal('SIGHUP');
    expect(service.states).toContain('3 spawning (generation 2)');
    await service.signal('SIGTERM', 'SIGHUP', 'SIGTTIN', 'SIGTTOU');
    await service.exit(3);
    await service.serveFor(5000);
    expect(service.states).toEqual(['1 ready', '2 ready']);
  });

  it('does not wait where no worker was ready yet', async () => {
    const service = await startService({ settings });
    await service.signal('SIGTERM');
    expect(service.states).toEqual(['1 cancelled', '2 cancelled']);
  });

  it('does not wait where another arbiter serves on the same sockets', async () => {
    const service = await serveReady({ settings, oldArbiter: 7 });
    await service.signal('SIGTERM');
    expect(service.worker(1).told).toEqual(['retire']);
  });

  it('keeps the workers that stand by until it stops, and lets them go before the others', async () => {
    const service = await startService({ settings: { ...settings, workers: 1, spareWorkers: 1 } });
    await service.standBy(1);
    await service.ready(1);
    await service.standBy(2);
    await service.signal('SIGTERM');
    await service.clock.advance(5000);
    expect(service.states).toEqual(['1 ready', '2 standby']);
    await service.signal('SIGTERM');
    expect(service.states).toEqual(['1 ready', '2 cancelled']);
    await service.exit(2);
    expect(service.states).toEqual(['1 retiring']);
  });

  it('refuses an upgrade and a rest meanwhile', async () => {
    const service = await lingering();
    await service.signal('SIGUSR2', 'SIGWINCH');
    expect(service.log.matching(/refused/)).toHaveLength(2);
    expect(service.states).toEqual(['1 ready', '2 ready']);
  });

  it('is a service that stops to whoever observes it, and may take the delay and the grace', async () => {
    const seen: ServiceStatus[] = [];
    const observe = () => (status: ServiceStatus) => {
      seen.push(status);
      return Infinity;
    };
    const service = await serveReady({ settings: { ...settings, gracefulTimeout: 30 }, observe });
    await service.signal('SIGTERM');
    const { phase, graceMs, workers } = seen.at(-1) ?? {};
    expect({ phase, graceMs, workers }).toEqual({
      phase: 'stopping',
      graceMs: 40_000,
      workers: { wanted: 2, ready: 2, current: 2, all: 2 },
    });
  });
});
