import { describe, expect, it } from 'vitest';
import type { ProcessEnd } from '../../../../src/arbiter/events.ts';
import type { WorkerState } from '../../../../src/arbiter/policy/worker-state.ts';
import { killedAtBoot } from '../../../../src/arbiter/workers/boot-failure.ts';
import type { Known } from '../../../../src/arbiter/workers/known-state.ts';
import { explainEnd as explain } from '../../../../src/arbiter/workers/obituary.ts';
import type { OomVerdict } from '../../../../src/arbiter/workers/oom-kills.ts';

const MB = 1024 ** 2;
const ready: WorkerState = { name: 'ready', sinceMs: 0, heartbeatMs: 0, outgoing: null };
const retiring: WorkerState = {
  name: 'retiring',
  reason: 'fewer workers are wanted',
  purpose: 'replace',
  killAtMs: 9,
};
const clean: ProcessEnd = { how: 'status', status: 0 };

const explainEnd = (end: ProcessEnd, state: WorkerState, verdict: OomVerdict = null) =>
  explain(end, state, () => verdict);

describe('the end of a worker that served', () => {
  it.each([
    [0, /status 0 without being told to.*process\.exit/, 'exit'],
    [1, /status 1 without being told to/, 'exit'],
    [134, /JavaScript heap/, 'abort'],
  ])('with status %i is an error that says where to look', (status, reason, cause) => {
    expect(explainEnd({ how: 'status', status }, ready)).toEqual({
      level: 'error',
      reason: expect.stringMatching(reason),
      cause,
    });
  });

  it.each([
    ['SIGKILL', /out-of-memory/, 'signal'],
    ['SIGABRT', /JavaScript heap/, 'abort'],
    ['SIGSEGV', /native code/, 'crash'],
    ['SIGTERM', /SIGTERM, which the arbiter did not send/, 'signal'],
  ] as const)('by %s is an error that names the likely cause', (signal, reason, cause) => {
    expect(explainEnd({ how: 'signal', signal }, ready)).toEqual({
      level: 'error',
      reason: expect.stringMatching(reason),
      cause,
    });
  });
});

describe('the end of a worker by a SIGKILL that was not ours', () => {
  it.each([
    ['here', /killed by the kernel's out-of-memory killer.*control group/, 'oom'],
    ['machine', /probably by the kernel's out-of-memory killer/, 'oom'],
    ['no', /neither the arbiter nor the kernel's out-of-memory killer did/, 'signal'],
    [null, /out-of-memory killer or another process/, 'signal'],
  ] as const)('is explained as far as the kernel tells: %s', (verdict, reason, cause) => {
    const obituary = explainEnd({ how: 'signal', signal: 'SIGKILL' }, ready, verdict);
    expect(obituary).toEqual({ level: 'error', reason: expect.stringMatching(reason), cause });
  });
});

describe('the end of a worker that was to go', () => {
  it('is mere information with the reason', () => {
    expect(explainEnd(clean, retiring)).toEqual({
      level: 'info',
      reason: 'fewer workers are wanted',
      cause: 'retired',
    });
  });

  it('names the status where that is not 0', () => {
    expect(explainEnd({ how: 'status', status: 1 }, retiring)).toEqual({
      level: 'info',
      reason: 'fewer workers are wanted, exited with status 1',
      cause: 'retired',
    });
  });

  it('is nobody’s order where an exception made it go', () => {
    const crashed: WorkerState = { ...retiring, reason: 'uncaught exception', by: 'itself' };
    expect(explainEnd({ how: 'status', status: 1 }, crashed)).toEqual({
      level: 'info',
      reason: 'uncaught exception, exited with status 1',
      cause: 'uncaught',
    });
  });

  it('is mere information where it was never ready, however it went', () => {
    const cancelled: WorkerState = { name: 'cancelled', reason: 'the service stops', killAtMs: 9 };
    const killed: WorkerState = { name: 'killed', reason: 'did not end', escalateAtMs: 9, cause: 'unwanted' };
    const end: ProcessEnd = { how: 'signal', signal: 'SIGKILL' };
    expect(explainEnd(end, cancelled).level).toBe('info');
    expect(explainEnd(end, killed).level).toBe('info');
  });

  it('is a warning where a signal ended it', () => {
    const { level, reason, cause } = explainEnd({ how: 'signal', signal: 'SIGSEGV' }, retiring);
    expect(level).toBe('warning');
    expect(reason).toMatch(/^fewer workers are wanted, .*SIGSEGV/);
    expect(cause).toBe('crash');
  });

  it('is put down to the arbiter where the arbiter killed it', () => {
    const killed: WorkerState = {
      name: 'killed',
      reason: 'silent for 30 s',
      escalateAtMs: 9,
      cause: 'silent',
    };
    expect(explainEnd({ how: 'signal', signal: 'SIGKILL' }, killed)).toEqual({
      level: 'warning',
      reason: 'killed by the arbiter: silent for 30 s',
      cause: 'silent',
    });
  });
});

describe('the end of a worker that was never ready', () => {
  it.each(['spawning', 'booting'] as const)('is a cause for the line about its boot, %s', (name) => {
    const { level, reason } = explainEnd({ how: 'status', status: 7 }, { name, sinceMs: 0 });
    expect(level).toBe('debug');
    expect(reason).toMatch(/status 7.*before it was ready/);
  });

  it('gives the reason of the system where there was no process', () => {
    const { reason, cause } = explainEnd(
      { how: 'unstarted', error: 'spawn EAGAIN' },
      { name: 'spawning', sinceMs: 0 },
    );
    expect(reason).toBe('could not be started: spawn EAGAIN');
    expect(cause).toBe('spawn');
  });

  it('is hardly worth a line where there was no process, and none is wanted any more', () => {
    const cancelled: WorkerState = { name: 'cancelled', reason: 'the service stops', killAtMs: 9 };
    expect(explainEnd({ how: 'unstarted', error: 'spawn EAGAIN' }, cancelled).level).toBe('debug');
  });

  it('says no more than its message did where it had one', () => {
    const failed: WorkerState = { name: 'failed', killAtMs: 9 };
    expect(explainEnd({ how: 'status', status: 4 }, failed).level).toBe('debug');
  });
});

describe('a worker that was not ready in time', () => {
  const worker = { pid: 7, slot: 0, age: 1 };
  const kill = {
    cause: 'boot-timeout',
    reason: 'not ready within 60 s',
    wasStandby: false,
    readyPath: null,
  } as const;

  it('had not loaded the application', () => {
    expect(killedAtBoot(worker, kill)).toEqual({
      exitStatus: 3,
      code: 'TSU0601',
      message:
        "Worker (pid: 7, slot 0, age 1) was not ready within 60 s (--boot-timeout): the application's import or factory had not finished",
    });
  });

  it('may have been blocked by the ready path, or it would have said so itself', () => {
    expect(killedAtBoot(worker, { ...kill, readyPath: '/healthz' }).message).toMatch(
      /had not finished, or GET \/healthz \(--ready-path\) blocked its event loop$/,
    );
  });
});

describe('what was known of a worker before its end', () => {
  const sigabrt: ProcessEnd = { how: 'signal', signal: 'SIGABRT' };
  const sigkill: ProcessEnd = { how: 'signal', signal: 'SIGKILL' };
  const place = { file: '/srv/app.js', line: 3, column: 7 };
  const memory = { rssBytes: 300 * MB, heapBytes: 245 * MB, heapLimitBytes: 256 * MB, ageMs: 420 };
  const ending = { tsunicorn: 'ending', requests: [], waiting: 0 } as const;
  const reasonOf = (end: ProcessEnd, known: Partial<Known>, verdict: OomVerdict = null) =>
    explain(end, ready, () => verdict, { memory: null, ending: null, ...known }).reason;

  it('tells V8’s want of memory from other aborts', () => {
    expect(reasonOf(sigabrt, { memory })).toBe(
      'aborted by SIGABRT, out of the JavaScript heap: 245M of 256M of its JavaScript heap in use 0.4 s before, 300M of memory in all',
    );
    expect(reasonOf(sigabrt, { memory: { ...memory, heapBytes: MB, rssBytes: 50 * MB } })).toMatch(
      /^aborted by SIGABRT \(native code, a signal of another process, or out of the JavaScript heap: 1M of 256M/,
    );
  });

  it.each(['here', 'machine', null] as const)(
    'says what one had that was killed for memory: %s',
    (verdict) => {
      expect(reasonOf(sigkill, { memory }, verdict)).toMatch(
        /; it had 300M 0\.4 s before, the available memory is \d+M$/,
      );
      expect(reasonOf(sigkill, {}, verdict)).toMatch(/; the available memory is \d+M$/);
    },
  );

  it('says where the application ended the process', () => {
    const exit = { ...ending, call: 'process.exit()', place } as const;
    const abort = { ...ending, call: 'process.abort()', place } as const;
    expect(reasonOf({ how: 'status', status: 3 }, { ending: exit })).toBe(
      'exited with status 3 without being told to: the application called process.exit() at /srv/app.js:3:7',
    );
    expect(reasonOf(sigabrt, { ending: abort, memory })).toBe(
      'aborted by SIGABRT: the application called process.abort() at /srv/app.js:3:7',
    );
    expect(reasonOf(sigabrt, { ending: { ...abort, place: null } })).toBe(
      'aborted by SIGABRT, which another process sent',
    );
  });
});
