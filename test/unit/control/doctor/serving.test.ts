import { expect, it } from 'vitest';
import type { Controlled } from '../../../../src/control/controlled.ts';
import type { Patient } from '../../../../src/control/doctor/finding.ts';
import { boots, changes, deaths, loops, workers } from '../../../../src/control/doctor/serving.ts';
import { balance, queues } from '../../../../src/control/doctor/waiting.ts';
import { WorkerLogs } from '../../../../src/control/worker-logs.ts';

interface Given {
  readonly status?: object;
  readonly recent?: readonly object[];
  readonly ring?: readonly object[];
  readonly backlog?: number;
}

function patient({ status = {}, recent = [], ring = [], backlog = 100 }: Given): Patient {
  const read = () => ({ lines: ring.map((line) => JSON.stringify(line)), lost: 0, cursor: {} });
  const whole = {
    ...{ phase: 'serving', role: 'only', reload: { lastFailure: null }, workers: { wanted: 2, ready: 2 } },
    ...{ processes: [], listeners: [], ...status },
  };
  const service = {
    journal: { recent: recent.map((record) => ({ time: new Date(0), level: 'info', ...record })) },
    rings: { all: [{ owner: { pid: 7, slot: 0 }, read }] },
    loaded: () => ({ settings: { backlog } }),
  };
  const logged = () =>
    new WorkerLogs(service as unknown as Controlled, { level: 'info', access: false }).recent();
  return { service, status: whole, nowMs: 1000, logged } as unknown as Patient;
}

const exited = (cause: string) => ({
  ...{ event: 'worker-exited', cause, message: `Worker ended: ${cause}` },
  worker: { pid: 7, slot: 0, age: 1, generation: 1 },
});

it('of workers it matters most that none serves', () => {
  const of = (status: object) => workers(patient({ status }))[0];
  expect(of({ workers: { wanted: 2, ready: 0 } })).toMatchObject({ severity: 'critical' });
  expect(of({ workers: { wanted: 2, ready: 1 } })).toMatchObject({ message: 'only 1 of 2 serve' });
  expect(of({ workers: { wanted: 0, ready: 0 } })?.cure).toMatch(/resume/);
  expect(of({ phase: 'draining' })?.message).toMatch(/drains/);
  expect(of({})).toMatchObject({ severity: 'fine' });
});

it('deaths are told with the last words of the worker, and not those that were asked for', () => {
  const ring = [
    { time: new Date(0).toISOString(), level: 'error', message: 'Uncaught', stack: 'Error: no cache\n at x' },
  ];
  expect(deaths(patient({ recent: [exited('retired'), exited('asked')] }))[0]?.severity).toBe('fine');
  expect(deaths(patient({ recent: [exited('uncaught')], ring }))[0]).toMatchObject({
    severity: 'warning',
    message: '1 death in the last 10 minutes; the last: Worker ended: uncaught: Error: no cache',
  });
  const many = Array.from({ length: 3 }, () => exited('oom'));
  expect(deaths(patient({ recent: many }))[0]).toMatchObject({
    severity: 'critical',
    message: expect.stringMatching(/again and again/),
  });
});

it('says why workers cannot be started, while they are missing', () => {
  const recent = [
    { event: 'boot-failed', message: 'app.mjs threw while it was loaded: no cache; next try at once' },
  ];
  const of = (ready: number) => boots(patient({ recent, status: { workers: { wanted: 2, ready } } }));
  expect(of(1)).toMatchObject([
    {
      severity: 'warning',
      message: expect.stringMatching(/^1 start of a worker failed .*no cache/),
    },
  ]);
  expect(of(0)).toMatchObject([{ severity: 'critical' }]);
  expect(of(2)).toEqual([]);
});

it('a loop that is blocked is told once', () => {
  const blocked = { pid: 0, slot: 0, state: 'ready', blockedMs: 4100 };
  const status = { processes: [blocked, { ...blocked, slot: 1, blockedMs: null }] };
  expect(loops(patient({ status }))).toMatchObject([
    { severity: 'critical', message: expect.stringMatching(/slot 0 has been blocked for 4 s/) },
  ]);
  const record = { event: 'loop-blocked', phase: 'begins', worker: { pid: 7, slot: 0, age: 1 } };
  expect(loops(patient({ status, recent: [record] }))[0]?.severity).toBe('fine');
});

it('changes that came to nothing are told, and an upgrade that is not over', () => {
  const status = { reload: { lastFailure: 'no such file' }, role: 'old' };
  expect(changes(patient({ status })).map(({ check, severity }) => [check, severity])).toEqual([
    ['reload', 'warning'],
    ['upgrade', 'notice'],
  ]);
});

it('queues are told when they fill, when somebody waits in them, and when they are shorter than asked for', () => {
  const queue = { url: 'http://a', slot: null, queue: 1, limit: 100, longestWaitMs: null };
  const of = (more: object, backlog = 100) =>
    queues(patient({ backlog, status: { listeners: [{ ...queue, ...more }] } })).map(
      ({ severity }) => severity,
    );
  expect(of({})).toEqual(['fine']);
  expect(of({ queue: 51 })).toEqual(['critical']);
  expect(of({ longestWaitMs: 1500 })).toEqual(['warning']);
  expect(of({}, 2048)).toEqual(['notice']);
});

it('connections are uneven where there are many, and nearly all at one worker', () => {
  const of = (...counts: readonly number[]) =>
    balance(
      patient({
        status: {
          processes: counts.map((connections, slot) => ({ pid: 1, slot, connections, state: 'ready' })),
        },
      }),
    ).length;
  expect([of(60, 0), of(30, 30), of(40, 0), of(60), of(50, 5, 5)]).toEqual([1, 0, 0, 0, 1]);
});
