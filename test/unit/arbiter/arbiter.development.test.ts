import { describe, expect, it } from 'vitest';
import { type FakeService, serveReady, startService } from '../../support/fake-service.ts';

const reload = { reload: true, settings: { workers: 1 } };
const debug = { reload: true, settings: { workers: 1, debug: true } };

/** The newest worker says what it has loaded. */
async function loads(service: FakeService, ...files: string[]): Promise<void> {
  service.workers.at(-1)?.says({ tsunicorn: 'loaded', files, missing: [], atMs: 5 });
  await service.clock.settle();
}

async function failsToLoad(service: FakeService, message = 'app.ts:3 has a syntax error'): Promise<void> {
  const worker = service.workers.at(-1);
  worker?.failsToBoot(4, message);
  await service.clock.settle();
}

function watchedFiles(service: FakeService): string[] {
  return [...service.watched.files.keys()].toSorted();
}

describe('--reload', () => {
  it('watches what the workers have loaded, and the configuration', async () => {
    const service = await serveReady(reload);
    await loads(service, '/app/main.ts', '/app/lib.ts');
    expect(watchedFiles(service)).toEqual(['/app/lib.ts', '/app/main.ts', '/app/tsunicorn.config.ts']);
  });

  it('replaces the workers when one of the files changes, without reading the settings again', async () => {
    const service = await serveReady(reload);
    service.prepare = () => Promise.reject(new Error('it was read'));
    await loads(service, '/app/main.ts');
    await service.save('/app/main.ts');
    expect(service.log.matching(/^Reloading: \/app\/main\.ts changed$/)).toHaveLength(1);
    expect(service.states).toEqual(['1 ready', '2 spawning (generation 2)']);
    await service.ready(2);
    expect(service.states).toEqual(['1 retiring', '2 ready (generation 2)']);
  });

  it('reads the settings again when the configuration changes, and until they are in force', async () => {
    const service = await serveReady(reload);
    let reads = 0;
    service.prepare = async () => {
      reads++;
      if (reads === 1) throw new Error('config.ts: no');
      return service.configuration({ reload: true, timeout: 9 });
    };
    await service.save('/app/tsunicorn.config.ts');
    // What knows the code of the mistake is loaded first.
    await expect.poll(() => service.log.at('error')).toEqual([expect.stringContaining('config.ts: no')]);
    await service.save('/app/main.ts');
    await failsToLoad(service);
    await service.save('/app/main.ts');
    expect(reads).toBe(3);
    await service.ready(3);
    await service.save('/app/main.ts');
    expect(reads).toBe(3);
  });

  it('lets every old worker go as soon as the first new one is ready, and starts the others at once', async () => {
    const service = await serveReady({ reload: true, settings: { workers: 4 } });
    await service.save('/app/main.ts');
    await service.ready(5);
    const next = [6, 7, 8].map((age) => `${age} spawning (generation 2)`);
    const old = [1, 2, 3, 4].map((age) => `${age} retiring`);
    expect(service.states).toEqual([...old, '5 ready (generation 2)', ...next]);
  });

  it('forgets what only old generations have loaded once a new one is ready', async () => {
    const service = await serveReady(reload);
    await loads(service, '/app/main.ts', '/app/old.ts');
    await service.save('/app/main.ts');
    await loads(service, '/app/main.ts', '/app/new.ts');
    expect(watchedFiles(service)).toContain('/app/old.ts');
    await service.ready(2);
    expect(watchedFiles(service)).toEqual(['/app/main.ts', '/app/new.ts', '/app/tsunicorn.config.ts']);
  });

  it('is superseded by a save while the new code is loaded', async () => {
    const service = await serveReady(reload);
    await service.save('/app/main.ts');
    await service.save('/app/main.ts');
    expect(service.states).toEqual(['1 ready', '2 cancelled (generation 2)', '3 spawning (generation 3)']);
    await service.ready(3);
    expect(service.promoted).toEqual([3]);
  });

  it('keeps the old workers where the new code does not load, and watches what that loaded', async () => {
    const service = await serveReady(reload);
    await service.save('/app/main.ts');
    await loads(service, '/app/main.ts', '/app/broken.ts');
    await failsToLoad(service);
    expect(service.states).toEqual(['1 ready']);
    expect(service.log.at('error')).toEqual([
      'Reload undone, the old workers keep serving: app.ts:3 has a syntax error',
    ]);
    expect(watchedFiles(service)).toContain('/app/broken.ts');
    await service.save('/app/broken.ts');
    await service.ready(3);
    expect(service.promoted).toEqual([3]);
  });

  it('shows the failure in their place with --debug', async () => {
    const service = await serveReady(debug);
    await service.save('/app/main.ts');
    await loads(service, '/app/broken.ts');
    await failsToLoad(service);
    expect(service.states).toEqual(['1 ready', '3 spawning (generation 3)']);
    expect(service.worker(3).shows).toMatchObject({ message: 'app.ts:3 has a syntax error' });
    await service.ready(3);
    expect(service.states).toEqual(['1 retiring', '3 ready (generation 3)']);
    expect(watchedFiles(service)).toContain('/app/broken.ts');
    await service.save('/app/broken.ts');
    expect(service.worker(4).shows).toBeNull();
    await service.ready(4);
    expect(service.states).toEqual(['1 retiring', '3 retiring (generation 3)', '4 ready (generation 4)']);
  });

  it('shows the next failure in the place of the last', async () => {
    const service = await serveReady(debug);
    await service.save('/app/main.ts');
    await failsToLoad(service, 'one');
    await service.ready(3);
    await service.save('/app/main.ts');
    await failsToLoad(service, 'two');
    expect(service.worker(5).shows).toMatchObject({ message: 'two' });
  });

  it('does not show that the failure cannot be shown', async () => {
    const service = await serveReady(debug);
    await service.save('/app/main.ts');
    await failsToLoad(service, 'one');
    await failsToLoad(service, 'no memory');
    expect(service.states).toEqual(['1 ready']);
  });

  it('stops watching when the service stops', async () => {
    const service = await serveReady(reload);
    await service.save();
    await service.signal('SIGINT');
    expect(service.journal).toContain('close watcher');
    await service.save('/app/main.ts');
    expect(service.workers).toHaveLength(1);
    await service.exit(1);
    expect(service.status).toBe(0);
  });
});

describe('--reload with an application that cannot be loaded at first', () => {
  it('waits for a change, and says so once', async () => {
    const service = await startService({ reload: true, settings: { workers: 2 } });
    service.worker(1).failsToBoot(4, 'it threw');
    service.worker(2).failsToBoot(4, 'it threw');
    await service.clock.advance(600_000);
    expect(service.workers).toHaveLength(2);
    expect(service.log.at('error')).toEqual([
      'The application cannot be loaded; waiting for a file change: it threw',
    ]);
    expect(service.status).toBeNull();
  });

  it('serves as soon as a change mends it', async () => {
    const service = await startService({ reload: true, settings: { workers: 2 } });
    service.worker(1).failsToBoot(4, 'it threw');
    service.worker(2).failsToBoot(4, 'it threw');
    await service.save('/app/main.ts');
    await failsToLoad(service, 'it threw again');
    await service.save('/app/main.ts');
    await service.ready(4);
    expect(service.log.matching(/^Listening at/)).toHaveLength(1);
    await service.ready(5);
    expect(service.states).toEqual(['4 ready (generation 3)', '5 ready (generation 3)']);
  });

  it('shows it with --debug', async () => {
    const service = await startService(debug);
    service.worker(1).failsToBoot(4, 'it threw');
    await service.clock.settle();
    expect(service.worker(2).shows).toMatchObject({ message: 'it threw' });
    await service.ready(2);
    expect(service.states).toEqual(['2 ready (generation 2)']);
    await service.save('/app/main.ts');
    await service.ready(3);
    expect(service.states).toEqual(['2 retiring (generation 2)', '3 ready (generation 3)']);
  });

  it('ends with Ctrl-C while it waits', async () => {
    const service = await startService(reload);
    service.worker(1).failsToBoot(4, 'it threw');
    await service.clock.settle();
    await service.signal('SIGINT');
    expect(service.status).toBe(0);
  });

  it('halts all the same where no change of a file would help', async () => {
    const service = await startService(reload);
    service.worker(1).failsToBoot(1, '--bind: the address is taken');
    await service.clock.settle();
    expect(service.status).toBe(1);
  });

  it('halts where the failure cannot be shown for such a reason', async () => {
    const service = await startService(debug);
    service.worker(1).failsToBoot(4, 'it threw');
    await service.clock.settle();
    service.worker(2).failsToBoot(1, '--bind: the address is taken');
    await service.clock.settle();
    expect(service.status).toBe(1);
  });
});
