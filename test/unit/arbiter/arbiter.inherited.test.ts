import { fstatSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { type FakeService, serveReady } from '../../support/fake-service.ts';

/** HUP until its outcome: what reads an inherited descriptor is imported at its first use. */
async function reload(service: FakeService): Promise<void> {
  const { length } = service.workers;
  await service.signal('SIGHUP');
  await expect
    .poll(() => service.workers.length > length || service.log.matching(/Reload refused/).length > 0, {
      timeout: 20_000,
    })
    .toBe(true);
}

/** A service that reloads onto its address and a descriptor that it was started with. */
async function reloadOnto(fd: number, ...more: string[]): Promise<FakeService> {
  const service = await serveReady();
  service.prepare = async () => service.configuration({ bind: ['127.0.0.1:8000', `fd://${fd}`, ...more] });
  await reload(service);
  return service;
}

describe('an inherited descriptor that a reload tries', () => {
  it('is there for the next one where the canary did not get ready', async () => {
    const socket = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
    const service = await reloadOnto(socket.fd());
    service.worker(3).failsToBoot(1, 'it threw');
    await service.clock.settle();
    expect(service.log.matching(/undone/)).toHaveLength(1);
    expect(fstatSync(socket.fd()).isSocket()).toBe(true);
    await reload(service);
    await service.ready(4);
    expect(service.worker(4).listeners.map(({ fd }) => fd)).toContain(socket.fd());
    socket.close();
  });

  it('stays open where another address is refused', async () => {
    const socket = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
    const service = await reloadOnto(socket.fd(), 'unix:/nowhere/at/all.sock');
    expect(service.log.matching(/Reload refused/)).toHaveLength(1);
    expect(fstatSync(socket.fd()).isSocket()).toBe(true);
    socket.close();
  });
});
