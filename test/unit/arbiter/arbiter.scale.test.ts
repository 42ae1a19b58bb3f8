import { describe, expect, it } from 'vitest';
import { serveReady, startService } from '../../support/fake-service.ts';

const never = () => new Promise<never>(() => {});

describe('TTIN', () => {
  it('adds a worker to those that serve', async () => {
    const service = await serveReady();
    await service.signal('SIGTTIN');
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning']);
  });

  it('adds one while the first workers still boot', async () => {
    const service = await startService();
    await service.signal('SIGTTIN');
    expect(service.states).toEqual(['1 spawning', '2 spawning', '3 spawning']);
  });

  it('adds one of the present generation while a reload is being read', async () => {
    const service = await serveReady();
    service.prepare = never;
    await service.signal('SIGHUP', 'SIGTTIN');
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning']);
  });

  it('adds one of the present generation while a canary boots', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.signal('SIGTTIN');
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning (generation 2)', '4 spawning']);
  });

  it('acts while the old generation is being replaced, without a dip', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.ready(3);
    await service.signal('SIGTTIN');
    const serving = service.states.filter((state) => / ready/.test(state));
    expect(serving.length).toBeGreaterThanOrEqual(2);
    for (let age = 4; age <= service.workers.length; age++) await service.ready(age);
    const ready = service.states.filter((state) => state.endsWith('ready (generation 2)'));
    expect(ready).toHaveLength(3);
  });

  it('changes nothing once the service stops', async () => {
    const service = await serveReady();
    await service.signal('SIGTERM', 'SIGTTIN');
    expect(service.workers).toHaveLength(2);
  });
});

describe('TTOU', () => {
  it('retires the worker in the highest slot', async () => {
    const service = await serveReady();
    await service.signal('SIGTTOU');
    expect(service.states).toEqual(['1 ready', '2 retiring']);
    expect(service.worker(2).sent).toEqual([
      { tsunicorn: 'retire', purpose: 'replace', emptyQueue: false, graceMs: 30_000 },
    ]);
  });

  it('never goes below one worker', async () => {
    const service = await serveReady();
    await service.signal('SIGTTOU', 'SIGTTOU', 'SIGTTOU');
    expect(service.states).toEqual(['1 ready', '2 retiring']);
  });

  it('sends home a worker that still boots rather than one that serves', async () => {
    const service = await startService();
    await service.ready(1);
    await service.signal('SIGTTOU');
    expect(service.states).toEqual(['1 ready', '2 cancelled']);
  });

  it('leaves the canary of a reload alone', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.signal('SIGTTOU');
    expect(service.states).toEqual(['1 ready', '2 retiring', '3 spawning (generation 2)']);
  });

  it('acts while the old generation is being replaced', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.ready(3);
    await service.signal('SIGTTOU');
    expect(service.worker(2).told).toEqual(['retire']);
    expect(service.worker(3).state.name).toBe('ready');
  });

  it('takes TTIN back', async () => {
    const service = await serveReady();
    await service.signal('SIGTTIN', 'SIGTTOU');
    const wanted = service.states.filter((state) => !state.endsWith('cancelled'));
    expect(wanted).toEqual(['1 ready', '2 ready']);
  });
});

describe('the other signals', () => {
  it('USR1 reopens the logs of the arbiter and of every worker, in whatever state', async () => {
    const service = await serveReady({ settings: { workers: 3 } });
    await service.signal('SIGTTOU', 'SIGTTIN');
    service.worker(4).says({ tsunicorn: 'hello' });
    await service.clock.settle();
    expect(service.states).toEqual(['1 ready', '2 ready', '3 retiring', '4 booting']);
    await service.signal('SIGUSR1');
    expect(service.log.reopened).toBe(1);
    for (const worker of service.workers) expect(worker.told).toContain('reopenLogs');
  });

  it('logs each signal that is handled', async () => {
    const service = await serveReady();
    await service.signal('SIGTTIN');
    expect(service.log.matching(/ttin/i)).toHaveLength(1);
  });
});
