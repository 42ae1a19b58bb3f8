import { describe, expect, it } from 'vitest';
import { serveReady } from '../../support/fake-service.ts';

const elsewhere = ['127.0.0.1:0'];

describe('a reload that binds another address', () => {
  it('releases the old one once the canary is ready, not before', async () => {
    const service = await serveReady();
    service.reread = async () => service.configuration({ bind: elsewhere });
    await service.signal('SIGHUP');
    expect(service.journal).toEqual([]);
    await service.ready(3);
    expect(service.journal[0]).toBe('close http://127.0.0.1:8000');
    for (const listener of service.worker(3).listeners) listener.close();
  });

  it('asks the workers on the released address to empty its queue', async () => {
    const service = await serveReady();
    service.reread = async () => service.configuration({ bind: elsewhere });
    await service.signal('SIGHUP');
    await service.ready(3);
    expect(service.worker(1).sent).toEqual([{ tsunicorn: 'retire', emptyQueue: true, graceMs: 30_000 }]);
    for (const listener of service.worker(3).listeners) listener.close();
  });

  it('keeps the sockets that both configurations have', async () => {
    const service = await serveReady();
    service.reread = async () => service.configuration({ bind: ['127.0.0.1:8000', ...elsewhere] });
    await service.signal('SIGHUP');
    const [kept, added] = service.worker(3).listeners;
    expect(kept).toBe(service.worker(1).listeners[0]);
    await service.ready(3);
    expect(service.journal).toEqual(['retire 1']);
    added?.close();
  });

  it('releases what only the failed canary had', async () => {
    const service = await serveReady();
    service.reread = async () => service.configuration({ bind: ['127.0.0.1:8000', ...elsewhere] });
    await service.signal('SIGHUP');
    const url = service.worker(3).listeners[1]?.url.replace('http://', '') ?? '';
    service.worker(3).failsToBoot(1, 'it threw');
    await service.clock.settle();
    expect(service.journal).toEqual([]);
    // Bound again at once: it is free.
    service.reread = async () => service.configuration({ bind: [url] });
    await service.signal('SIGHUP');
    expect(service.log.matching(/refused/)).toEqual([]);
    for (const listener of service.worker(4).listeners) listener.close();
  });

  it('is refused where the address is taken, and nothing changes', async () => {
    const service = await serveReady();
    service.reread = async () => service.configuration({ bind: ['192.0.2.1:80'] });
    await service.signal('SIGHUP');
    expect(service.states).toEqual(['1 ready', '2 ready']);
    expect(service.log.at('error')).toEqual([expect.stringMatching(/--bind 192\.0\.2\.1:80: /)]);
  });

  it('names the new address when a worker listens there, not when an old one gets ready', async () => {
    const service = await serveReady();
    service.reread = async () => service.configuration({ bind: elsewhere });
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
