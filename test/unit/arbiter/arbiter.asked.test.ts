import { expect, it } from 'vitest';
import type { Command } from '../../../src/arbiter/events.ts';
import { type FakeService, serveReady } from '../../support/fake-service.ts';

async function ask(service: FakeService, command: Command): Promise<void> {
  service.queue.push({ type: 'asked', command });
  await service.clock.settle();
}

it('a program can ask for so many workers, more or fewer', async () => {
  const service = await serveReady();
  await ask(service, { name: 'scale', count: 4 });
  expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning', '4 spawning']);
  await service.ready(3, 4);
  await ask(service, { name: 'scale', count: 1 });
  expect(service.states.filter((state) => state.endsWith(' ready'))).toEqual(['1 ready']);
});

it('is told where the limits of scaling do not allow that number', async () => {
  const service = await serveReady({ settings: { workersMin: 1, workersMax: 3 } });
  await ask(service, { name: 'scale', count: 9 });
  expect(service.log.matching(/The number of workers becomes 3: workers-max is reached/)).toHaveLength(1);
  expect(service.workers).toHaveLength(3);
});

it('can ask for a reload, as HUP does', async () => {
  const service = await serveReady();
  await ask(service, { name: 'reload' });
  expect(service.states).toContain('3 spawning (generation 2)');
});

it('can ask for a stop, after which no number of workers is wanted', async () => {
  const service = await serveReady();
  await ask(service, { name: 'stop', mode: 'graceful' });
  await ask(service, { name: 'scale', count: 9 });
  expect(service.states).toEqual(['1 retiring', '2 retiring']);
  await service.exit(1, 2);
  expect(service.status).toBe(0);
});

it('is told when its command begins and is handled, one after another', async () => {
  const service = await serveReady();
  const told: string[] = [];
  for (const count of [3, 2]) {
    const on = (what: string) => () => void told.push(`${count} ${what}`);
    const command = { name: 'scale', count } as const;
    service.queue.push({ type: 'asked', command, begins: on('begins'), handled: on('is handled') });
  }
  await service.clock.settle();
  expect(told).toEqual(['3 begins', '3 is handled', '2 begins', '2 is handled']);
});
