import { describe, expect, it } from 'vitest';
import { serveReady } from '../../support/fake-service.ts';

const untouched = ['1 ready', '2 ready'];
describe('a reload that fails', () => {
  it('to read changes nothing and says why', async () => {
    const service = await serveReady();
    service.prepare = () => Promise.reject(new Error('config.ts:3: workers: expected a count'));
    await service.signal('SIGHUP');
    expect(service.states).toEqual(untouched);
    expect(service.journal).toEqual([]);
    expect(service.log.at('error')).toEqual([
      expect.stringContaining('config.ts:3: workers: expected a count'),
    ]);
  });

  it('to boot its canary changes nothing and says why', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    service.worker(3).failsToBoot(4, 'app.ts: it threw');
    await service.clock.settle();
    await service.serveFor(60_000);
    expect(service.states).toEqual(untouched);
    expect(service.journal).toEqual([]);
    expect(service.promoted).toEqual([]);
    expect(service.log.at('error')).toEqual([expect.stringContaining('app.ts: it threw')]);
  });

  it('by a canary that dies without a word changes nothing', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    service.worker(3).diesOf('SIGSEGV');
    await service.clock.settle();
    expect(service.states).toEqual(untouched);
    expect(service.log.matching(/Reload undone.*SIGSEGV/)).toHaveLength(1);
  });

  it('by a canary that is not ready in time spawns nothing in its place', async () => {
    const service = await serveReady({ settings: { workers: 2, bootTimeout: 5 } });
    await service.signal('SIGHUP');
    await service.serveFor(6000);
    expect(service.worker(3).signals).toEqual(['SIGKILL']);
    service.worker(3).diesOf('SIGKILL');
    await service.clock.settle();
    expect(service.states).toEqual(untouched);
    expect(service.workers).toHaveLength(3);
  });

  it('can be tried again', async () => {
    const service = await serveReady();
    service.prepare = () => Promise.reject(new Error('no'));
    await service.signal('SIGHUP');
    service.prepare = async () => service.configuration();
    await service.signal('SIGHUP');
    await service.ready(3);
    expect(service.promoted).toEqual([3]);
  });

  it('does not delay the replacement of an old worker that dies', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    service.worker(3).failsToBoot(4, 'it threw');
    service.worker(1).exits(1);
    await service.clock.settle();
    expect(service.states).toEqual(['2 ready', '4 spawning']);
  });
});
