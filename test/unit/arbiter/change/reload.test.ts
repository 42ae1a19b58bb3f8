import { describe, expect, it } from 'vitest';
import type { Generation, Prepared } from '../../../../src/arbiter/change/generation.ts';
import { Reload } from '../../../../src/arbiter/change/reload.ts';
import type { ArbiterEvent } from '../../../../src/arbiter/events.ts';
import { bindAll } from '../../../../src/listeners/bind.ts';
import { fakeListener, loadedWith } from '../../../support/fake-service.ts';

type Result = ArbiterEvent & { type: 'reloadRead' };

const journal: string[] = [];
const current: Generation = {
  number: 1,
  loaded: loadedWith(),
  hooks: {},
  listeners: [fakeListener('127.0.0.1:8000', journal)],
};
const same: Prepared = { loaded: loadedWith(), hooks: {} };

function reloadOf(prepare: (signal: AbortSignal) => Promise<Prepared>) {
  const results: Result[] = [];
  let arrived = () => {};
  const emit = (event: ArbiterEvent) => {
    if (event.type === 'reloadRead') results.push(event);
    arrived();
  };
  const next = async (): Promise<Result> => {
    while (results.length === 0)
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    return results.shift() as Result;
  };
  return {
    reload: new Reload({ prepare, bindAll, emit, now: () => 7, heldByWorkers: () => [], firstGeneration: 1 }),
    next,
  };
}

describe('a reload', () => {
  it('has no candidate until the configuration was read', async () => {
    const { reload, next } = reloadOf(async () => same);
    expect(reload.candidate).toBeNull();
    reload.start(current);
    expect(reload.candidate).toBeNull();
    expect(reload.take(await next())).toBeNull();
    expect(reload.candidate).toMatchObject({ number: 2, listeners: current.listeners });
  });

  it('returns the one line of a configuration that does not load', async () => {
    const { reload, next } = reloadOf(() => Promise.reject(new Error('config.ts: no\nreally')));
    reload.start(current);
    expect(reload.take(await next())).toEqual({ reason: 'config.ts: no really' });
    expect(reload.candidate).toBeNull();
  });

  it('also fails on a reader that throws at once', async () => {
    const { reload, next } = reloadOf(() => {
      throw new Error('no');
    });
    reload.start(current);
    expect(reload.take(await next())).toEqual({ reason: 'no' });
  });

  it('gives every try a number of its own', async () => {
    const { reload, next } = reloadOf(async () => same);
    reload.start(current);
    reload.take(await next());
    reload.start(current);
    reload.take(await next());
    expect(reload.candidate?.number).toBe(3);
  });

  it('takes no result of a try that was superseded', async () => {
    const { reload, next } = reloadOf(async () => same);
    reload.start(current);
    reload.start(current);
    expect(reload.take(await next())).toBeNull();
    expect(reload.candidate).toBeNull();
    reload.take(await next());
    expect(reload.candidate?.number).toBe(3);
  });

  it('says how the last one came out', async () => {
    const reads: (() => Promise<Prepared>)[] = [
      async () => same,
      async () => same,
      () => Promise.reject(new Error('no')),
      async () => same,
    ];
    const { reload, next } = reloadOf(() => reads.shift()?.() ?? Promise.reject());
    expect(reload.last).toBeNull();
    reload.start(current);
    reload.take(await next());
    expect(reload.last).toBeNull();
    reload.start(current);
    expect(reload.last).toEqual({ at: 7, outcome: 'superseded', reason: 'another reload was requested' });
    reload.take(await next());
    reload.undo('it threw');
    expect(reload.last).toEqual({ at: 7, outcome: 'undone', reason: 'it threw' });
    reload.start(current);
    reload.take(await next());
    expect(reload.last).toEqual({ at: 7, outcome: 'refused', reason: 'no' });
    reload.start(current);
    reload.take(await next());
    if (reload.candidate) reload.promote(reload.candidate, current);
    expect(reload.last).toEqual({ at: 7, outcome: 'promoted', reason: null });
  });

  it('is followed by exactly one, however often it is asked for while a worker is proved', async () => {
    const { reload, next } = reloadOf(async () => same);
    expect(reload.ask(current)).toBe('begins');
    reload.take(await next());
    expect([reload.ask(current), reload.ask(current)]).toEqual(['follows', 'follows already']);
    expect([reload.candidate?.number, reload.isDue]).toEqual([2, false]);
    if (reload.candidate) reload.promote(reload.candidate, current);
    expect([reload.isDue, reload.last?.outcome]).toEqual([true, 'promoted']);
    reload.start(current);
    reload.take(await next());
    reload.undo('it threw');
    expect([reload.isDue, reload.isUnderWay, reload.last?.outcome]).toEqual([false, false, 'undone']);
  });

  it('that was read anew once is read to its end, so that orders faster than a read are done too', async () => {
    const { reload, next } = reloadOf(async () => same);
    const asked = [1, 2, 3, 4].map(() => reload.ask(current));
    expect(asked).toEqual(['begins', 'supersedes', 'follows', 'follows already']);
    expect(reload.take(await next())).toBeNull();
    reload.take(await next());
    expect(reload.candidate?.number).toBe(3);
    reload.undo('it threw');
    expect(reload.isDue).toBe(true);
  });

  it('is followed by the next where it is refused', async () => {
    const { reload, next } = reloadOf(() => Promise.reject(new Error('no')));
    for (const _order of [1, 2, 3]) reload.ask(current);
    reload.take(await next());
    expect(reload.take(await next())).toEqual({ reason: 'no' });
    expect([reload.isDue, reload.underWay]).toEqual([true, null]);
  });

  it('needs no other for code that is saved while it is read, or between it and the one that follows', async () => {
    const { reload, next } = reloadOf(async () => same);
    reload.start(current);
    reload.again(current);
    expect([reload.step, reload.underWay]).toEqual(['reading', 2]);
    reload.take(await next());
    reload.ask(current);
    reload.undo('it threw');
    reload.again(current);
    expect([reload.isDue, reload.underWay]).toEqual([true, null]);
  });

  it('forgets what was to follow where it is abandoned', async () => {
    const { reload, next } = reloadOf(async () => same);
    expect(reload.abandon('the service stops')).toBe(false);
    reload.ask(current);
    reload.take(await next());
    reload.ask(current);
    expect(reload.abandon('the service stops')).toBe(true);
    expect([reload.isDue, reload.isUnderWay, reload.failure]).toEqual([false, false, null]);
    expect(reload.last).toEqual({ at: 7, outcome: 'superseded', reason: 'the service stops' });
  });

  it('keeps what is to follow where new code takes the place of the one under way', async () => {
    const { reload, next } = reloadOf(async () => same);
    reload.ask(current);
    reload.take(await next());
    reload.ask(current);
    reload.again(current);
    reload.undo('it threw');
    expect(reload.isDue).toBe(true);
  });

  it('takes no result once it was abandoned, and closes nothing that is in use', async () => {
    const { reload, next } = reloadOf(async () => same);
    reload.start(current);
    reload.abandon('the service stops');
    expect(reload.take(await next())).toBeNull();
    expect(reload.candidate).toBeNull();
    expect(journal).toEqual([]);
  });

  it.each([
    ['another reload', (reload: Reload) => reload.start(current)],
    ['the end of the service', (reload: Reload) => reload.abandon('the service stops')],
  ])('ends what still reads where %s follows', (_what, follow) => {
    const signals: AbortSignal[] = [];
    const { reload } = reloadOf((signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    reload.start(current);
    follow(reload);
    expect(signals.shift()?.aborted).toBe(true);
    expect(signals.filter(({ aborted }) => aborted)).toEqual([]);
  });
});
