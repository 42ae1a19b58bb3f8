import { describe, expect, it } from 'vitest';
import { type FakeService, startService } from '../../support/fake-service.ts';

/** A service in which worker 1 serves, and worker 2 boots until its time is over with the very next event. */
async function nearlyOver(): Promise<FakeService> {
  const service = await startService({ settings: { workers: 2, bootTimeout: 5 } });
  await service.ready(1);
  await service.clock.advance(2000);
  await service.signal('SIGHUP');
  service.worker(3).says({ tsunicorn: 'hello' });
  await service.clock.advance(2600);
  service.clock.block(400);
  return service;
}

describe('a boot whose time is over in the turn', () => {
  it('in which another generation proves itself is no failure of that one', async () => {
    const service = await nearlyOver();
    service.worker(3).says({ tsunicorn: 'ready', urls: [] });
    await service.clock.settle();
    expect(service.worker(2).signals).toEqual(['SIGKILL']);
    expect(service.promoted).toEqual([2]);
    expect(service.log.at('error')).toEqual([]);
  });

  it('in which the service stops is not tried again', async () => {
    const service = await nearlyOver();
    await service.signal('SIGTERM');
    expect(service.worker(2).signals).toEqual(['SIGKILL']);
    expect(service.log.matching(/next try/)).toEqual([]);
  });
});
