import { describe, expect, it } from 'vitest';
import type { ArbiterEvent } from '../../../src/arbiter/events.ts';
import { serveReady, startService } from '../../support/fake-service.ts';
import { happens, serves, serveUpgraded, started } from '../../support/fake-upgrade.ts';

const ended: ArbiterEvent = { type: 'upgradeEnded', end: { how: 'status', status: 3 } };

describe('WINCH', () => {
  it('retires every worker and keeps the sockets', async () => {
    const service = await serveReady();
    await service.signal('SIGWINCH');
    expect(service.states).toEqual(['1 retiring', '2 retiring']);
    expect(service.worker(1).sent.at(-1)).toMatchObject({ tsunicorn: 'retire', emptyQueue: false });
    await service.exit(1, 2);
    expect(service.status).toBeNull();
    expect(service.journal.filter((entry) => entry.startsWith('close'))).toEqual([]);
    expect(service.log.matching(/Worker exiting.*all workers retire/)).toHaveLength(2);
  });

  it('drops a reload under way and waits for no worker that boots', async () => {
    const service = await serveReady();
    await service.signal('SIGHUP', 'SIGTTIN');
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning', '4 spawning (generation 2)']);
    await service.signal('SIGWINCH');
    expect(service.states).toEqual(['1 retiring', '2 retiring', '3 cancelled', '4 cancelled (generation 2)']);
  });

  it('is undone by HUP, which reloads as well', async () => {
    const service = await serveReady();
    await service.signal('SIGWINCH');
    await service.exit(1, 2);
    await service.signal('SIGHUP');
    expect(service.states).toEqual(['3 spawning', '4 spawning', '5 spawning (generation 2)']);
  });

  it('is undone by TTIN, one worker at a time', async () => {
    const service = await serveReady();
    await service.signal('SIGWINCH');
    await service.exit(1, 2);
    await service.signal('SIGTTIN');
    expect(service.states).toEqual(['3 spawning']);
    await service.signal('SIGTTIN');
    expect(service.states).toEqual(['3 spawning', '4 spawning']);
  });

  it('does nothing, and is no line of the log, where the terminal may have sent it', async () => {
    const service = await serveReady();
    service.resized = true;
    await service.signal('SIGWINCH');
    expect(service.states).toEqual(['1 ready', '2 ready']);
    expect(service.log.at('info').filter((line) => /winch/i.test(line))).toEqual([]);
  });

  it('acts in a terminal too once a new arbiter serves', async () => {
    const service = await serveUpgraded();
    service.resized = true;
    await service.signal('SIGWINCH');
    expect(service.states).toEqual(['1 retiring', '2 retiring']);
  });

  it.each<[string, ArbiterEvent[]]>([
    ['is being started', []],
    ['boots', [started]],
  ])('is refused while a new arbiter %s, which does not serve yet', async (_what, events) => {
    const service = await serveReady();
    await service.signal('SIGUSR2');
    await happens(service, ...events);
    await service.signal('SIGWINCH');
    expect(service.log.at('warning')).toEqual([expect.stringMatching(/WINCH refused.*does not serve yet/)]);
    expect(service.states).toEqual(['1 ready', '2 ready']);
  });

  it.each<[string, ArbiterEvent[]]>([
    ['never served', [started, ended]],
    ['served and ended unasked', [started, serves, ended]],
  ])('is refused once after an upgrade whose new arbiter %s: nobody else serves', async (_what, events) => {
    const service = await serveReady();
    await service.signal('SIGUSR2');
    await happens(service, ...events);
    await service.signal('SIGWINCH');
    const [line] = service.log.lines.filter(({ level }) => level === 'warning');
    expect(line?.message).toMatch(/WINCH refused, nothing was changed: .*failed.*send WINCH again/);
    expect(line?.fields).toMatchObject({ event: 'signal-refused', signal: 'SIGWINCH' });
    expect(service.states).toEqual(['1 ready', '2 ready']);
    await service.signal('SIGWINCH');
    expect(service.states).toEqual(['1 retiring', '2 retiring']);
  });

  it('acts after an upgrade that was ended by hand', async () => {
    const service = await serveUpgraded();
    await happens(service, { type: 'upgradeEnded', end: { how: 'status', status: 0 } });
    await service.signal('SIGWINCH');
    expect(service.states).toEqual(['1 retiring', '2 retiring']);
  });

  it('is refused while the service starts or stops', async () => {
    const starting = await startService();
    await starting.signal('SIGWINCH');
    expect(starting.log.at('warning')).toEqual([expect.stringMatching(/WINCH refused/)]);
    const stopping = await serveReady();
    await stopping.signal('SIGTERM', 'SIGWINCH');
    expect(stopping.log.at('warning')).toEqual([expect.stringMatching(/WINCH refused/)]);
  });

  it('is no obstacle to TERM', async () => {
    const service = await serveReady();
    await service.signal('SIGWINCH', 'SIGTERM');
    await service.exit(1, 2);
    expect(service.status).toBe(0);
    expect(service.journal).toContain('close http://127.0.0.1:8000');
  });
});
