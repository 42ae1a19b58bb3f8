import { describe, expect, it } from 'vitest';
import type { ArbiterEvent, ProcessEnd } from '../../../src/arbiter/events.ts';
import { type FakeService, serveReady } from '../../support/fake-service.ts';
import { happens, serves, started } from '../../support/fake-upgrade.ts';

const SERVING = ['1 ready', '2 ready'];
const STOPPING = ['1 retiring', '2 retiring'];
const ended = (end: ProcessEnd): ArbiterEvent => ({ type: 'upgradeEnded', end });

/** TERM has come while the new arbiter boots. */
async function waiting(): Promise<FakeService> {
  const service = await serveReady();
  await service.signal('SIGUSR2');
  await happens(service, started);
  await service.signal('SIGTERM');
  return service;
}

describe('TERM while the new arbiter boots', () => {
  it('waits until that serves, and says so', async () => {
    const service = await waiting();
    expect(service.states).toEqual(SERVING);
    expect(service.log.at('warning')).toEqual([expect.stringMatching(/^The stop waits/)]);
    await happens(service, serves);
    expect(service.states).toEqual(STOPPING);
    await service.exit(1, 2);
    expect(service.status).toBe(0);
  });

  it('waits too where that is not even a process', async () => {
    const service = await serveReady();
    await service.signal('SIGUSR2', 'SIGTERM');
    expect(service.states).toEqual(SERVING);
    await happens(service, started, serves);
    expect(service.states).toEqual(STOPPING);
  });

  it('waits no longer than a boot may take, whatever the new arbiter hangs in', async () => {
    const service = await waiting();
    await service.serveFor(89_000);
    expect(service.states).toEqual(SERVING);
    await service.serveFor(2000);
    expect(service.states).toEqual(STOPPING);
    expect(service.log.at('error')).toEqual([
      expect.stringMatching(/^The new arbiter did not become ready in time/),
    ]);
    await service.exit(1, 2);
    expect(service.status).toBe(0);
  });

  it.each([
    { how: 'status', status: 4 },
    { how: 'signal', signal: 'SIGKILL' },
    { how: 'unstarted', error: 'E2BIG' },
  ] as const)('is dropped where that fails, so that somebody serves: %j', async (end) => {
    const service = await waiting();
    await happens(service, ended(end));
    expect(service.states).toEqual(SERVING);
    expect(service.log.at('error')).toEqual([expect.stringMatching(/keeps serving.*the stop.*is cancelled/)]);
    await service.signal('SIGTERM');
    expect(service.states).toEqual(STOPPING);
  });

  it.each([
    { how: 'status', status: 0 },
    { how: 'signal', signal: 'SIGTERM' },
  ] as const)('is done where that was told to stop as well: %j', async (end) => {
    const service = await waiting();
    await happens(service, ended(end));
    expect(service.states).toEqual(STOPPING);
    expect(service.log.at('error')).toEqual([]);
    expect(service.journal).toContain('close http://127.0.0.1:8000');
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('does not wait any more after %s', async (signal) => {
    const service = await waiting();
    await service.signal(signal);
    expect(service.states).toEqual(STOPPING);
    await service.exit(1, 2);
    expect(service.status).toBe(0);
  });
});

it.each(['SIGINT', 'SIGQUIT'] as const)('%s does not wait for a new arbiter', async (signal) => {
  const service = await serveReady();
  await service.signal('SIGUSR2');
  await happens(service, started);
  await service.signal(signal);
  expect(service.worker(1).told).toContain('quit');
});
