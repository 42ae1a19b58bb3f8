import { expect, it } from 'vitest';
import type { Controlled } from '../../../../src/control/controlled.ts';
import type { Patient } from '../../../../src/control/doctor/finding.ts';
import { conditions, threads, timeouts } from '../../../../src/control/doctor/logged.ts';
import { WorkerLogs } from '../../../../src/control/worker-logs.ts';

interface Given {
  readonly recent?: readonly object[];
  readonly ring?: readonly object[];
}

function patientOf({ recent = [], ring = [] }: Given): Patient {
  const read = () => ({ lines: ring.map((line) => JSON.stringify(line)), lost: 0, cursor: {} });
  const service = {
    journal: { recent: recent.map((record) => ({ time: new Date(0), level: 'warning', ...record })) },
    rings: { all: [{ owner: { pid: 7, slot: 0 }, read }] },
  };
  const logged = () =>
    new WorkerLogs(service as unknown as Controlled, { level: 'info', access: false }).recent();
  return { service, status: { processes: [{ pid: 7 }] }, nowMs: 1000, logged } as unknown as Patient;
}

function found(given: Given): readonly string[] {
  return conditions(patientOf(given)).map(({ check, message }) => `${check}: ${message}`);
}

const ofThread = (thread: number, phase: string, more: object = {}) => ({
  ...{ time: new Date(0).toISOString(), level: 'warning', event: 'loop-blocked', phase, ...more },
  message: `Thread ${thread}: its event loop is blocked`,
});

it('a thread that is blocked is told with its request and the place, also when that has lasted', () => {
  const where = { stack: 'at spin (/app.mjs:7:24)\nat run (/app.mjs:9:1)', request: 'GET /report' };
  const blocked = [
    'loop-blocked: slot 0: Thread 1: its event loop is blocked in GET /report at spin (/app.mjs:7:24)',
  ];
  expect(found({ ring: [ofThread(1, 'begins', where)] })).toEqual(blocked);
  expect(found({ ring: [ofThread(1, 'begins', where), ofThread(1, 'lasts')] })).toEqual(blocked);
});

it('that one thread goes on says nothing of another', () => {
  const ring = [ofThread(1, 'begins'), ofThread(2, 'begins'), ofThread(2, 'ends')];
  expect(found({ ring })).toEqual(['loop-blocked: slot 0: Thread 1: its event loop is blocked']);
});

it('a worker that was killed for a block is told with the request and the place', () => {
  const worker = { pid: 7, slot: 0, age: 1, generation: 1 };
  const stalled = {
    event: 'worker-stalled',
    message: 'Worker: was blocked for 2 s (--timeout); killed',
    worker,
  };
  const requests = [{ method: 'GET', path: '/report?secret=1', ageMs: 2000 }];
  expect(found({ recent: [{ ...stalled, requests, stack: ['at spin (/app.mjs:7:24)'] }] })).toEqual([
    'worker-stalled: Worker: was blocked for 2 s (--timeout); killed in GET /report at spin (/app.mjs:7:24)',
  ]);
});

it('threads that ended are told, with the error of the last', () => {
  const ended = (message: string, stack?: string) => ({
    ...{ time: new Date(0).toISOString(), level: 'error', event: 'thread-ended', message },
    ...(stack === undefined ? {} : { stack }),
  });
  const of = (...ring: readonly object[]) => threads(patientOf({ ring }))[0];
  expect(of()).toBe(undefined);
  expect(
    of(ended('A thread exited'), ended('Uncaught exception in a thread', 'Error: no cache\n  at x')),
  ).toMatchObject({
    severity: 'warning',
    message: '2 in the last 10 minutes; the last: Uncaught exception in a thread: Error: no cache',
  });
  const many = Array.from({ length: 3 }, () => ended('A thread ran out of memory'));
  expect(of(...many)).toMatchObject({ severity: 'critical' });
});

it('requests that class thread ended for their time are told, with the last', () => {
  const line = {
    ...{ time: new Date(0).toISOString(), level: 'error', event: 'request-timeout' },
    message: 'Request timed out after 1.0 s: GET /report; its thread is ended and replaced',
  };
  expect(timeouts(patientOf({}))).toEqual([]);
  expect(timeouts(patientOf({ ring: [line, line] }))).toMatchObject([
    {
      severity: 'warning',
      message: `2 requests ran for longer than they may (--timeout, --request-timeout) in the last 10 minutes; the last: ${line.message}`,
    },
  ]);
});
