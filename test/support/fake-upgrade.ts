import type { ArbiterEvent } from '../../src/arbiter/events.ts';
import { type FakeService, serveReady } from './fake-service.ts';

export const started: ArbiterEvent = { type: 'upgradeStarted', pid: 77 };
export const serves: ArbiterEvent = { type: 'upgradeReady', adopted: [0] };

/** Lets the arbiter hear of those events, in their order. */
export async function happens(service: FakeService, ...events: ArbiterEvent[]): Promise<void> {
  for (const event of events) service.queue.push(event);
  await service.clock.settle();
}

/** A service beside the new arbiter that it has started. */
export async function serveUpgraded(options: Parameters<typeof serveReady>[0] = {}): Promise<FakeService> {
  const service = await serveReady(options);
  await service.signal('SIGUSR2');
  await happens(service, started, serves);
  return service;
}
