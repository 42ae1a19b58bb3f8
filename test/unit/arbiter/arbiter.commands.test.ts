import { expect, it } from 'vitest';
import type { Command } from '../../../src/arbiter/events.ts';
import { type FakeService, serveReady, startService } from '../../support/fake-service.ts';
import { happens, started } from '../../support/fake-upgrade.ts';

async function ask(service: FakeService, command: Command): Promise<readonly string[]> {
  const before = service.log.lines.length;
  let handled = 0;
  service.queue.push({ type: 'asked', command, handled: () => void handled++ });
  await service.clock.settle();
  expect(handled).toBe(1);
  return service.log.lines.slice(before).map(({ message }) => message);
}

it('drain serves on as not ready, until a stop', async () => {
  const phases: string[] = [];
  const service = await serveReady({
    observe: () => (status) => {
      phases.push(status.phase);
      return Infinity;
    },
  });
  expect(await ask(service, { name: 'drain' })).toEqual([
    'Accepting as not ready until the service is stopped',
  ]);
  await service.serveFor(60_000);
  expect(service.states).toEqual(['1 ready', '2 ready']);
  expect(phases.at(-1)).toBe('draining');
  expect(await ask(service, { name: 'reload' })).toEqual([
    'reload refused, nothing was changed: this arbiter is stopping',
  ]);
  await ask(service, { name: 'stop', mode: 'graceful' });
  expect(service.states).toEqual(['1 retiring', '2 retiring']);
});

it('restart replaces one worker when another is ready in its slot', async () => {
  const service = await serveReady();
  await ask(service, { name: 'restart', age: 1 });
  expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning']);
  await service.ready(3);
  expect(service.states).toEqual(['1 retiring', '2 ready', '3 ready']);
  expect(service.worker(3).slot).toBe(service.worker(1).slot);
  expect(await ask(service, { name: 'restart', age: 1 })).toEqual([
    'restart refused, nothing was changed: the worker is retiring, not ready',
  ]);
  expect(await ask(service, { name: 'restart', age: 77 })).toEqual([
    'restart refused, nothing was changed: the worker has ended',
  ]);
});

it('pause holds the sockets without workers, resume starts them again', async () => {
  const service = await serveReady();
  await ask(service, { name: 'pause' });
  expect(service.states).toEqual(['1 retiring', '2 retiring']);
  expect(service.journal.some((line) => line.startsWith('close'))).toBe(false);
  expect(await ask(service, { name: 'pause' })).toEqual([
    'pause refused, nothing was changed: the workers have already retired',
  ]);
  await ask(service, { name: 'resume' });
  expect(service.states).toEqual(['1 retiring', '2 retiring', '3 spawning', '4 spawning']);
});

it('pause is refused while the new arbiter of an upgrade boots', async () => {
  const service = await serveReady();
  await ask(service, { name: 'upgrade' });
  await happens(service, started);
  expect(await ask(service, { name: 'pause' })).toEqual([
    'pause refused, nothing was changed: the new arbiter of the upgrade does not serve yet',
  ]);
});

it('a log level is told to those that run and to those that start, until a reload', async () => {
  const service = await serveReady();
  await ask(service, { name: 'logLevel', level: 'debug' });
  expect(service.journal).toContain('log from debug up');
  const told = (age: number) => service.worker(age).sent.filter(({ tsunicorn }) => tsunicorn === 'logLevel');
  expect(told(1)).toHaveLength(1);
  await ask(service, { name: 'restart', age: 1 });
  await service.ready(3);
  expect(told(3)).toHaveLength(1);
  await service.signal('SIGHUP');
  await service.ready(4);
  expect(told(4)).toHaveLength(0);
});

it('before the first worker is ready, commands are refused as signals are', async () => {
  const service = await startService();
  for (const name of ['pause', 'drain'] as const)
    expect(await ask(service, { name })).toEqual([
      `${name} refused, nothing was changed: no worker has been ready yet`,
    ]);
});

it('hold keeps a worker that is replaced from every time limit until it is released', async () => {
  const service = await serveReady();
  await ask(service, { name: 'hold', age: 1, forMs: 300_000 });
  expect(await ask(service, { name: 'hold', age: 2, forMs: 300_000 })).toEqual([
    'heap refused, nothing was changed: that of worker 1001 is being written',
  ]);
  await service.ready(3);
  expect(service.states).toEqual(['1 retiring', '2 ready', '3 ready']);
  expect(service.worker(1).sent.at(-1)).toMatchObject({ purpose: 'hurry', graceMs: 330_000 });
  await service.serveFor(250_000);
  expect(service.states).toEqual(['1 retiring', '2 ready', '3 ready']);
  await ask(service, { name: 'release', age: 1 });
  expect(service.worker(1).sent.slice(-2)).toMatchObject([
    { tsunicorn: 'hold', forMs: 0 },
    { tsunicorn: 'retire', graceMs: 30_000 },
  ]);
  await service.serveFor(30_000);
  expect(service.states).toContain('1 retiring');
  await service.serveFor(2000);
  expect(service.states).not.toContain('1 retiring');
});

it('a stop releases a worker that is held', async () => {
  const service = await serveReady();
  await ask(service, { name: 'hold', age: 1, forMs: 300_000 });
  await service.ready(3);
  await ask(service, { name: 'stop', mode: 'graceful' });
  expect(service.worker(1).sent).toContainEqual({ tsunicorn: 'hold', forMs: 0 });
  expect(await ask(service, { name: 'hold', age: 2, forMs: 300_000 })).toEqual([
    'heap refused, nothing was changed: this arbiter is stopping',
  ]);
});
