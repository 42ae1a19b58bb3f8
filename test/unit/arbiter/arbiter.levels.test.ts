import { describe, expect, it } from 'vitest';
import { serveReady } from '../../support/fake-service.ts';

describe('the level of the line that a worker is killed', () => {
  it('is information for one that booted and is not wanted any more', async () => {
    const service = await serveReady();
    await service.signal('SIGTTIN', 'SIGTTOU');
    expect(service.states).toEqual(['1 ready', '2 ready', '3 cancelled']);
    await service.serveFor(2000);
    expect(service.worker(3).signals).toEqual(['SIGKILL']);
    service.worker(3).diesOf('SIGKILL');
    await service.clock.settle();
    const [overdue, end, ...more] = service.log.lines.filter(({ message }) =>
      /age 3|pid: 1003\)/.test(message),
    );
    expect(overdue?.fields).toMatchObject({ event: 'worker-retiring' });
    expect([end, ...more].map((line) => [line?.level, line?.fields?.event, line?.fields?.cause])).toEqual([
      ['info', 'worker-overdue', 'unwanted'],
      ['info', 'worker-exited', 'unwanted'],
    ]);
  });

  it('is a warning for one that does not end within its grace', async () => {
    const service = await serveReady({ settings: { gracefulTimeout: 5 } });
    await service.signal('SIGTTOU');
    await service.serveFor(6000);
    expect(service.worker(2).signals).toEqual(['SIGKILL']);
    expect(service.log.lines.filter(({ fields }) => fields?.event === 'worker-overdue')).toMatchObject([
      { level: 'warning', fields: { cause: 'grace', worker: { age: 2 } } },
    ]);
  });

  it('is critical for one that served and is silent', async () => {
    const service = await serveReady({ settings: { workers: 1, timeout: 10, watchdog: false } });
    await service.clock.advance(10_000);
    expect(service.log.lines.filter(({ level }) => level === 'critical')).toMatchObject([
      { fields: { event: 'worker-overdue', cause: 'silent', signal: 'SIGABRT' } },
    ]);
  });
});
