import { describe, expect, it } from 'vitest';
import type { Prepared } from '../../../src/arbiter/change/generation.ts';
import { type FakeService, serveReady, startService } from '../../support/fake-service.ts';

/** Reads that end when the test says so, in the order of the reloads. */
function deferReads(service: FakeService): ((read: Prepared | Error) => Promise<void>)[] {
  const ends: ((read: Prepared | Error) => Promise<void>)[] = [];
  service.prepare = () =>
    new Promise((resolve, reject) => {
      ends.push((read) => {
        if (read instanceof Error) reject(read);
        else resolve(read);
        return service.clock.settle();
      });
    });
  return ends;
}

const untouched = ['1 ready', '2 ready'];

describe('a reload', () => {
  it('proves one worker of the new generation before it touches an old one', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    expect(service.states).toEqual([...untouched, '3 spawning (generation 2)']);
    expect(service.promoted).toEqual([]);
    await service.ready(3);
    expect(service.promoted).toEqual([2]);
  });

  it('then replaces one after the other, each once its successor is ready', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.ready(3);
    expect(service.states).toEqual([
      '1 retiring',
      '2 ready',
      '3 ready (generation 2)',
      '4 spawning (generation 2)',
    ]);
    await service.ready(4);
    expect(service.states).toEqual([
      '1 retiring',
      '2 retiring',
      '3 ready (generation 2)',
      '4 ready (generation 2)',
    ]);
    await service.exit(1, 2);
    expect(service.states).toEqual(['3 ready (generation 2)', '4 ready (generation 2)']);
  });

  it('replaces a batch at a time where one is asked for, after the one that proves it', async () => {
    const service = await serveReady({ settings: { workers: 4, reloadBatch: 2 } });
    const ready = () => service.states.filter((state) => / ready/.test(state)).length;
    await service.signal('SIGHUP');
    expect(service.states.filter((state) => / spawning/.test(state))).toHaveLength(1);
    await service.ready(5);
    expect(service.states.filter((state) => / spawning/.test(state))).toHaveLength(2);
    for (let age = 6; age <= service.workers.length; age++) {
      await service.ready(age);
      expect(ready()).toBe(4);
    }
    expect(service.states.filter((state) => state.endsWith('ready (generation 2)'))).toHaveLength(4);
  });

  it('holds each worker to the time limits of its own generation', async () => {
    const service = await serveReady();
    service.prepare = async () =>
      service.configuration({ timeout: 5, bootTimeout: 9, gracefulTimeout: 3, watchdog: false });
    await service.signal('SIGHUP');
    expect(service.worker(1).limits).toEqual({ heartbeatMs: 33_000, bootMs: 60_000, graceMs: 30_000 });
    expect(service.worker(3).limits).toEqual({ heartbeatMs: 5000, bootMs: 9000, graceMs: 3000 });
  });

  it('lets the old workers leave the queue to the new ones', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.ready(3);
    expect(service.worker(1).sent).toEqual([
      { tsunicorn: 'retire', purpose: 'replace', emptyQueue: false, graceMs: 30_000 },
    ]);
  });

  it('takes a changed number of workers over, and keeps what TTIN added otherwise', async () => {
    const service = await serveReady();
    await service.signal('SIGTTIN');
    await service.ready(3);
    await service.signal('SIGHUP');
    await service.ready(4);
    await service.ready(5);
    await service.ready(6);
    expect(service.states.filter((state) => state.endsWith('ready (generation 2)'))).toHaveLength(3);
    service.prepare = async () => service.configuration({ workers: 1 });
    await service.signal('SIGHUP');
    await service.ready(7);
    expect(service.states.filter((state) => / ready/.test(state))).toEqual(['7 ready (generation 3)']);
  });

  it('before the first worker is ready proves the new generation just the same', async () => {
    const service = await startService();
    await service.signal('SIGHUP');
    await service.ready(3);
    expect(service.promoted).toEqual([2]);
    expect(service.states).toContain('1 cancelled');
  });
});

describe('during a reload', () => {
  it('TERM while the configuration is read stops, whatever the reading brings', async () => {
    const service = await serveReady();
    const ends = deferReads(service);
    await service.signal('SIGHUP', 'SIGTERM');
    expect(service.states).toEqual(['1 retiring', '2 retiring']);
    await ends[0]?.(service.configuration());
    expect(service.workers).toHaveLength(2);
    await service.exit(1, 2);
    expect(service.status).toBe(0);
  });

  it('TERM while the canary boots sends it home and stops', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP', 'SIGUSR1');
    await service.signal('SIGTERM');
    await service.exit(3);
    expect(service.states).toEqual(['1 retiring', '2 retiring']);
    await service.exit(1, 2);
    expect(service.status).toBe(0);
    expect(service.promoted).toEqual([]);
  });

  it('TERM while a batch is being replaced lets every one finish', async () => {
    const service = await serveReady({ settings: { workers: 4, reloadBatch: 2 } });
    await service.signal('SIGHUP');
    await service.ready(5);
    await service.signal('SIGTERM');
    await service.exit(6, 7);
    expect(service.states.every((state) => / retiring/.test(state))).toBe(true);
    await service.exit(1, 2, 3, 4, 5);
    expect(service.status).toBe(0);
  });

  it('USR1 reopens the logs of the canary as well, and the reload goes on', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.signal('SIGUSR1');
    expect(service.worker(3).told).toContain('reopenLogs');
    await service.ready(3);
    expect(service.promoted).toEqual([2]);
  });
});

describe('a second HUP', () => {
  it('while the first is read leaves only the later reading in force', async () => {
    const service = await serveReady();
    const ends = deferReads(service);
    await service.signal('SIGHUP', 'SIGHUP');
    await ends[1]?.(service.configuration({ workers: 3 }));
    await ends[0]?.(service.configuration({ workers: 9 }));
    expect(service.log.matching(/This reload replaces the current one/)).toHaveLength(1);
    await service.ready(3);
    expect(service.promoted).toEqual([3]);
    expect(service.states).toContain('3 ready (generation 3)');
    expect(service.workers.every(({ generation }) => generation !== 2)).toBe(true);
  });

  it('is not disturbed by the failure of the first', async () => {
    const service = await serveReady();
    const ends = deferReads(service);
    await service.signal('SIGHUP', 'SIGHUP');
    await ends[0]?.(new Error('the first was broken'));
    await ends[1]?.(service.configuration());
    expect(service.log.at('error')).toEqual([]);
    expect(service.states).toEqual([...untouched, '3 spawning (generation 3)']);
  });

  it('while a canary boots lets that prove itself, and follows then', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.signal('SIGHUP', 'SIGHUP', 'SIGHUP');
    expect(service.states).toEqual([...untouched, '3 spawning (generation 2)']);
    expect(service.log.matching(/Another reload will follow the current one; .* \(pid: 1003\)/)).toHaveLength(
      1,
    );
    expect(service.log.matching(/will already follow the current one/)).toHaveLength(2);
    await service.ready(3);
    expect(service.promoted).toEqual([2]);
    expect(service.states).toContain('4 spawning (generation 3)');
    for (let age = 4; age <= service.workers.length; age++) await service.ready(age);
    expect(service.promoted).toEqual([2, 3]);
  });

  it('follows a reload that is undone', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.signal('SIGHUP');
    await service.exit(3);
    expect(service.log.at('error')).toHaveLength(1);
    expect(service.states).toEqual([...untouched, '4 spawning (generation 3)']);
    await service.ready(4);
    expect(service.promoted).toEqual([3]);
  });

  it('faster than a boot, and than a read, does not keep the service from a new generation', async () => {
    const service = await serveReady();
    for (let hups = 0; hups < 50; hups++) {
      await service.signal('SIGHUP');
      if (hups % 5 === 4) {
        const booting = service.workers.filter(({ state }) => state.name === 'spawning');
        await service.ready(...booting.map(({ age }) => age));
      }
    }
    expect(service.promoted.length).toBeGreaterThan(5);
    expect(service.log.matching(/dropped/)).toEqual([]);
  });

  it('while workers are being replaced never dips below the number wanted', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP');
    await service.ready(3);
    await service.signal('SIGHUP');
    for (let age = 4; age <= service.workers.length; age++) {
      await service.ready(age);
      const ready = service.states.filter((state) => / ready/.test(state));
      expect(ready.length).toBeGreaterThanOrEqual(2);
    }
    const current = service.states.filter((state) => state.endsWith('ready (generation 3)'));
    expect(current).toHaveLength(2);
    expect(service.states.filter((state) => / ready/.test(state))).toHaveLength(2);
  });
});

describe('reloads that follow each other faster than old workers end', () => {
  it('hurry the oldest, and the log says so once', async () => {
    const service = await serveReady({ settings: { workers: 1 } });
    for (const age of [2, 3, 4]) {
      await service.signal('SIGHUP');
      await service.ready(age);
    }
    const purposes = service.workers.map(({ sent }) => sent.map((one) => Reflect.get(one, 'purpose')));
    expect(purposes).toEqual([['replace', 'hurry'], ['replace', 'hurry'], ['replace'], []]);
    const lines = service.log.at('info').filter((line) => /More workers are retiring/.test(line));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/the oldest close idle connections within seconds/);
  });
});
