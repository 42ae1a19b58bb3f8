import { expect, it } from 'vitest';
import type { Finding } from '../../../src/control/doctor/finding.ts';
import { Conditions } from '../../../src/log/conditions.ts';
import type { AnyRecord } from '../../../src/log/records.ts';
import { type HealthSource, healthOf } from '../../../src/page/health.ts';
import type { ServiceStatus } from '../../../src/process/status.ts';

const worker = { pid: 12, slot: 2, age: 7, generation: 1 };

function status(wanted: number, ready: number, more: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    ...{ phase: 'serving', reload: null, reloadFailure: null, generation: 1, role: 'only' },
    workers: { wanted, ready, current: ready, all: wanted },
    ...{ processes: [], companions: [], bootMs: 1, graceMs: 1 },
    ...more,
  };
}

function blocked(phase: 'begins' | 'lasts' | 'ends', durationMs: number): AnyRecord {
  const requests = [{ method: 'GET', path: '/report?key=secret', ageMs: durationMs }];
  const fields = {
    event: 'loop-blocked',
    phase,
    count: 1,
    durationMs,
    stack: null,
    requests,
    worker,
  } as const;
  return { ...fields, level: 'warning', message: 'is blocked', time: new Date() };
}

function health(source: Partial<HealthSource>) {
  return healthOf({
    ...{
      status: status(4, 4),
      conditions: [],
      nowMs: 0,
      queued: 0,
      requestsInFlight: 0,
      retryMs: null,
      blocked: 0,
    },
    deaths: { count: 0, last: null },
    findings: [],
    ...source,
  });
}

it('says of a calm service that all serve', () => {
  expect(health({})).toEqual({ level: 'fine', sentence: 'All 4 workers serve.', details: [] });
  expect(health({ status: status(1, 1) }).sentence).toBe('The one worker serves.');
  expect(health({ status: status(2, 2) }).sentence).toBe('Both workers serve.');
});

it('names the slot that is blocked, for how long, and the request without its query', () => {
  const conditions = new Conditions();
  conditions.took(blocked('begins', 1000), 5000);
  conditions.took(blocked('lasts', 9000), 13_000);
  expect(conditions.blockedMs(7, 16_000)).toBe(12_000);
  const { sentence, level } = health({
    blocked: 1,
    conditions: conditions.all,
    nowMs: 16_000,
  });
  expect(sentence).toBe('3 of 4 workers serve; slot 2 has been blocked for 12 s in GET /report.');
  expect(level).toBe('warning');
  conditions.took(blocked('ends', 15_000), 20_000);
  expect(conditions.all).toEqual([]);
});

it('forgets what lasted with the worker that it was about', () => {
  const conditions = new Conditions();
  conditions.took(blocked('begins', 1000), 5000);
  const end = {
    event: 'worker-exited',
    worker,
    reason: 'was killed',
    cause: 'stall',
    level: 'error',
  } as const;
  conditions.took({ ...end, message: '', time: new Date() }, 6000);
  expect(conditions.all).toEqual([]);
});

it('says that nobody serves, that workers die again and again, and when the next one starts', () => {
  const last = 'Worker (pid: 3, slot 0) exited with status 1';
  const { sentence, level, details } = health({
    status: status(3, 0),
    deaths: { count: 6, last },
    retryMs: 4000,
  });
  expect(level).toBe('bad');
  expect(sentence).toBe(
    `No worker serves: 3 are wanted; workers die again and again, 6 in the last minute; the last: ${last}.`,
  );
  expect(details).toEqual(['The next worker is started in 4 s, as they end too soon.']);
});

it('says of a stop who is left, and of an upgrade and a failed reload what they are', () => {
  const stopping = health({ status: status(4, 0, { phase: 'stopping' }), requestsInFlight: 2 });
  expect(stopping).toMatchObject({
    level: 'warning',
    sentence: 'The service stops: 4 workers left, 2 requests are in flight.',
  });
  const failed = health({ status: status(4, 4, { reloadFailure: 'config.ts: it is wrong.' }) });
  expect(failed.sentence).toBe(
    'All 4 workers serve; the last reload changed nothing: config.ts: it is wrong.',
  );
  expect(health({ status: status(4, 4, { role: 'old' }) }).sentence).toMatch(/this is the old arbiter\.$/);
  expect(health({ status: status(0, 0) }).sentence).toMatch(/paused/);
  expect(health({ status: null }).level).toBe('warning');
});

const finding = (check: string, severity: Finding['severity'], message: string): Finding => ({
  ...{ check, severity, message, cure: null },
});

it('says first what the doctor finds worst, and below what else it finds', () => {
  const { sentence, level, details } = health({
    findings: [
      finding(
        'stopped',
        'critical',
        'worker 12 in slot 2 is stopped, by SIGSTOP or a debugger: it serves nobody',
      ),
      finding('requests', 'notice', '8 requests wait for an answer of the application'),
      finding('processors', 'notice', '4 workers share 1 processors'),
      finding('memory', 'fine', 'all processes use 100M of 2000M'),
    ],
  });
  expect(sentence).toBe(
    'All 4 workers serve; worker 12 in slot 2 is stopped, by SIGSTOP or a debugger: it serves nobody.',
  );
  expect(level).toBe('warning');
  expect(details).toEqual([
    '8 requests wait for an answer of the application.',
    'Worth knowing: 4 workers share 1 processors.',
  ]);
});

it('says nothing first of a service that is well but for its setup', () => {
  const { sentence, level, details } = health({
    findings: [finding('user', 'notice', 'the workers run as root')],
  });
  expect({ sentence, level }).toEqual({ sentence: 'All 4 workers serve.', level: 'fine' });
  expect(details).toEqual(['Worth knowing: the workers run as root.']);
});

it('does not say twice what it knows itself', () => {
  const conditions = new Conditions();
  conditions.took(blocked('lasts', 9000), 13_000);
  const { details } = health({
    ...{ conditions: conditions.all, blocked: 1, nowMs: 13_000 },
    deaths: { count: 1, last: null },
    findings: [
      finding('loop-blocked', 'warning', 'slot 2: is blocked'),
      finding('event loops', 'critical', 'the event loop of worker 12 in slot 2 has been blocked for 9 s'),
      finding('deaths', 'warning', '1 death in the last 10 minutes'),
      finding('workers', 'warning', 'only 3 of 4 serve'),
    ],
  });
  expect(details).toEqual(['1 worker died in the last minute.']);
});

it('says why workers cannot be started before how often they ended', () => {
  const { sentence } = health({
    ...{ status: status(2, 0), deaths: { count: 4, last: 'Worker (pid: 3) could not boot' } },
    findings: [
      finding('boots', 'critical', '4 starts of a worker failed; the last: DATABASE_URL is not set'),
    ],
  });
  expect(sentence).toBe(
    'No worker serves: 2 are wanted; 4 starts of a worker failed; the last: DATABASE_URL is not set.',
  );
});

it('says that a reload changed nothing before that its worker has ended', () => {
  const { sentence } = health({
    status: status(2, 2, { reloadFailure: 'app.mjs threw: no cache' }),
    deaths: { count: 1, last: 'Worker (pid: 3) could not boot' },
  });
  expect(sentence).toBe('Both workers serve; the last reload changed nothing: app.mjs threw: no cache.');
});
