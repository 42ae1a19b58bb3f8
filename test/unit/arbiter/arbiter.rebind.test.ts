import { existsSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serveReady } from '../../support/fake-service.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const elsewhere = ['127.0.0.1:0'];

/** An address that nobody holds. */
function freeAddress(): string {
  const socket = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
  const { port } = socket.address() as net.AddressInfo;
  socket.close();
  return `127.0.0.1:${port}`;
}

describe('a reload that binds another address', () => {
  it('releases the old one once the canary is ready, not before', async () => {
    const service = await serveReady();
    service.prepare = async () => service.configuration({ bind: elsewhere });
    await service.signal('SIGHUP');
    expect(service.journal).toEqual([]);
    await service.ready(3);
    expect(service.journal[0]).toBe('close http://127.0.0.1:8000');
    for (const listener of service.worker(3).listeners) listener.close();
  });

  it('asks the workers on the released address to empty its queue', async () => {
    const service = await serveReady();
    service.prepare = async () => service.configuration({ bind: elsewhere });
    await service.signal('SIGHUP');
    await service.ready(3);
    expect(service.worker(1).sent).toEqual([
      { tsunicorn: 'retire', purpose: 'replace', emptyQueue: true, graceMs: 30_000 },
    ]);
    for (const listener of service.worker(3).listeners) listener.close();
  });

  it('keeps the sockets that both configurations have', async () => {
    const service = await serveReady();
    service.prepare = async () => service.configuration({ bind: ['127.0.0.1:8000', ...elsewhere] });
    await service.signal('SIGHUP');
    const [kept, added] = service.worker(3).listeners;
    expect(kept).toBe(service.worker(1).listeners[0]);
    await service.ready(3);
    expect(service.journal).toEqual(['retire 1']);
    added?.close();
  });

  it('releases what only the failed canary had', async () => {
    const service = await serveReady();
    service.prepare = async () => service.configuration({ bind: ['127.0.0.1:8000', ...elsewhere] });
    await service.signal('SIGHUP');
    const url = service.worker(3).listeners[1]?.url.replace('http://', '') ?? '';
    service.worker(3).failsToBoot(1, 'it threw');
    await service.clock.settle();
    expect(service.journal).toEqual([]);
    // Bound again at once: it is free.
    service.prepare = async () => service.configuration({ bind: [url] });
    await service.signal('SIGHUP');
    expect(service.log.matching(/refused/)).toEqual([]);
    for (const listener of service.worker(4).listeners) listener.close();
  });

  it('is refused where the address is taken, and nothing changes', async () => {
    const service = await serveReady();
    service.prepare = async () => service.configuration({ bind: ['192.0.2.1:80'] });
    await service.signal('SIGHUP');
    // What knows the code of the mistake is loaded from the disk first.
    await expect
      .poll(() => service.log.at('error'))
      .toEqual([expect.stringMatching(/--bind 192\.0\.2\.1:80: /)]);
    expect(service.states).toEqual(['1 ready', '2 ready']);
  });

  it('names the new address when a worker listens there, not when an old one gets ready', async () => {
    const service = await serveReady();
    service.prepare = async () => service.configuration({ bind: elsewhere });
    await service.signal('SIGHUP');
    await service.signal('SIGTTIN');
    expect(service.worker(4).generation).toBe(1);
    await service.ready(4);
    expect(service.log.matching(/Listening at/)).toHaveLength(1);
    const [added] = service.worker(3).listeners;
    await service.ready(3);
    expect(service.log.matching(/Listening at/).at(-1)).toContain(`Listening at: ${added?.url} (`);
    for (const listener of service.worker(3).listeners) listener.close();
  });

  it('keeps each of two binds to port 0', async () => {
    const service = await serveReady({ settings: { workers: 1, bind: ['127.0.0.1:0', '127.0.0.1:0'] } });
    await service.signal('SIGHUP');
    await service.ready(2);
    expect(service.worker(2).listeners).toEqual(service.worker(1).listeners);
    expect(new Set(service.worker(2).listeners).size).toBe(2);
    expect(service.journal.filter((entry) => entry.startsWith('close'))).toEqual([]);
  });
});

describe('two reloads that bind the same new address', () => {
  it.each([
    ['TCP', freeAddress],
    ['a Unix socket', () => `unix:${temporaryDirectory()}/app.sock`],
  ])('do not collide on %s when the second comes while the first binds', async (_kind, address) => {
    const service = await serveReady();
    const bind = [address()];
    service.prepare = async () => service.configuration({ bind });
    await service.signal('SIGHUP', 'SIGHUP');
    expect(service.log.at('error')).toEqual([]);
    expect(service.states).toContain('3 spawning (generation 3)');
    await service.ready(3);
    expect(service.promoted).toEqual([3]);
    for (const listener of service.worker(3).listeners) listener.close();
  });

  it('do not collide when the failed canary of the first has not gone yet', async () => {
    const service = await serveReady();
    const bind = [freeAddress()];
    service.prepare = async () => service.configuration({ bind });
    await service.signal('SIGHUP');
    const [first] = service.worker(3).listeners;
    await service.signal('SIGHUP');
    service.worker(3).says({ tsunicorn: 'bootFailed', exitStatus: 4, message: 'no database' });
    await service.clock.settle();
    expect(service.log.at('error')).toEqual(['Reload undone, the old workers keep serving: no database']);
    expect(service.worker(4).listeners).toEqual([first]);
    await service.ready(4);
    expect(service.promoted).toEqual([3]);
    first?.close();
  });

  it('release it where the second does not want it any more', async () => {
    const service = await serveReady();
    const bind = [freeAddress()];
    service.prepare = async () => service.configuration({ bind });
    await service.signal('SIGHUP');
    service.prepare = async () => service.configuration();
    await service.signal('SIGHUP');
    await service.exit(3);
    await service.ready(4);
    service.prepare = async () => service.configuration({ bind });
    await service.signal('SIGHUP');
    expect(service.log.at('error')).toHaveLength(1);
    await service.signal('SIGTERM');
    const [host = '', port] = bind[0]?.split(':') ?? [];
    new net.BoundSocket({ host, port: Number(port) }).close();
  });

  it('leave no path behind where the service stops while one binds', async () => {
    const service = await serveReady();
    const path = join(temporaryDirectory(), 'app.sock');
    service.prepare = async () => service.configuration({ bind: [`unix:${path}`] });
    // One event after the other, so that some of the binding has been done at each.
    for (let events = 1; events < 6; events++) {
      const stages = Array.from({ length: events }, () => 'SIGUSR1' as const);
      await service.signal('SIGHUP', ...stages, 'SIGHUP', ...stages);
    }
    service.prepare = () => Promise.reject(new Error('no'));
    await service.signal('SIGHUP');
    await service.exit(3);
    expect(existsSync(path)).toBe(false);
    service.prepare = async () => service.configuration({ bind: [`unix:${path}`] });
    await service.signal('SIGHUP', 'SIGUSR1', 'SIGTERM');
    expect(existsSync(path)).toBe(false);
  });

  it('leave it free where the service stops meanwhile', async () => {
    const service = await serveReady();
    const bind = [freeAddress()];
    service.prepare = async () => service.configuration({ bind });
    await service.signal('SIGHUP', 'SIGHUP', 'SIGTERM');
    const [host = '', port] = bind[0]?.split(':') ?? [];
    const socket = new net.BoundSocket({ host, port: Number(port) });
    const server = net.createServer();
    await new Promise<void>((listening) => server.listen({ fd: socket.fd() }, listening));
    server.close();
  });
});

describe('an address that overlaps one that the service holds', () => {
  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
  ])('%s beside %s is refused for that reason', async (wanted, held) => {
    // The kernel allows both as long as neither is listened on.
    const server = net.createServer();
    await new Promise<void>((listening) => server.listen(0, held, listening));
    const { port } = server.address() as net.AddressInfo;
    const service = await serveReady({ settings: { bind: [`${held}:${port}`] } });
    service.prepare = async () => service.configuration({ bind: [`${wanted}:${port}`] });
    await service.signal('SIGHUP');
    expect(service.log.at('error')).toEqual([
      expect.stringContaining(
        `--bind ${wanted}:${port}: overlaps ${held}:${port}, which this service still uses; restart, or reload twice, with another port in between`,
      ),
    ]);
    server.close();
  });

  it('is called taken where somebody else holds it', async () => {
    const server = net.createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as net.AddressInfo;
    const service = await serveReady();
    service.prepare = async () => service.configuration({ bind: [`127.0.0.1:${port}`] });
    await service.signal('SIGHUP');
    expect(service.log.at('error')).toEqual([expect.stringMatching(/already in use/)]);
    server.close();
  });

  it('may be one that replaced workers have not left yet', async () => {
    const server = net.createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as net.AddressInfo;
    const service = await serveReady({ settings: { bind: [`127.0.0.1:${port}`] } });
    service.prepare = async () => service.configuration({ bind: elsewhere });
    await service.signal('SIGHUP');
    await service.ready(3);
    service.prepare = async () => service.configuration({ bind: [`127.0.0.1:${port}`] });
    await service.signal('SIGHUP');
    expect(service.log.at('error')).toEqual([
      expect.stringMatching(/workers that are being replaced still use it; reload again/),
    ]);
    for (const listener of service.worker(3).listeners) listener.close();
    server.close();
  });
});
