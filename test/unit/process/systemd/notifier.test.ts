import { describe, expect, it } from 'vitest';
import type { Observe } from '../../../../src/process/status.ts';
import type { Assignments } from '../../../../src/process/systemd/notification.ts';
import { beatMsOf, Notifier } from '../../../../src/process/systemd/notifier.ts';
import type { Clock } from '../../../../src/support/clock.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { serveReady, startService } from '../../../support/fake-service.ts';

/** For a fake service: what would be sent, but for the time limits. */
function notified({ beatMs = Infinity } = {}) {
  const sent: Assignments[] = [];
  const take = ({ EXTEND_TIMEOUT_USEC: _limit, MONOTONIC_USEC: _time, ...rest }: Assignments) =>
    void sent.push(rest);
  const observe = (clock: Clock): Observe =>
    new Notifier({
      outlet: { announce: take, mention: take },
      clock,
      monotonicUs: () => 0n,
      beatMs,
    }).observe;
  const states = () =>
    sent.flatMap((one) => Object.keys(one).filter((name) => /READY|RELOADING|STOPPING/.test(name)));
  const beats = () => sent.filter(({ WATCHDOG }) => WATCHDOG === '1').length;
  const texts = () => sent.flatMap(({ STATUS }) => STATUS ?? []);
  return { sent, states, beats, texts, observe };
}

describe('systemd is told of', () => {
  it('the first worker that accepts, a reload, its end and the stop', async () => {
    const told = notified();
    const service = await startService(told);
    expect(told.states()).toEqual([]);
    await service.ready(1);
    expect(told.states()).toEqual(['READY']);
    await service.ready(2);
    await service.signal('SIGHUP');
    expect(told.states()).toEqual(['READY', 'RELOADING']);
    await service.ready(3);
    expect(told.states()).toEqual(['READY', 'RELOADING', 'READY']);
    await service.signal('SIGTERM');
    await service.exit(1, 2, 3);
    expect(told.states()).toEqual(['READY', 'RELOADING', 'READY', 'STOPPING']);
  });

  it('the end of a reload that was refused, with the reason, until one succeeds', async () => {
    const told = notified();
    const service = await serveReady(told);
    const { prepare } = service;
    service.prepare = () => Promise.reject(new Error('config.ts: workers: expected a number'));
    await service.signal('SIGHUP');
    expect(told.states()).toEqual(['READY', 'RELOADING', 'READY']);
    expect(told.texts().at(-1)).toMatch(/the last reload failed: config\.ts: workers: expected a number$/);
    service.prepare = prepare;
    await service.signal('SIGHUP');
    await service.ready(3);
    expect(told.texts().at(-1)).toBe('Serving: 2 of 2 workers ready, generation 3');
  });

  it('the end of a reload whose worker could not boot', async () => {
    const told = notified();
    const service = await serveReady(told);
    await service.signal('SIGHUP');
    service.worker(3).says({ tsunicorn: 'bootFailed', exitStatus: 4, message: 'app.ts threw' });
    await service.clock.settle();
    expect(told.states()).toEqual(['READY', 'RELOADING', 'READY']);
    expect(told.texts().at(-1)).toMatch(/the last reload failed: app\.ts threw$/);
  });
});

describe('the status', () => {
  it('goes out with a change of state at once, and otherwise when it has changed and the last is 5 s old', async () => {
    const told = notified();
    const service = await startService(told);
    await service.ready(1);
    await service.ready(2);
    const before = [
      'Starting: 0 of 2 workers ready, generation 1',
      'Serving: 1 of 2 workers ready, generation 1',
    ];
    expect(told.texts()).toEqual(before);
    await service.serveFor(4999);
    expect(told.texts()).toEqual(before);
    await service.serveFor(1);
    expect(told.texts()).toEqual([...before, 'Serving: 2 of 2 workers ready, generation 1']);
    await service.serveFor(20_000);
    expect(told.sent).toHaveLength(3);
  });
});

describe('the watchdog', () => {
  it('is fed at its pace while a worker is ready, also faster than the loop turns of itself', async () => {
    const told = notified({ beatMs: 400 });
    const service = await serveReady(told);
    await service.serveFor(4000);
    expect(told.beats()).toBe(11);
  });

  it('is not fed before a worker is ready, nor while none is', async () => {
    const told = notified({ beatMs: 400 });
    const service = await startService({ ...told, settings: { workers: 1 } });
    await service.clock.advance(3000);
    expect(told.beats()).toBe(0);
    await service.ready(1);
    expect(told.beats()).toBe(1);
    await service.exit(1);
    await service.clock.advance(3000);
    expect(told.beats()).toBe(1);
    await service.ready(2);
    expect(told.beats()).toBe(2);
  });

  it('is fed while the last requests are finished, which has a limit of its own', async () => {
    const told = notified({ beatMs: 400 });
    const service = await serveReady(told);
    await service.signal('SIGTERM');
    const before = told.beats();
    await service.clock.advance(4000);
    expect(told.beats()).toBe(before + 10);
  });

  it('wants half of WATCHDOG_USEC, and nothing where it is for another process', () => {
    expect(beatMsOf({ WATCHDOG_USEC: '30000000' }, 7)).toBe(15_000);
    expect(beatMsOf({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7)).toBe(15_000);
    expect(beatMsOf({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7)).toBe(Infinity);
    expect(beatMsOf({}, 7)).toBe(Infinity);
    expect(beatMsOf({ WATCHDOG_USEC: 'x' }, 7)).toBe(Infinity);
    expect(beatMsOf({ WATCHDOG_USEC: '1' }, 7)).toBe(50);
  });
});

it('systemd is told which process takes over, and again once it is systemd’s own child', () => {
  const sent: Assignments[] = [];
  const outlet = { announce: (one: Assignments) => void sent.push(one), mention: () => {} };
  const notifier = new Notifier({ outlet, clock: new FakeClock(), monotonicUs: () => 0n, beatMs: Infinity });
  notifier.mainPid(99);
  notifier.renewMainPid(99, 100);
  expect(sent).toEqual([{ MAINPID: '99' }, { MAINPID: '100' }, { MAINPID: '99' }]);
});
