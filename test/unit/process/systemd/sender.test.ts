import { describe, expect, it } from 'vitest';
import type { Assignments } from '../../../../src/process/systemd/notification.ts';
import { type Failure, Sender } from '../../../../src/process/systemd/sender.ts';

/** A sender whose messages arrive when the test says so. */
function makeSender() {
  const sent: Assignments[] = [];
  const complaints: string[] = [];
  const ends: ((failure: Failure | null) => void)[] = [];
  const sender = new Sender(
    (assignments) => {
      sent.push(assignments);
      return new Promise((resolve) => ends.push(resolve));
    },
    (reason) => complaints.push(reason),
  );
  const arrives = async (failure: Failure | null = null) => {
    ends.shift()?.(failure);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { sender, sent, complaints, arrives };
}

describe('the sender', () => {
  it('sends one message at a time, each change of state, in order', async () => {
    const { sender, sent, arrives } = makeSender();
    for (const name of ['READY', 'RELOADING', 'READY']) sender.announce({ [name]: '1' });
    expect(sent).toEqual([{ READY: '1' }]);
    await arrives();
    expect(sent.slice(1)).toEqual([{ RELOADING: '1' }]);
    await arrives();
    expect(sent.slice(2)).toEqual([{ READY: '1' }]);
  });

  it('lets what only counts for the moment travel with what waits', async () => {
    const { sender, sent, arrives } = makeSender();
    sender.mention({ STATUS: 'one' });
    sender.announce({ RELOADING: '1' });
    sender.mention({ STATUS: 'two' });
    sender.mention({ STATUS: 'three', WATCHDOG: '1' });
    await arrives();
    expect(sent).toEqual([{ STATUS: 'one' }, { RELOADING: '1', STATUS: 'three', WATCHDOG: '1' }]);
    await arrives();
    expect(sent).toHaveLength(2);
  });

  it('complains of the first failure alone, and goes on', async () => {
    const { sender, sent, complaints, arrives } = makeSender();
    sender.announce({ READY: '1' });
    sender.announce({ STOPPING: '1' });
    await arrives({ reason: 'no such socket', forGood: false });
    await arrives({ reason: 'no such socket', forGood: false });
    expect(sent).toEqual([{ READY: '1' }, { STOPPING: '1' }]);
    expect(complaints).toEqual(['no such socket']);
  });

  it('tries no more where nothing can be sent at all', async () => {
    const { sender, sent, complaints, arrives } = makeSender();
    sender.announce({ READY: '1' });
    sender.mention({ WATCHDOG: '1' });
    await arrives({ reason: 'not installed', forGood: true });
    sender.announce({ STOPPING: '1' });
    expect(sent).toEqual([{ READY: '1' }]);
    expect(complaints).toEqual(['not installed']);
  });

  it('takes a process that cannot be started for a failure like any other', async () => {
    const complaints: string[] = [];
    const sender = new Sender(
      () => {
        throw new Error('spawn EAGAIN');
      },
      (reason) => complaints.push(reason),
    );
    sender.announce({ READY: '1' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(complaints).toEqual(['spawn EAGAIN']);
  });
});
