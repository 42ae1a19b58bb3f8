import { describe, expect, it } from 'vitest';
import type { ArbiterEvent } from '../../../src/arbiter/events.ts';
import { serveReady } from '../../support/fake-service.ts';

const BUG = /^This is a bug in tsunicorn/;

describe('an arbiter with a mistake of its own', () => {
  it('logs it and goes on, where an event could not be handled', async () => {
    const service = await serveReady();
    service.queue.push({ type: 'changed' } as unknown as ArbiterEvent);
    service.queue.push({ type: 'message', worker: 1, message: null } as unknown as ArbiterEvent);
    await service.signal('SIGTTIN');
    expect(service.log.at('critical')).toEqual([expect.stringMatching(BUG)]);
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning']);
  });

  it('goes on where it cannot tell the service manager', async () => {
    const service = await serveReady({
      observe: () => () => {
        throw new Error('no');
      },
    });
    expect(service.log.at('critical')).toContainEqual(expect.stringMatching(BUG));
    await service.signal('SIGTTIN');
    expect(service.states).toEqual(['1 ready', '2 ready', '3 spawning']);
  });

  it('tries what could not be done again, but not at once', async () => {
    const service = await serveReady();
    service.worker(2).send = () => {
      throw new Error('no');
    };
    await service.signal('SIGTTOU');
    expect(service.log.at('critical')).toEqual([expect.stringMatching(BUG)]);
    await service.signal('SIGTTIN');
    expect(service.states).toEqual(['1 ready', '2 retiring', '3 spawning']);
  });
});
