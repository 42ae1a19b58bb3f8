import { describe, expect, it } from 'vitest';
import { FlightTable } from '../../../../src/flights/table.ts';
import { Connections } from '../../../../src/http/connections.ts';
import type { WorkerMessage } from '../../../../src/process/ipc/messages.ts';
import type { Settings } from '../../../../src/settings/catalogue/catalogue.ts';
import { Heartbeat } from '../../../../workers/health/heartbeat.ts';
import type { Serving } from '../../../../workers/serving.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';
import { loadedWith } from '../../../support/fake-service.ts';

const serving: Serving = {
  urls: ['http://127.0.0.1:8000'],
  connections: new Connections(() => {}),
  drain: () => {
    throw new Error('it only beats');
  },
};

/** A heartbeat without a watchdog, and the names of the messages that it has sent. */
function heartbeatOf(changed: Partial<Settings>) {
  const { settings } = loadedWith({ watchdog: false, ...changed });
  const clock = new FakeClock();
  const sent: string[] = [];
  const heartbeat = new Heartbeat({
    inbox: { send: async ({ tsunicorn }: WorkerMessage) => void sent.push(tsunicorn) },
    spec: { settings, watchdogFd: null },
    flights: new FlightTable(),
    logs: { log: new FakeLogger(), access: null },
    clock,
  });
  return { heartbeat, clock, sent };
}

describe('the heartbeat of a worker', () => {
  it('says each second that the worker boots, until it is ready', async () => {
    const { heartbeat, clock, sent } = heartbeatOf({ timeout: 0 });
    await clock.advance(2500);
    expect(sent).toEqual(['loading', 'loading']);
    await heartbeat.announceReady(serving, null);
    await clock.advance(5000);
    expect(sent).toEqual(['loading', 'loading', 'ready']);
    expect(clock.timerCount).toBe(0);
  });

  it('beats several times in the timeout, once the worker is ready', async () => {
    const { heartbeat, clock, sent } = heartbeatOf({ timeout: 2 });
    await heartbeat.announceReady(serving, null);
    await clock.advance(2000);
    expect(sent).toEqual(['ready', 'heartbeat', 'heartbeat', 'heartbeat', 'heartbeat']);
  });

  it('of a spare worker begins while it stands by, and goes on when it serves', async () => {
    const { heartbeat, clock, sent } = heartbeatOf({ timeout: 2, spareWorkers: 1 });
    await heartbeat.announceStandby();
    await clock.advance(500);
    await heartbeat.announceReady(serving, null);
    await clock.advance(500);
    expect(sent).toEqual(['standby', 'heartbeat', 'ready', 'heartbeat']);
  });
});
