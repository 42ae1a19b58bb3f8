import { describe, expect, it } from 'vitest';
import { SLOTS, URL_BYTES } from '../../../src/flights/memory.ts';
import { FlightReader } from '../../../src/flights/reader.ts';
import { FlightTable } from '../../../src/flights/table.ts';

const start = {
  method: 'GET',
  url: '/books?q=1',
  remote: '127.0.0.1',
  httpVersion: '1.1',
  startMs: 12.5,
};

function open(table: FlightTable, { method, url, remote, httpVersion, startMs } = start): number {
  return table.open(method, url, remote, httpVersion, startMs);
}

function pair(): { table: FlightTable; reader: FlightReader } {
  const table = new FlightTable();
  return { table, reader: new FlightReader(table.buffer) };
}

describe('the table of requests in flight', () => {
  it('shows what begins, how far it is, and nothing of what has ended', () => {
    const { table, reader } = pair();
    const first = open(table);
    const second = open(table, { ...start, method: 'POST', url: '/\xe4', httpVersion: '1.0', remote: '' });
    table.progress(second, 206, false, 77);
    expect([...reader.list()]).toMatchObject([
      {
        ...{ method: 'GET', url: '/books?q=1', remote: '127.0.0.1', protocol: 'HTTP/1.1', startMs: 12.5 },
        ...{ status: 0, ended: false, bytes: 0, cut: false, upgraded: false },
      },
      {
        ...{ method: 'POST', url: '/\xe4', remote: '', protocol: 'HTTP/1.0' },
        ...{ status: 206, ended: false, bytes: 77 },
      },
    ]);
    table.progress(second, 206, true, 99);
    table.close(first);
    expect([...reader.list()]).toMatchObject([{ method: 'POST', status: 206, ended: true, bytes: 99 }]);
    table.close(second);
    expect([...reader.list()]).toEqual([]);
  });

  it('learns where a request came from when it was opened without that', () => {
    const { table, reader } = pair();
    const slot = open(table, { ...start, remote: '' });
    table.from(slot, '2001:db8::1');
    table.from(-1, '127.0.0.1');
    expect([...reader.list()]).toMatchObject([{ method: 'GET', url: '/books?q=1', remote: '2001:db8::1' }]);
    table.close(slot);
    open(table, { ...start, remote: '' });
    expect([...reader.list()]).toMatchObject([{ remote: '' }]);
  });

  it('knows the protocol of each', () => {
    const { table, reader } = pair();
    for (const httpVersion of ['1.0', '1.1', '2.0']) open(table, { ...start, httpVersion });
    expect([...reader.list()].map(({ protocol }) => protocol)).toEqual(['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0']);
  });

  it('uses a place again for a request of another id', () => {
    const { table, reader } = pair();
    table.close(open(table));
    const ids = Array.from({ length: 3 }, () => {
      const slot = open(table);
      const [flight] = reader.list();
      table.close(slot);
      return flight?.id;
    });
    expect(new Set(ids).size).toBe(3);
  });

  it('keeps the beginning of a URL that is long, and says so', () => {
    const { table, reader } = pair();
    open(table, { ...start, url: `/${'a'.repeat(URL_BYTES)}` });
    open(table, { ...start, url: 'a'.repeat(URL_BYTES) });
    expect([...reader.list()].map(({ url, cut }) => [url.length, cut])).toEqual([
      [URL_BYTES, true],
      [URL_BYTES, false],
    ]);
  });

  it('knows what is an upgraded connection', () => {
    const { table, reader } = pair();
    const slot = open(table);
    table.upgrade(slot);
    table.progress(slot, 101, false, 0);
    expect([...reader.list()]).toMatchObject([{ status: 101, upgraded: true }]);
  });

  it('counts those for which it has no place', () => {
    const { table, reader } = pair();
    const slots = Array.from({ length: SLOTS + 2 }, () => open(table));
    expect(slots.slice(-2)).toEqual([-1, -1]);
    expect(reader.beyond).toBe(2);
    expect([...reader.list()]).toHaveLength(SLOTS);
    for (const slot of slots) expect(table.close(slot)).toBe(true);
    expect(reader.beyond).toBe(0);
    expect(open(table)).toBeGreaterThanOrEqual(0);
  });
});

describe('another thread', () => {
  it('that takes the requests answers for them alone', () => {
    const { table, reader } = pair();
    const slot = open(table);
    expect([...reader.take()]).toMatchObject([{ url: '/books?q=1' }]);
    expect([...reader.take()]).toEqual([]);
    expect(table.close(slot)).toBe(false);
    expect(table.close(open(table))).toBe(true);
  });

  it('is told how many have ended of those that it has told of', () => {
    const { table, reader } = pair();
    const slots = [open(table), open(table)];
    const [first] = reader.list();
    expect(first && reader.mark(first)).toBe(true);
    for (const slot of slots) table.close(slot);
    expect([table.ended, reader.ended]).toEqual([1, 1]);
    reader.tell(1);
    expect(table.toldOf).toBe(1);
    expect(first && reader.mark(first)).toBe(false);
  });

  it('is woken by a change once it rests', () => {
    const { table, reader } = pair();
    reader.rest();
    expect(reader.isDirty).toBe(false);
    table.close(open(table));
    expect(reader.isDirty).toBe(true);
  });
});
