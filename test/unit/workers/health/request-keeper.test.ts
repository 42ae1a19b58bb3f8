import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FlightReader } from '../../../../src/flights/reader.ts';
import { FlightTable } from '../../../../src/flights/table.ts';
import { AccessBuffer } from '../../../../src/log/access-buffer.ts';
import type { SharedLines } from '../../../../src/log/access-log.ts';
import type { AccountCommand } from '../../../../src/process/ipc/flights.ts';
import type { WorkerMessage } from '../../../../src/process/ipc/messages.ts';
import { RequestKeeper } from '../../../../workers/health/request-keeper.ts';
import { deadlineMs } from '../../../support/patience.ts';
import { turns } from '../../../support/wire.ts';

afterEach(() => void vi.restoreAllMocks());

/** A keeper, what it says to the arbiter, and how the arbiter gives an order. */
function keeping(access: SharedLines | null = null) {
  const flights = new FlightTable();
  const said: WorkerMessage[] = [];
  let order = (_order: AccountCommand) => {};
  const keeper = new RequestKeeper(
    { fd: -1, flights: flights.buffer, timeOrigin: performance.timeOrigin, access },
    (_fd, ordered) => {
      order = ordered;
      const say = async (message: WorkerMessage) => void said.push(message);
      return { isFull: false, say };
    },
  );
  const begin = (url: string, ageMs = 0) => flights.open('GET', url, '', '1.1', performance.now() - ageMs);
  return { keeper, flights, said, begin, order: (reason: string) => order({ tsunicorn: 'account', reason }) };
}

const toSyslog = (format = '%(U)s %(s)s %(X)s'): SharedLines => ({
  ...{ format, buffer: new AccessBuffer().shared, lineLimit: Infinity, toFile: false, toSyslog: true },
});

describe('the keeper of the requests in flight', () => {
  it('sleeps while nothing changes, whether requests are held or none are there', async () => {
    const looks = vi.spyOn(FlightReader.prototype, 'list');
    const rests = vi.spyOn(FlightReader.prototype, 'changed');
    /** Resolves once it waits for the next change, and for nothing else within a minute. */
    const resting = async () => {
      await expect
        .poll(() => rests.mock.settledResults.at(-1)?.type, { timeout: deadlineMs() })
        .toBe('incomplete');
      expect(rests.mock.lastCall).toEqual([60_000]);
    };
    const { keeper, flights, said, begin } = keeping(toSyslog());
    void keeper.run();
    onTestFinished(() => {
      void keeper.finish('test');
      flights.wake();
    });
    await resting();
    expect(looks).toHaveBeenCalledTimes(1);
    begin('/held');
    await expect.poll(() => said).toMatchObject([{ tsunicorn: 'flights', began: [{ url: '/held' }] }]);
    await resting();
    const held = looks.mock.calls.length;
    await turns(20);
    await resting();
    expect(looks).toHaveBeenCalledTimes(held);
  });

  it('names those that wait, the latest first, and counts the others', () => {
    const { keeper, flights, begin } = keeping();
    for (const [index, path] of ['/old', '/middle', '/young'].entries()) begin(path, 3000 - index * 1000);
    flights.progress(begin('/answered'), 200, true, 1);
    flights.upgrade(begin('/socket'));
    expect(keeper.waiting(2)).toMatchObject({
      requests: [{ path: '/young' }, { path: '/middle' }],
      waiting: 3,
    });
    flights.progress(0, 200, false, 1);
    expect(keeper.seen()).toMatchObject({
      requests: [{ path: '/old', got: 'part' }, { got: 'cut' }, { got: 'cut' }],
      omitted: 0,
    });
  });

  it('writes the lines once, whoever asks, and tells the arbiter whether none is missing', async () => {
    const { keeper, said, begin, order } = keeping(toSyslog());
    begin('/held');
    const finished = keeper.finish('stall');
    order('SIGKILL');
    expect(await finished).toBe(true);
    await expect.poll(() => said).toHaveLength(2);
    expect(said).toEqual([
      { tsunicorn: 'accessLines', lines: ['/held 444 stall'] },
      { tsunicorn: 'accounted', complete: true },
    ]);
  });

  it('says that lines are missing where it cannot write them', async () => {
    // As where the installation has been replaced, and what writes the lines cannot be loaded.
    const { said, begin, order } = keeping(toSyslog('%(no-such-atom)s'));
    begin('/held');
    order('SIGKILL');
    await expect.poll(() => said).toEqual([{ tsunicorn: 'accounted', complete: false }]);
  });
});
