import { describe, expect, it } from 'vitest';
import { type FakeService, serveReady, startService } from '../../support/fake-service.ts';

const outageLogs = (service: FakeService) =>
  service.log.lines.flatMap(({ level, message, fields }) =>
    fields?.event === 'nobody-serves' ? [{ level, message, fields }] : [],
  );

describe('that nobody serves', () => {
  it('is logged when it begins, with how the workers ended, and when one serves again', async () => {
    const service = await serveReady();
    service.worker(1).diesOf('SIGKILL');
    await service.clock.settle();
    expect(outageLogs(service)).toEqual([]);
    service.worker(2).exits(7);
    await service.clock.settle();
    await service.clock.advance(400);
    await service.ready(3);
    expect(outageLogs(service)).toEqual([
      {
        level: 'error',
        message: '0 of 2 workers serve, clients wait: 2 have ended (1 by a signal, 1 exited)',
        fields: {
          event: 'nobody-serves',
          phase: 'begins',
          durationMs: 0,
          workers: { wanted: 2, ready: 0 },
          causes: { signal: 1, exit: 1 },
        },
      },
      {
        level: 'info',
        message: '1 of 2 workers serves again; no worker had served for 0.4 s',
        fields: expect.objectContaining({ phase: 'ends', durationMs: 400, workers: { wanted: 2, ready: 1 } }),
      },
    ]);
  });

  it('is logged at most once a second while it lasts, with the deaths so far', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    service.worker(1).diesOf('SIGSEGV');
    await service.clock.settle();
    for (let second = 0; second < 30; second++) {
      const newest = service.workers.at(-1);
      if (newest?.state.name === 'spawning') newest.failsToBoot(4, 'it threw');
      await service.exit(
        ...service.workers.filter(({ state }) => state.name === 'failed').map(({ age }) => age),
      );
      await service.clock.advance(1000);
    }
    const lasts = outageLogs(service).filter(({ fields }) => fields.phase === 'lasts');
    expect(lasts.map(({ fields }) => fields.durationMs)).toEqual([1000, 3000, 7000, 15_000]);
    expect(lasts.at(-1)?.message).toMatch(
      /^0 of 1 workers serve for 15\.0 s now.*1 crashed, \d+ could not boot/,
    );
  });

  it('is no news where a spare worker takes over', async () => {
    const service = await startService({ settings: { workers: 1, spareWorkers: 1 } });
    await service.standBy(1);
    await service.ready(1);
    await service.standBy(2);
    service.worker(1).diesOf('SIGKILL');
    await service.clock.settle();
    expect(service.states).toContain('2 opening');
    await service.ready(2);
    expect(outageLogs(service)).toEqual([]);
  });

  it('is no news where the service starts, rests or stops', async () => {
    const resting = await serveReady();
    await resting.signal('SIGWINCH');
    await resting.exit(1, 2);
    await resting.signal('SIGHUP');
    await resting.clock.advance(5000);
    await resting.signal('SIGTERM');
    expect(outageLogs(resting)).toEqual([]);
  });

  it('ends in words that fit where nobody has to serve any more', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    service.worker(1).diesOf('SIGKILL');
    await service.clock.advance(2000);
    await service.signal('SIGTERM');
    expect(outageLogs(service).at(-1)?.message).toBe(
      'No worker is wanted any more; no worker had served for 2.0 s',
    );
  });

  it('makes a crash loop try again within five seconds', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    service.worker(1).exits(1);
    await service.clock.settle();
    for (let failure = 0; failure < 12; failure++) {
      service.workers.at(-1)?.failsToBoot(4, 'it threw');
      await service.clock.settle();
      await service.clock.advance(6000);
    }
    expect(service.workers.at(-1)?.state.name).toBe('spawning');
    expect(service.log.matching(/next try in [5-9]\.[1-9]|next try in \d\d/)).toEqual([]);
    expect(service.log.matching(/next try in 5\.0 s/).length).toBeGreaterThan(3);
  });
});
