import { describe, expect, it } from 'vitest';
import { Companions } from '../../../src/arbiter/companions/companions.ts';
import { type FakeService, serveReady } from '../../support/fake-service.ts';
import { planOf } from './companions/companions-world.ts';

/** A service whose next generation has a companion that is required, and which was told to reload. */
async function tried(required = true): Promise<FakeService> {
  const service = await serveReady();
  const companions = {
    plans: [planOf('jobs', { required })],
    unbound: [],
    supervise: (options: ConstructorParameters<typeof Companions>[0]) => new Companions(options),
  };
  service.prepare = async () => ({ ...service.configuration(), companions });
  await service.signal('SIGHUP');
  await service.ready(3);
  return service;
}

describe('a reload with a required companion', () => {
  it('is promoted when the companion has lasted', async () => {
    const service = await tried();
    expect(service.companions.map(({ args }) => args)).toEqual([['0', '2']]);
    expect(service.promoted).toEqual([]);
    await service.serveFor(4000);
    expect(service.promoted).toEqual([]);
    expect(service.states).toEqual(['1 ready', '2 ready', '3 ready (generation 2)']);
    await service.serveFor(2000);
    expect(service.promoted).toEqual([2]);
    expect(service.companions).toHaveLength(1);
  });

  it('is promoted at once when the companion says that it is ready', async () => {
    const service = await tried();
    service.companions[0]?.emit('message', { tsunicorn: 'companionReady' });
    await service.clock.settle();
    expect(service.promoted).toEqual([2]);
  });

  it('is undone when the companion fails, and the old workers keep serving', async () => {
    const service = await tried();
    service.companions[0]?.ends(9);
    await service.clock.settle();
    expect(service.log.matching(/undone/)).toEqual([
      expect.stringMatching(
        /: companion jobs \(pid: 1000\) exited with status 9 after 0.0 s, and is required$/,
      ),
    ]);
    expect(service.promoted).toEqual([]);
    expect(service.states).toEqual(['1 ready', '2 ready', '3 retiring (generation 2)']);
    await service.serveFor(6000);
    expect(service.companions).toHaveLength(1);
  });

  it('is undone when its first worker ends meanwhile', async () => {
    const service = await tried();
    await service.exit(3);
    expect(service.log.matching(/undone/)).toHaveLength(1);
    await service.serveFor(1000);
    expect(service.states).toEqual(['1 ready', '2 ready']);
    expect(service.promoted).toEqual([]);
  });

  it('is dropped when the service stops', async () => {
    const service = await tried();
    await service.signal('SIGTERM');
    service.companions[0]?.ends(0);
    await service.exit(1, 2, 3);
    expect(service.status).toBe(0);
    expect(service.promoted).toEqual([]);
  });
});

it('a companion that is not required never undoes a reload', async () => {
  const service = await tried(false);
  expect(service.promoted).toEqual([2]);
  service.companions[0]?.ends(9);
  await service.clock.settle();
  expect(service.log.matching(/undone/)).toEqual([]);
});
