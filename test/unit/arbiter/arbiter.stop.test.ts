import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Prepared } from '../../../src/arbiter/change/generation.ts';
import { type FakeService, serveReady, startService } from '../../support/fake-service.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const never = () => new Promise<never>(() => {});

const phases: Readonly<Record<string, () => Promise<FakeService>>> = {
  spawning: () => startService(),
  booting: async () => {
    const service = await startService();
    for (const worker of service.workers) worker.says({ tsunicorn: 'hello' });
    await service.clock.settle();
    return service;
  },
  serving: () => serveReady(),
  'reading its configuration again': async () => {
    const service = await serveReady();
    service.prepare = never;
    await service.signal('SIGHUP');
    return service;
  },
  'proving a canary': async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    return service;
  },
  'replacing a generation': async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.ready(3);
    return service;
  },
};

const everyPhase = Object.entries(phases);

function exitAll(service: FakeService): Promise<void> {
  return service.exit(...service.workers.map(({ age }) => age));
}

describe.each(everyPhase)('TERM while %s', (_name, arrive) => {
  it('lets every worker finish, spawns no other and ends with status 0', async () => {
    const service = await arrive();
    await service.signal('SIGTERM');
    const count = service.workers.length;
    const unready = service.workers.filter(
      ({ state }) => state.name !== 'ready' && state.name !== 'retiring',
    );
    for (const worker of unready) expect(worker.told).toEqual(['retire']);
    await service.exit(...unready.map(({ age }) => age));
    for (const worker of service.workers)
      expect(worker.sent.at(-1)).toMatchObject(
        unready.includes(worker) ? { tsunicorn: 'retire' } : { tsunicorn: 'retire', purpose: 'stop' },
      );
    await exitAll(service);
    expect(service.status).toBe(0);
    expect(service.workers).toHaveLength(count);
  });
});

describe.each(everyPhase)('INT while %s', (_name, arrive) => {
  it('tells every worker to quit and ends with status 0', async () => {
    const service = await arrive();
    await service.signal('SIGINT');
    const count = service.workers.length;
    for (const worker of service.workers) expect(worker.told).toContain('quit');
    await exitAll(service);
    expect(service.status).toBe(0);
    expect(service.workers).toHaveLength(count);
  });
});

describe('a graceful stop', () => {
  it('closes the listeners before it retires the workers', async () => {
    const service = await serveReady();
    await service.signal('SIGTERM');
    expect(service.journal).toEqual(['close http://127.0.0.1:8000', 'retire 2', 'retire 1']);
  });

  it('asks the workers to empty the queue and gives them the grace of the settings', async () => {
    const service = await serveReady({ settings: { workers: 1, gracefulTimeout: 7 } });
    await service.signal('SIGTERM');
    expect(service.worker(1).sent).toEqual([
      { tsunicorn: 'retire', purpose: 'stop', emptyQueue: true, graceMs: 7000 },
    ]);
  });

  it('kills a worker that outlives its grace, and still ends with status 0', async () => {
    const service = await serveReady({ settings: { workers: 1, gracefulTimeout: 7 } });
    await service.signal('SIGTERM');
    await service.clock.advance(7000);
    expect(service.worker(1).signals).toEqual([]);
    await service.clock.advance(2000);
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
    service.worker(1).diesOf('SIGKILL');
    await service.clock.settle();
    expect(service.status).toBe(0);
  });

  it('waits for a worker that was retiring before', async () => {
    const service = await serveReady();
    await service.signal('SIGTTOU');
    await service.signal('SIGTERM');
    await service.exit(2);
    expect(service.status).toBeNull();
    await service.exit(1);
    expect(service.status).toBe(0);
  });

  it('is not undone by a worker that gets ready meanwhile', async () => {
    const service = await startService();
    await service.signal('SIGTERM');
    await service.ready(1);
    expect(service.states).toEqual(['1 retiring', '2 cancelled']);
    expect(service.log.matching(/Listening at/)).toEqual([]);
  });

  it('keeps its status 0 where a worker cannot boot meanwhile', async () => {
    const service = await startService();
    await service.signal('SIGTERM');
    service.worker(1).failsToBoot(4, 'it threw');
    await service.exit(2);
    expect(service.status).toBe(0);
    expect(service.log.at('critical')).toEqual([]);
  });

  it('takes no other orders', async () => {
    const service = await serveReady();
    await service.signal('SIGTERM', 'SIGHUP', 'SIGTTIN', 'SIGTTOU');
    await service.clock.advance(1000);
    expect(service.workers).toHaveLength(2);
    await exitAll(service);
    expect(service.status).toBe(0);
  });

  it('closes what a reload opens after it', async () => {
    const service = await serveReady();
    const path = join(temporaryDirectory(), 'app.sock');
    const read = Promise.withResolvers<Prepared>();
    service.prepare = () => read.promise;
    await service.signal('SIGHUP', 'SIGTERM');
    read.resolve(service.configuration({ bind: [`unix:${path}`] }));
    await service.clock.settle();
    expect(existsSync(path)).toBe(false);
    await exitAll(service);
    expect(service.status).toBe(0);
    expect(service.workers).toHaveLength(2);
  });
});

describe('a quick stop', () => {
  it('kills after two seconds what has not quit', async () => {
    const service = await serveReady();
    await service.signal('SIGQUIT');
    await service.clock.advance(1900);
    expect(service.worker(1).signals).toEqual([]);
    await service.clock.advance(100);
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
  });

  it('keeps its deadline whatever the workers still say', async () => {
    const service = await serveReady();
    await service.signal('SIGINT');
    service.worker(1).says({ tsunicorn: 'leaving', reason: 'uncaught exception', by: 'itself' });
    await service.clock.advance(2000);
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
  });
});

describe('a stop after a reload', () => {
  it('tells the workers that retire already too, once, and leaves them their grace', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    await service.signal('SIGHUP');
    await service.ready(2);
    const { state } = service.worker(1);
    await service.clock.advance(2000);
    await service.signal('SIGTERM');
    expect(service.worker(1).sent).toMatchObject([
      { tsunicorn: 'retire', purpose: 'replace' },
      { tsunicorn: 'retire', purpose: 'stop', emptyQueue: false },
    ]);
    expect(service.worker(1).state).toEqual({ ...state, purpose: 'stop' });
    await service.clock.advance(1000);
    expect(service.worker(1).told).toEqual(['retire', 'retire']);
  });
});

describe('another stop signal', () => {
  it('after TERM makes it quick', async () => {
    const service = await serveReady();
    await service.signal('SIGTERM');
    await service.signal('SIGTERM');
    expect(service.worker(1).told).toEqual(['retire', 'quit']);
    await service.clock.advance(2000);
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
  });

  it.each(['SIGINT', 'SIGQUIT', 'SIGTERM'] as const)('after INT, %s kills at once', async (signal) => {
    const service = await serveReady();
    await service.signal('SIGINT');
    expect(service.worker(1).signals).toEqual([]);
    await service.signal(signal);
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
    expect(service.worker(2).signals).toEqual(['SIGKILL']);
  });

  it('in one burst hastens as if it had come later', async () => {
    const service = await serveReady();
    await service.signal('SIGTERM', 'SIGTERM', 'SIGTERM');
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
  });

  it('keeps the status of a first boot that failed', async () => {
    const service = await startService();
    service.worker(1).failsToBoot(4, 'it threw');
    await service.signal('SIGTERM');
    await service.exit(2);
    expect(service.status).toBe(4);
  });
});
