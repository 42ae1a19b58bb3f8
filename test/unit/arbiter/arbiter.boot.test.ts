import { describe, expect, it } from 'vitest';
import { serveReady, startService } from '../../support/fake-service.ts';

describe('a start', () => {
  it('spawns every worker that is wanted at once, each in its own slot', async () => {
    const service = await startService({ settings: { workers: 3 } });
    expect(service.workers.map(({ age, slot }) => [age, slot])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
  });

  it('names the address when the first worker is ready, and only then', async () => {
    const service = await startService();
    expect(service.log.matching(/Listening at/)).toEqual([]);
    await service.ready(1);
    await service.ready(2);
    expect(service.log.matching(/Listening at: http:\/\/127\.0\.0\.1:8000 /)).toHaveLength(1);
  });

  it('does not name the address again when a dead worker is replaced', async () => {
    const service = await serveReady();
    service.worker(1).exits(1);
    await service.clock.settle();
    await service.ready(3);
    expect(service.states).toEqual(['2 ready', '3 ready']);
    expect(service.log.matching(/Listening at/)).toHaveLength(1);
  });

  it('goes on when the workers differ in how long they take', async () => {
    const service = await startService();
    await service.ready(2);
    await service.clock.advance(10_000);
    await service.ready(1);
    expect(service.states).toEqual(['1 ready', '2 ready']);
  });
});

describe('a first boot that fails', () => {
  it.each([1, 3, 4])('ends the service with the status %i that the worker gave', async (status) => {
    const service = await startService();
    service.worker(1).failsToBoot(status, 'app.ts: no such file');
    await service.clock.settle();
    expect(service.worker(2).told).toContain('quit');
    await service.exit(2);
    expect(service.status).toBe(status);
  });

  it('is told in one critical line, however many workers fail alike', async () => {
    const service = await startService({ settings: { workers: 4 } });
    for (const worker of service.workers) worker.failsToBoot(4, 'app.ts: no such file');
    await service.clock.settle();
    expect(service.status).toBe(4);
    expect(service.log.at('critical')).toEqual(['app.ts: no such file']);
    expect(service.log.at('error')).toEqual([]);
    expect(service.log.at('warning').filter((message) => /no such file/.test(message))).toEqual([]);
  });

  it("shows the stack of the operator's code where there is one", async () => {
    const service = await startService({ settings: { workers: 1 } });
    service.worker(1).failsToBoot(4, 'it threw', 'Error: it threw\n    at app.ts:3:7');
    await service.clock.settle();
    const line = service.log.lines.find(({ level }) => level === 'critical');
    expect(line?.fields?.err).toHaveProperty('stack', expect.stringContaining('app.ts:3:7'));
  });

  it('is a status 3 where the worker died without a word', async () => {
    const service = await startService({ settings: { workers: 1 } });
    service.worker(1).diesOf('SIGSEGV');
    await service.clock.settle();
    expect(service.status).toBe(3);
    expect(service.log.at('critical')).toEqual([expect.stringMatching(/SIGSEGV.* before it was ready/)]);
  });

  it('is a status 3 where the process could not even be started', async () => {
    const service = await startService({ settings: { workers: 1 } });
    service.worker(1).isNeverBorn('spawn EAGAIN');
    await service.clock.settle();
    expect(service.status).toBe(3);
    expect(service.log.at('critical')).toEqual([expect.stringContaining('spawn EAGAIN')]);
  });

  it('is a status 3 where no worker is ready in time', async () => {
    const service = await startService({ settings: { workers: 1, bootTimeout: 5 } });
    service.worker(1).says({ tsunicorn: 'hello' });
    await service.clock.advance(5000);
    expect(service.worker(1).signals).toEqual(['SIGKILL']);
    service.worker(1).diesOf('SIGKILL');
    await service.clock.settle();
    expect(service.status).toBe(3);
  });

  it('spawns nothing more, also where the boot took too long', async () => {
    const service = await startService({ settings: { workers: 2, bootTimeout: 5 } });
    await service.clock.advance(6000);
    expect(service.workers).toHaveLength(2);
  });

  it('releases the addresses', async () => {
    const service = await startService({ settings: { workers: 1 } });
    service.worker(1).failsToBoot(4, 'it threw');
    await service.clock.settle();
    expect(service.journal).toContain('close http://127.0.0.1:8000');
  });

  it('kills the workers that do not heed the order to quit', async () => {
    const service = await startService();
    service.worker(1).failsToBoot(4, 'it threw');
    await service.clock.settle();
    await service.clock.advance(2000);
    expect(service.worker(2).signals).toEqual(['SIGKILL']);
  });

  it('does not count once a worker was ready: the service goes on', async () => {
    const service = await startService();
    await service.ready(1);
    service.worker(2).failsToBoot(4, 'it threw');
    await service.clock.settle();
    expect(service.status).toBeNull();
    expect(service.log.at('critical')).toEqual([]);
    expect(service.states).toEqual(['1 ready', '3 spawning']);
  });

  it('is none of a worker that serves, whatever its application writes to the channel', async () => {
    const service = await serveReady();
    service.worker(1).says({ tsunicorn: 'bootFailed', exitStatus: 4, message: 'it threw' });
    await service.clock.settle();
    expect(service.log.at('error')).toEqual([]);
    expect(service.states).toEqual(['1 ready', '2 ready']);
  });
});
