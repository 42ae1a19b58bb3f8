import { describe, expect, it } from 'vitest';
import { type FakeService, serveReady, startService } from '../../../support/fake-service.ts';

const saying = (service: FakeService, what: RegExp) =>
  service.log.lines.filter(({ message }) => what.test(message));

/** Lets seconds pass in which every worker but the first beats. */
async function pass(service: FakeService, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await service.clock.advance(1000);
    for (const worker of service.workers.slice(1)) worker.says({ tsunicorn: 'heartbeat' });
    await service.clock.settle();
  }
}

describe('a worker whose process is stopped', () => {
  it('is said to be when it begins, ever less often while it lasts, and when it goes on', async () => {
    const service = await serveReady();
    service.stopped.add(1001);
    await pass(service, 12);
    service.stopped.delete(1001);
    service.worker(1).says({ tsunicorn: 'heartbeat' });
    await service.clock.settle();
    const said = saying(service, /stopped/);
    expect(said.map(({ level, fields }) => [level, fields?.phase])).toEqual([
      ['warning', 'begins'],
      ['warning', 'lasts'],
      ['warning', 'lasts'],
      ['warning', 'lasts'],
      ['info', 'ends'],
    ]);
    expect(said[0]?.message).toBe(
      'Worker (pid: 1001, slot 0, age 1) is stopped, for about 3 s so far: state T in /proc, by SIGSTOP, SIGTSTP or a debugger; send SIGCONT to continue it',
    );
    expect(said[0]?.fields).toMatchObject({ event: 'worker-stopped', pid: 1001 });
  });

  it('is killed as one that is silent, with the reason', async () => {
    const service = await serveReady({ settings: { timeout: 10 } });
    service.stopped.add(1001);
    await pass(service, 15);
    const [line] = saying(service, /^Worker \(pid: 1001.*ending it with/);
    expect(line?.message).toMatch(
      /silent for 13 s, because it is stopped \(state T in \/proc, .*\); ending it with SIGABRT$/,
    );
    expect(service.worker(1).signals).toEqual(['SIGABRT', 'SIGKILL']);
  });
});

describe('a worker that blocks its event loop while it boots', () => {
  it('is said to after 5 s, once a generation', async () => {
    const service = await startService();
    for (const { age } of service.workers) service.worker(age).says({ tsunicorn: 'hello' });
    await service.clock.advance(8000);
    const said = saying(service, /while it loads/);
    expect(said.map(({ message }) => message)).toEqual([
      'Worker (pid: 1001, slot 0, age 1) has blocked its event loop for 5 s while it loads the application; logged once a generation',
    ]);
    expect(said[0]).toMatchObject({ level: 'warning', fields: { event: 'boot-blocked', pid: 1001 } });
  });

  it('is not said to where its loop turns', async () => {
    const service = await startService();
    for (let second = 0; second < 20; second++) {
      for (const worker of service.workers) worker.says({ tsunicorn: second === 0 ? 'hello' : 'loading' });
      await service.clock.advance(1000);
    }
    expect(saying(service, /while it loads/)).toEqual([]);
  });
});
