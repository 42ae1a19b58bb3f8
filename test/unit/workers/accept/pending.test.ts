import { Socket } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PendingConnections } from '../../../../workers/accept/pending.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

describe('pending', () => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = new FakeClock();
  });

  it('are slow once the limit has passed, each of them once, and none that is known by then', async () => {
    const slow = vi.fn();
    const pending = new PendingConnections(5, slow, clock);
    const [known, first, second] = [new Socket(), new Socket(), new Socket()];
    for (const socket of [known, first, second]) pending.add(socket);
    pending.know(known);
    pending.know(known);
    expect(pending.count).toBe(2);
    await clock.advance(4);
    expect(slow).not.toHaveBeenCalled();
    await clock.advance(2);
    expect(slow.mock.calls).toEqual([[first], [second]]);
    expect(pending.count).toBe(0);
    await clock.advance(20);
    expect(slow).toHaveBeenCalledTimes(2);
  });

  it('have the limit again after quiet times', async () => {
    const slow = vi.fn();
    const pending = new PendingConnections(5, slow, clock);
    await clock.advance(60);
    const late = new Socket();
    pending.add(late);
    await clock.advance(4);
    expect(slow).not.toHaveBeenCalled();
    await clock.advance(2);
    expect(slow).toHaveBeenCalledExactlyOnceWith(late);
  });

  it('have less time once many in a row were slow, until one is not', async () => {
    const slow = vi.fn();
    const pending = new PendingConnections(20, slow, clock);
    for (let count = 0; count < 8; count++) {
      pending.add(new Socket());
      await clock.advance(21);
    }
    expect(slow).toHaveBeenCalledTimes(8);
    pending.add(new Socket());
    await clock.advance(2);
    expect(slow).toHaveBeenCalledTimes(9);
    const known = new Socket();
    pending.add(known);
    pending.know(known);
    pending.add(new Socket());
    await clock.advance(15);
    expect(slow).toHaveBeenCalledTimes(9);
  });
});
