import { describe, expect, it, vi } from 'vitest';
import type { Hooks } from '../../../src/settings/hooks.ts';
import { serveReady, startService } from '../../support/fake-service.ts';

const fail = (): never => {
  throw new Error('the hook is broken');
};
const reject = () => Promise.reject(new Error('the hook is broken'));

function all(hook: () => never | Promise<never>): Hooks {
  return {
    onReload: hook,
    whenReady: hook,
    preFork: hook,
    childExit: hook,
    nworkersChanged: hook,
    onExit: hook,
  };
}

describe('hooks', () => {
  it.each([
    ['throw', fail],
    ['reject', reject],
  ])('that %s are logged and without effect', async (_how, hook) => {
    const service = await serveReady({ hooks: all(hook) });
    service.prepare = async () => service.configuration({}, all(hook));
    await service.signal('SIGTTIN');
    await service.ready(3);
    await service.signal('SIGHUP');
    await service.ready(4);
    await service.signal('SIGTERM');
    await service.exit(...service.workers.map(({ age }) => age));
    expect(service.status).toBe(0);
    for (const name of Object.keys(all(hook)))
      expect(service.log.matching(new RegExp(`hook ${name} failed`)).length, name).toBeGreaterThan(0);
  });

  it('of the start: the number of workers before anything is spawned, then each fork', async () => {
    const calls: string[] = [];
    await startService({
      hooks: {
        nworkersChanged: (_arbiter, after, before) => void calls.push(`${before} → ${after}`),
        preFork: (_arbiter, { pid, age, slot }) => void calls.push(`pid ${pid}, age ${age}, slot ${slot}`),
      },
    });
    expect(calls).toEqual(['null → 2', 'pid 0, age 1, slot 0', 'pid 0, age 2, slot 1']);
  });

  it('onExit is waited for, five seconds at most', async () => {
    const service = await serveReady({ hooks: { onExit: () => new Promise(() => {}) } });
    await service.signal('SIGTERM');
    await service.exit(1, 2);
    expect(service.status).toBe(null);
    await service.clock.advance(4999);
    expect(service.status).toBe(null);
    await service.clock.advance(1);
    expect(service.status).toBe(0);
    expect(service.log.matching(/onExit did not finish/)).toHaveLength(1);
  });

  it('whenReady is called once, when the first worker is ready', async () => {
    const whenReady = vi.fn();
    const service = await startService({ hooks: { whenReady } });
    expect(whenReady).not.toHaveBeenCalled();
    await service.ready(1);
    expect(whenReady).toHaveBeenCalledTimes(1);
    await service.ready(2);
    service.worker(2).exits(1);
    await service.clock.settle();
    await service.ready(3);
    expect(whenReady).toHaveBeenCalledTimes(1);
  });

  it('nworkersChanged tells the number after and before, and nothing where it stays', async () => {
    const nworkersChanged = vi.fn();
    const service = await serveReady({ settings: { workers: 1 }, hooks: { nworkersChanged } });
    await service.signal('SIGTTIN', 'SIGTTOU', 'SIGTTOU');
    const changes = nworkersChanged.mock.calls.map(([, after, before]) => [after, before]);
    expect(changes).toEqual([
      [1, null],
      [2, 1],
      [1, 2],
    ]);
  });

  it('childExit names the worker that is gone', async () => {
    const childExit = vi.fn();
    const service = await serveReady({ hooks: { childExit } });
    service.worker(2).diesOf('SIGKILL');
    await service.clock.settle();
    expect(childExit).toHaveBeenCalledTimes(1);
    expect(childExit.mock.calls[0]?.[1]).toMatchObject({ pid: 1002, age: 2, slot: 1, generation: 1 });
  });

  it('onReload is the new configuration’s own, called once it was accepted', async () => {
    const before = vi.fn();
    const after = vi.fn();
    const service = await serveReady({ hooks: { onReload: before } });
    service.prepare = async () => service.configuration({}, { onReload: after });
    await service.signal('SIGHUP');
    expect(after).toHaveBeenCalledTimes(1);
    expect(before).not.toHaveBeenCalled();
  });

  it('onReload is called once, also where the read of a reload that was superseded ends later', async () => {
    const onReload = vi.fn();
    const service = await serveReady();
    const ends: (() => void)[] = [];
    service.prepare = () =>
      new Promise((resolve) => ends.push(() => resolve(service.configuration({}, { onReload }))));
    await service.signal('SIGHUP', 'SIGHUP');
    for (const end of ends.toReversed()) {
      end();
      await service.clock.settle();
    }
    expect([ends.length, onReload.mock.calls.length]).toEqual([2, 1]);
  });

  it('onReload is not called for a configuration that was refused', async () => {
    const onReload = vi.fn();
    const service = await serveReady({ hooks: { onReload } });
    service.prepare = () => Promise.reject(new Error('config.ts: no'));
    await service.signal('SIGHUP');
    expect(onReload).not.toHaveBeenCalled();
  });

  it('see the arbiter as it is at the moment', async () => {
    const seen: number[] = [];
    const service = await serveReady({
      hooks: { childExit: ({ workers, generation }) => void seen.push(workers, generation) },
    });
    await service.signal('SIGTTIN');
    service.worker(1).exits(1);
    await service.clock.settle();
    expect(seen).toEqual([3, 1]);
  });

  it('onExit is the last, after every worker has gone', async () => {
    const calls: string[] = [];
    const service = await serveReady({
      settings: { workers: 1 },
      hooks: { childExit: () => void calls.push('childExit'), onExit: () => void calls.push('onExit') },
    });
    await service.signal('SIGTERM');
    expect(calls).toEqual([]);
    await service.exit(1);
    expect(calls).toEqual(['childExit', 'onExit']);
  });
});
