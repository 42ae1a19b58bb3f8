import { describe, expect, it } from 'vitest';
import type { ArbiterEvent, ProcessEnd } from '../../../src/arbiter/events.ts';
import { serveReady, startService } from '../../support/fake-service.ts';
import { happens, serves, serveUpgraded, started } from '../../support/fake-upgrade.ts';

const EXIT_0 = { how: 'status', status: 0 } as const;
const gone: ArbiterEvent = { type: 'oldArbiterGone' };
const ended = (end: ProcessEnd): ArbiterEvent => ({ type: 'upgradeEnded', end });

describe('USR2', () => {
  it('calls preExec, starts a new arbiter over the sockets, and tells who asks when that serves', async () => {
    const service = await serveReady({ hooks: { preExec: () => void service.journal.push('preExec') } });
    await service.signal('SIGUSR2');
    expect(service.journal).toEqual(['preExec', 'start over http://127.0.0.1:8000 with 2 workers']);
    await happens(service, started, serves);
    expect(service.journal.at(-1)).toBe('upgraded to 77');
    expect(service.states).toEqual(['1 ready', '2 ready']);
  });

  it('goes on where preExec throws, and logs it', async () => {
    const failing = () => {
      throw new Error('no');
    };
    const service = await serveReady({ hooks: { preExec: failing } });
    await service.signal('SIGUSR2');
    expect(service.journal).toEqual(['start over http://127.0.0.1:8000 with 2 workers']);
    expect(service.log.matching(/hook preExec failed/)).toHaveLength(1);
  });

  it('is refused before a worker is ready', async () => {
    const service = await startService();
    await service.signal('SIGUSR2');
    expect(service.log.at('warning')).toEqual([expect.stringMatching(/^USR2 refused.*no worker/)]);
    expect(service.journal).toEqual([]);
  });

  it('is refused while the service stops', async () => {
    const service = await serveReady();
    await service.signal('SIGTERM', 'SIGUSR2');
    expect(service.log.at('warning')).toEqual([expect.stringMatching(/^USR2 refused.*is stopping/)]);
  });

  it.each([
    ['is being started', []],
    ['boots', [started]],
    ['serves', [started, serves]],
  ])('is refused while another new arbiter %s', async (_what, events: ArbiterEvent[]) => {
    const service = await serveReady();
    await service.signal('SIGUSR2');
    await happens(service, ...events);
    await service.signal('SIGUSR2');
    expect(service.log.at('warning')).toEqual([expect.stringMatching(/^USR2 refused.*under way/)]);
    expect(service.journal.filter((entry) => entry.startsWith('start'))).toHaveLength(1);
  });

  it('is refused in a new arbiter until the old one is gone', async () => {
    const service = await serveReady({ oldArbiter: 5 });
    await service.signal('SIGUSR2');
    expect(service.log.at('warning')).toEqual([expect.stringMatching(/^USR2 refused.*pid: 5/)]);
    await happens(service, gone);
    expect(service.journal).toEqual(['alone']);
    await service.signal('SIGUSR2');
    expect(service.journal.at(-1)).toMatch(/^start over/);
  });
});

describe('a signal that comes before the news that the old arbiter is gone', () => {
  it('finds the new one alone: USR2 is allowed', async () => {
    const service = await serveReady({ oldArbiter: 5 });
    service.oldArbiterGone = true;
    await service.signal('SIGUSR2');
    expect(service.journal).toEqual(['alone', 'start over http://127.0.0.1:8000 with 2 workers']);
    await happens(service, gone);
    expect(service.journal).toHaveLength(2);
  });

  it('finds the new one alone: TERM ends the sockets', async () => {
    const service = await serveReady({ oldArbiter: 5 });
    service.oldArbiterGone = true;
    await service.signal('SIGTERM');
    expect(service.journal.slice(0, 2)).toEqual(['alone', 'close http://127.0.0.1:8000']);
  });
});

describe('a new arbiter that ends', () => {
  it.each([
    [{ how: 'status', status: 4 } as const, /pid: 77\) exited with status 4 \(the application could not/],
    [{ how: 'signal', signal: 'SIGKILL' } as const, /pid: 77\) was killed by SIGKILL/],
  ])('before it was ready changes nothing, and another try is allowed: %j', async (end, line) => {
    const service = await serveReady();
    await service.signal('SIGUSR2');
    await happens(service, started, ended(end));
    expect(service.log.at('error')).toEqual([expect.stringMatching(line)]);
    expect(service.journal.at(-1)).toBe('ended 77');
    expect(service.states).toEqual(['1 ready', '2 ready']);
    await service.signal('SIGUSR2');
    expect(service.journal.at(-1)).toMatch(/^start over/);
  });

  it('that could not be started at all has nothing, and what it was to be handed is let go of', async () => {
    const service = await serveReady();
    await service.signal('SIGUSR2');
    await happens(service, ended({ how: 'unstarted', error: 'spawn E2BIG' }));
    expect(service.log.at('error')).toEqual([expect.stringMatching(/could not be started \(spawn E2BIG\)/)]);
    expect(service.journal.slice(1)).toEqual(['ended null']);
  });

  it('after it served is a roll-back', async () => {
    const service = await serveUpgraded();
    await happens(service, ended(EXIT_0));
    expect(service.journal.slice(-2)).toEqual(['ended 77', 'rolled back']);
    expect(service.log.at('error')).toEqual([]);
  });

  it('brings the workers back that WINCH had retired', async () => {
    const service = await serveUpgraded();
    await service.signal('SIGWINCH');
    await service.exit(1, 2);
    expect(service.states).toEqual([]);
    await happens(service, ended({ how: 'signal', signal: 'SIGSEGV' }));
    expect(service.states).toEqual(['3 spawning', '4 spawning']);
  });
});

describe('TERM beside a new arbiter', () => {
  it('leaves it the sockets, their paths and their queues', async () => {
    const service = await serveUpgraded();
    await service.signal('SIGTERM');
    expect(service.journal.filter((entry) => entry.startsWith('close'))).toEqual([]);
    expect(service.worker(1).sent.at(-1)).toMatchObject({
      tsunicorn: 'retire',
      purpose: 'replace',
      emptyQueue: false,
    });
    await service.exit(1, 2);
    expect(service.status).toBe(0);
    expect(service.log.matching(/pid: 77\) keeps serving on the same sockets/)).toHaveLength(1);
  });

  it('closes, and empties, the sockets that the new one does not use', async () => {
    const service = await serveReady();
    await service.signal('SIGUSR2');
    await happens(service, started, { type: 'upgradeReady', adopted: [] });
    await service.signal('SIGTERM');
    expect(service.journal).toContain('close http://127.0.0.1:8000');
    expect(service.worker(1).sent.at(-1)).toMatchObject({
      tsunicorn: 'retire',
      purpose: 'stop',
      emptyQueue: true,
    });
  });

  it('closes the sockets after all where the new one ends meanwhile', async () => {
    const service = await serveUpgraded();
    await service.signal('SIGTERM');
    await happens(service, ended(EXIT_0));
    expect(service.journal).toContain('rolled back');
    expect(service.worker(1).sent.at(-1)).toMatchObject({ tsunicorn: 'retire', purpose: 'stop' });
    expect(service.journal).toContain('close http://127.0.0.1:8000');
  });

  it('waits for what becomes of a start that has just been asked for', async () => {
    const service = await serveReady();
    await service.signal('SIGUSR2', 'SIGTERM', 'SIGTERM');
    await service.exit(1, 2);
    expect(service.status).toBeNull();
    await happens(service, started);
    expect(service.status).toBe(0);
  });
});

describe('TERM to a new arbiter', () => {
  it('leaves sockets, paths and queues to the old one', async () => {
    const service = await serveReady({ oldArbiter: 5 });
    await service.signal('SIGTERM');
    expect(service.worker(1).sent.at(-1)).toMatchObject({
      tsunicorn: 'retire',
      purpose: 'replace',
      emptyQueue: false,
    });
    await service.exit(1, 2);
    expect(service.status).toBe(0);
    expect(service.journal.filter((entry) => entry.startsWith('close'))).toEqual([]);
  });

  it('ends the sockets where the old one is gone', async () => {
    const service = await serveReady({ oldArbiter: 5 });
    await happens(service, gone);
    await service.signal('SIGTERM');
    expect(service.journal).toContain('close http://127.0.0.1:8000');
    expect(service.worker(1).sent.at(-1)).toMatchObject({
      tsunicorn: 'retire',
      purpose: 'stop',
      emptyQueue: true,
    });
  });
});
