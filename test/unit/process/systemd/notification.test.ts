import { describe, expect, it } from 'vitest';
import type { ServiceStatus } from '../../../../src/process/status.ts';
import { isHealthy, statusText, transitions } from '../../../../src/process/systemd/notification.ts';

const serving: ServiceStatus = {
  phase: 'serving',
  reload: null,
  reloadFailure: null,
  role: 'only',
  generation: 1,
  workers: { wanted: 4, ready: 4, current: 4, all: 4 },
  processes: [],
  companions: [],
  bootMs: 60_000,
  graceMs: 30_000,
};
const starting: ServiceStatus = {
  ...serving,
  phase: 'starting',
  workers: { wanted: 4, ready: 0, current: 0, all: 4 },
};
const reloading: ServiceStatus = { ...serving, reload: 2 };
const stopping: ServiceStatus = { ...serving, phase: 'stopping' };

const at = 123n;
const RELOADING = { RELOADING: '1', MONOTONIC_USEC: '123', EXTEND_TIMEOUT_USEC: '105000000' };

describe('what systemd is told', () => {
  it.each<[string, ServiceStatus | null, ServiceStatus, object[]]>([
    ['at first: that a boot may take its time', null, starting, [{ EXTEND_TIMEOUT_USEC: '70000000' }]],
    ['while it starts: nothing more', starting, starting, []],
    ['READY once it serves', starting, serving, [{ READY: '1' }]],
    ['while it serves: nothing', serving, { ...serving, generation: 2 }, []],
    ['RELOADING when a reload begins', serving, reloading, [RELOADING]],
    ['RELOADING again when another supersedes it', reloading, { ...reloading, reload: 3 }, [RELOADING]],
    ['while it reloads: nothing', reloading, reloading, []],
    ['READY when the reload is over', reloading, serving, [{ READY: '1' }]],
    ['READY before RELOADING where both come at once', starting, reloading, [{ READY: '1' }, RELOADING]],
    [
      'STOPPING, and that a drain may take its time',
      reloading,
      stopping,
      [{ STOPPING: '1', EXTEND_TIMEOUT_USEC: '40000000' }],
    ],
    ['while it stops: nothing', stopping, stopping, []],
  ])('%s', (_what, before, now, expected) => {
    expect(transitions(now, before, at)).toEqual(expected);
  });

  it('leaves the time limits to the unit where the settings have none', () => {
    const unlimited = { bootMs: Infinity };
    expect(transitions({ ...starting, ...unlimited }, null, at)).toEqual([]);
    expect(transitions({ ...reloading, ...unlimited }, serving, at)).toEqual([
      { RELOADING: '1', MONOTONIC_USEC: '123' },
    ]);
  });
});

describe('the watchdog', () => {
  it('may be fed while a worker is ready, and while the service stops', () => {
    const idle = { ...serving, workers: { wanted: 4, ready: 0, current: 0, all: 1 } };
    expect([starting, serving, reloading, idle, stopping].map(isHealthy)).toEqual([
      false,
      true,
      true,
      false,
      true,
    ]);
  });
});

describe('the watchdog of a service that rests', () => {
  it('is fed, as no worker is wanted', () => {
    expect(isHealthy({ ...serving, workers: { wanted: 0, ready: 0, current: 0, all: 0 } })).toBe(true);
  });
});

describe('the status line', () => {
  it.each([
    [starting, 'Starting: 0 of 4 workers ready, generation 1'],
    [serving, 'Serving: 4 of 4 workers ready, generation 1'],
    [
      { ...reloading, workers: { wanted: 4, ready: 5, current: 5, all: 6 } },
      'Reloading: 4 of 4 workers ready, generation 1',
    ],
    [stopping, 'Stopping: 4 workers left'],
    [{ ...stopping, workers: { wanted: 0, ready: 0, current: 0, all: 1 } }, 'Stopping: 1 worker left'],
    [
      { ...serving, reloadFailure: 'a.ts: threw\nSTATUS=x' },
      'Serving: 4 of 4 workers ready, generation 1; the last reload failed: a.ts: threw STATUS=x',
    ],
  ])('says how many workers are ready, and what went wrong, in one line (%#)', (status, text) => {
    expect(statusText(status)).toBe(text);
  });
});
