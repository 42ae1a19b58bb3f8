import { describe, expect, it } from 'vitest';
import type { WorkerLoad } from '../../../src/process/ipc/messages.ts';
import type { Settings } from '../../../src/settings/catalogue/catalogue.ts';
import type { Hooks } from '../../../src/settings/hooks.ts';
import { type FakeService, serveReady, startService } from '../../support/fake-service.ts';

const busy = { utilisation: 1, inFlight: 3 };
const idle = { utilisation: 0.05, inFlight: 0 };

function scaled(changed: Partial<Settings> = {}, hooks: Hooks = {}): Promise<FakeService> {
  return serveReady({ settings: { workers: 2, workersMin: 1, workersMax: 4, ...changed }, hooks });
}

function lines(service: FakeService): string[] {
  return service.log.matching(/^Scaling/);
}

describe('a service that scales by its load', () => {
  it('spawns more workers after some seconds of high load, and says why in one line', async () => {
    const service = await scaled();
    await service.serveFor(4000, busy);
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning', '4 spawning']);
    expect(lines(service)).toEqual([
      'Scaling workers up from 2 to 4: utilisation 1.00 and 3.0 requests in flight a worker for 3 s',
    ]);
  });

  it('retires one after a minute of low load, then another a minute later, never the last', async () => {
    const service = await scaled({ workers: 3 });
    await service.serveFor(64_000, idle);
    expect(service.states).toEqual(['1 ready', '2 ready', '3 retiring']);
    await service.exit(3);
    await service.serveFor(50_000, idle);
    expect(lines(service)).toHaveLength(1);
    await service.serveFor(14_000, idle);
    await service.exit(2);
    await service.serveFor(200_000, idle);
    expect(service.states).toEqual(['1 ready']);
    expect(lines(service)).toEqual([
      'Scaling workers down from 3 to 2: at most utilisation 0.05 and 0.0 requests in flight a worker for 60 s',
      'Scaling workers down from 2 to 1: at most utilisation 0.05 and 0.0 requests in flight a worker for 60 s',
    ]);
  });

  it('takes a worker that does not report for a busy one', async () => {
    const service = await scaled({ workers: 1 });
    await service.serveFor(10_000);
    expect(service.states).toEqual(['1 ready', '2 spawning']);
  });

  it('calls the nworkersChanged hook', async () => {
    const seen: unknown[] = [];
    const service = await scaled(
      {},
      { nworkersChanged: (arbiter, after, before) => void seen.push([arbiter.workers, after, before]) },
    );
    await service.serveFor(4000, busy);
    expect(seen).toEqual([
      [2, 2, null],
      [4, 4, 2],
    ]);
  });

  it('waits until the new workers serve before it looks again', async () => {
    const service = await scaled({ workers: 1 });
    await service.serveFor(30_000, busy);
    expect(service.states).toEqual(['1 ready', '2 spawning']);
    await service.ready(2);
    await service.serveFor(4000, busy);
    expect(lines(service)).toHaveLength(2);
  });

  it('does nothing without the settings', async () => {
    const service = await scaled({ workersMin: null, workersMax: null });
    await service.serveFor(10_000, busy);
    expect(service.states).toEqual(['1 ready', '2 ready']);
  });
});

describe('a service that scales and always replaces some worker', () => {
  /** So many times, after 6 s of that load, the oldest worker asks to go and is replaced, which takes 2 s. */
  async function recycle(service: FakeService, times: number, load: WorkerLoad): Promise<void> {
    for (let left = times; left > 0 && lines(service).length === 0; left--) {
      await service.serveFor(6000, load);
      const oldest = service.workers.find(({ state }) => state.name === 'ready')?.age ?? 0;
      service.worker(oldest).says({ tsunicorn: 'outgoing', reason: 'served 100 requests', by: 'itself' });
      await service.serveFor(1000, load);
      await service.ready(service.workers.length);
      await service.serveFor(1000, load);
      await service.exit(oldest);
    }
  }

  it('has fewer workers after a minute of low load', async () => {
    const service = await scaled({ workers: 3 });
    await recycle(service, 9, idle);
    expect(lines(service)).toEqual([expect.stringMatching(/down from 3 to 2: at most utilisation 0\.05 /)]);
  });

  it('does not take what happened meanwhile for load', async () => {
    const service = await scaled({ workers: 3, workersMin: 3 });
    await recycle(service, 12, idle);
    expect(lines(service)).toEqual([]);
  });

  it('keeps them where the load was high in between', async () => {
    const service = await scaled({ workersMax: 2 });
    await recycle(service, 4, idle);
    await recycle(service, 1, busy);
    await recycle(service, 5, idle);
    expect(lines(service)).toEqual([]);
  });
});

describe('TTIN and TTOU where the load decides too', () => {
  it('change the number within the limits, and say where these are', async () => {
    const service = await scaled({ workersMax: 3 });
    await service.signal('SIGTTIN');
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning']);
    await service.signal('SIGTTIN');
    expect(service.workers).toHaveLength(3);
    expect(service.log.at('warning')).toEqual(['The number of workers stays 3: workers-max is reached']);
    await service.ready(3);
    await service.signal('SIGTTOU', 'SIGTTOU', 'SIGTTOU');
    expect(service.states).toEqual(['1 ready', '2 retiring', '3 retiring']);
    expect(service.log.at('warning').at(-1)).toBe('The number of workers stays 1: workers-min is reached');
  });

  it('are where it goes on from', async () => {
    const service = await scaled({ workersMax: 8 });
    await service.signal('SIGTTOU');
    await service.exit(2);
    await service.serveFor(4000, busy);
    expect(lines(service)).toEqual([expect.stringContaining('from 1 to 2')]);
  });
});

describe('while anything else is under way', () => {
  it('a reload that reads holds it still', async () => {
    const service = await scaled();
    service.prepare = () => new Promise(() => {});
    await service.signal('SIGHUP');
    await service.serveFor(10_000, busy);
    expect(service.workers).toHaveLength(2);
  });

  it('a canary that boots holds it still', async () => {
    const service = await scaled();
    await service.signal('SIGHUP');
    await service.serveFor(10_000, busy);
    expect(service.workers).toHaveLength(3);
  });

  it('old workers that are being replaced hold it still', async () => {
    const service = await scaled();
    await service.signal('SIGHUP');
    await service.ready(3);
    await service.serveFor(10_000, busy);
    expect(lines(service)).toEqual([]);
    await service.ready(4);
    await service.serveFor(4000, busy);
    expect(lines(service)).toHaveLength(1);
  });

  it('a crash loop holds it still', async () => {
    const service = await scaled();
    service.worker(2).diesOf('SIGKILL');
    await service.clock.settle();
    for (const age of [3, 4, 5]) {
      service.worker(age).failsToBoot(4, 'it threw');
      await service.serveFor(3000, busy);
    }
    expect(lines(service)).toEqual([]);
  });

  it('a spare worker that died does not', async () => {
    const service = await startService({
      settings: { workers: 1, workersMin: 1, workersMax: 4, spareWorkers: 1 },
    });
    await service.standBy(1);
    await service.ready(1);
    await service.standBy(2);
    service.worker(2).diesOf('SIGKILL');
    await service.clock.settle();
    await service.standBy(3);
    await service.serveFor(5000, busy);
    expect(service.states).toEqual(['1 ready', '3 opening']);
  });
});

describe('a reload of a service that scales', () => {
  /** After HUP onto the changed settings, with every worker that is spawned getting ready. */
  async function reloaded(changed: Partial<Settings>): Promise<FakeService> {
    const service = await scaled({ workersMax: 8 });
    await service.serveFor(4000, busy);
    await service.ready(3, 4);
    expect(service.states).toHaveLength(4);
    service.prepare = async () => service.configuration(changed);
    await service.signal('SIGHUP');
    for (let age = 5; age <= service.workers.length; age++) await service.ready(age);
    return service;
  }
  const serving = (service: FakeService) =>
    service.states.filter((state) => state.endsWith('ready (generation 2)')).length;

  it('keeps the number of workers', async () => {
    expect(serving(await reloaded({}))).toBe(4);
  });

  it('takes over what the settings say where they changed', async () => {
    expect(serving(await reloaded({ workers: 1 }))).toBe(1);
    expect(serving(await reloaded({ workersMax: 3 }))).toBe(3);
    expect(serving(await reloaded({ workersMin: 6, workers: 6 }))).toBe(6);
    expect(serving(await reloaded({ workersMin: null, workersMax: null }))).toBe(2);
  });
});
