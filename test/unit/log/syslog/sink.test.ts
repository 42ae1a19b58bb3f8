import { describe, expect, it } from 'vitest';
import { backOffMs, type Link, Sink } from '../../../../src/log/syslog/sink.ts';
import { LogTrouble } from '../../../../src/log/trouble.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** A sink over links that do what the test wants. */
function createSink() {
  const clock = new FakeClock();
  const got: string[] = [];
  const reports: string[] = [];
  const opened: number[] = [];
  const links: { lost: (records: number) => void; isClosed: boolean }[] = [];
  const receiver = { isThere: true, takes: true as boolean | 'nothing' };
  const open = async (lost: (records: number) => void): Promise<Link> => {
    opened.push(clock.now());
    if (!receiver.isThere) throw new Error('refused');
    const link = { lost, isClosed: false };
    links.push(link);
    return {
      send(records, done) {
        if (receiver.takes === 'nothing') return;
        if (receiver.takes) got.push(...records.map(String));
        setImmediate(done, receiver.takes);
      },
      close() {
        link.isClosed = true;
      },
    };
  };
  const trouble = new LogTrouble({
    file: 'tcp://log',
    say: (_level, _line, { phase, lost }) => void reports.push(`${phase} ${lost}`),
    clock,
  });
  const sink = new Sink(open, clock, trouble);
  const take = async (...texts: string[]) => {
    for (const text of texts) sink.take(Buffer.from(text));
    await clock.settle();
    await clock.settle();
  };
  return { clock, sink, take, got, reports, opened, links, receiver };
}

const MEBIBYTE = 1024 * 1024;

describe('records', () => {
  it('are sent in order over one link, which is opened for the first', async () => {
    const { take, got, opened } = createSink();
    await take();
    expect(opened).toEqual([]);
    await take('a', 'b');
    await take('c');
    expect(got).toEqual(['a', 'b', 'c']);
    expect(opened).toHaveLength(1);
  });

  it('are held while there is no receiver, and sent in order when there is', async () => {
    const { clock, take, got, receiver, reports } = createSink();
    receiver.isThere = false;
    await take('a');
    await take('b');
    receiver.isThere = true;
    await clock.advance(250);
    expect([got, reports]).toEqual([['a', 'b'], []]);
  });

  it('are sent again over the next link where one did not take them', async () => {
    const { clock, take, got, receiver, links } = createSink();
    await take('a');
    receiver.takes = false;
    await take('b', 'c');
    expect(links[0]?.isClosed).toBe(true);
    receiver.takes = true;
    await clock.advance(250);
    expect(got).toEqual(['a', 'b', 'c']);
  });

  it('beyond a mebibyte are dropped, which is said, and how many once they get through again', async () => {
    const { clock, take, got, receiver, reports } = createSink();
    receiver.isThere = false;
    await take(...Array.from({ length: 1100 }, () => 'x'.repeat(1024)));
    receiver.isThere = true;
    await clock.advance(250);
    // A batch takes a turn.
    for (let turn = 0; turn < 100; turn++) await clock.settle();
    expect(got).toHaveLength(MEBIBYTE / 1024);
    expect(reports).toEqual(['begins 1', `ends ${1100 - MEBIBYTE / 1024}`]);
    await take('a');
    expect(reports).toHaveLength(2);
  });

  it('never wait for a receiver that takes nothing', async () => {
    const { take, receiver, got } = createSink();
    receiver.takes = 'nothing';
    await take(...Array.from({ length: 3000 }, () => 'x'.repeat(1024)));
    expect(got).toEqual([]);
  });

  it('that a link knows to have lost count', async () => {
    const { clock, take, links, reports } = createSink();
    await take('a');
    links[0]?.lost(1);
    await clock.advance(250);
    await take('b');
    expect(reports).toEqual(['begins 1', 'ends 1']);
  });
});

describe('a receiver that is gone', () => {
  it('is said at the second try in vain, and that it is there again', async () => {
    const { clock, take, receiver, reports } = createSink();
    receiver.isThere = false;
    await take('a');
    expect(reports).toEqual([]);
    await clock.advance(250);
    expect(reports).toEqual(['begins 0']);
    receiver.isThere = true;
    await clock.advance(1000);
    expect(reports).toEqual(['begins 0', 'ends 0']);
  });

  it('is asked more and more rarely, and not where there is nothing to send', async () => {
    const { clock, take, opened, receiver, links } = createSink();
    const start = clock.now();
    receiver.isThere = false;
    await take('a');
    await clock.advance(4000);
    expect(opened.map((at) => at - start)).toEqual([0, 250, 750, 1750, 3750]);
    receiver.isThere = true;
    await clock.advance(4000);
    links[0]?.lost(0);
    const before = opened.length;
    await clock.advance(60_000);
    expect(opened).toHaveLength(before);
  });

  it('is asked at least twice a minute', () => {
    expect([1, 2, 3, 50].map(backOffMs)).toEqual([250, 500, 1000, 30_000]);
  });
});

describe('closing', () => {
  it('waits for what is on its way', async () => {
    const { clock, sink, got, links } = createSink();
    sink.take(Buffer.from('last'));
    const closed = sink.close();
    await clock.settle();
    await closed;
    expect([got, links[0]?.isClosed]).toEqual([['last'], true]);
  });

  it('does not wait long, and opens nothing afterwards', async () => {
    const { clock, sink, take, receiver, opened } = createSink();
    receiver.isThere = false;
    await take('lost');
    const closed = sink.close();
    await clock.advance(500);
    await closed;
    const before = opened.length;
    await take('later');
    await clock.advance(60_000);
    expect(opened).toHaveLength(before);
  });
});
