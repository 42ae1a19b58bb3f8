import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FlightReader } from '../../../../src/flights/reader.ts';
import { FlightTable } from '../../../../src/flights/table.ts';
import { AccessBuffer } from '../../../../src/log/access-buffer.ts';
import { fs } from '../../../../src/support/builtins.ts';
import { LastLines } from '../../../../workers/health/last-lines.ts';
import { createFifo, temporaryDirectory } from '../../log/temporary.ts';

afterEach(() => void vi.restoreAllMocks());

/** The last lines of a main thread that has a table, a buffer and an open file. */
function lastLines({ fd = -1, lineLimit = Infinity, toSyslog = false } = {}) {
  const file = join(temporaryDirectory(), 'access.log');
  const opened = fd < 0 ? openSync(file, 'a') : fd;
  onTestFinished(() => closeSync(opened));
  const flights = new FlightTable();
  const reader = new FlightReader(flights.buffer);
  const buffer = new AccessBuffer();
  buffer.fd = opened;
  const forwarded: string[] = [];
  const lines = new LastLines({
    reader,
    shared: { format: '%(m)s %(U)s %(s)s %(X)s', buffer: buffer.shared, lineLimit, toFile: true, toSyslog },
    forward: (more) => void forwarded.push(...more),
  });
  const begin = (url: string) => flights.open('GET', url, '', '1.1', 0);
  return { lines, flights, reader, buffer, forwarded, begin, written: () => readFileSync(file, 'utf8') };
}

describe('the lines of a main thread', () => {
  it('are written where it has not written them for a while', () => {
    const { lines, buffer, written } = lastLines();
    buffer.append('one\n');
    lines.round(0);
    lines.round(39);
    expect(written()).toBe('');
    buffer.append('two\n');
    lines.round(40);
    expect(written()).toBe('one\n');
    expect(lines.isEmpty).toBe(false);
    lines.round(75);
    lines.round(125);
    expect(written()).toBe('one\ntwo\n');
    expect(lines.isEmpty).toBe(true);
  });

  it('are written whole where the main thread has used the room again since they were looked at', () => {
    const { lines, buffer, written } = lastLines();
    buffer.append('one\n');
    lines.round(0);
    buffer.take(100, ({ length }) => length);
    buffer.compact();
    buffer.append('a longer one\n');
    lines.round(40);
    expect(written()).toBe('');
    for (const ms of [75, 125]) lines.round(ms);
    expect(written()).toBe('a longer one\n');
  });

  it('are not written before the arbiter knows that their requests have ended', () => {
    const { lines, buffer, flights, reader, begin, written } = lastLines();
    const slot = begin('/a');
    for (const flight of reader.list()) reader.mark(flight);
    flights.close(slot);
    buffer.append('one\n');
    lines.round(0);
    lines.round(1000);
    expect(written()).toBe('');
    reader.tell(reader.ended);
    lines.round(1025);
    expect(written()).toBe('one\n');
  });

  it('stay where they are while their file cannot be written to', () => {
    const { lines, buffer, written } = lastLines();
    const { fd } = buffer;
    buffer.append('one\n');
    buffer.fd = null;
    for (const ms of [0, 50]) lines.round(ms);
    expect(lines.isEmpty).toBe(false);
    buffer.fd = fd;
    for (const ms of [100, 150]) lines.round(ms);
    expect(written()).toBe('one\n');
  });

  it('go on where a write ended in the middle of a line, whichever thread writes the rest', () => {
    const { lines, buffer, written, forwarded } = lastLines({ toSyslog: true });
    for (const line of ['one\n', 'two\n', 'three\n', 'four\n']) buffer.append(line);
    diskHas(6);
    for (const ms of [0, 50]) lines.round(ms);
    expect([written(), forwarded]).toEqual(['one\ntw', ['one', 'two']]);
    diskHas(3);
    for (const ms of [100, 150]) lines.round(ms);
    expect([written(), forwarded]).toEqual(['one\ntwo\nt', ['one', 'two', 'three']]);
    const rest: unknown[] = [];
    buffer.take(100, (piece, begun) => rest.push(`${piece}`, begun) * 0 + piece.length);
    expect(rest).toEqual(['hree\nfour\n', true]);
  });

  it('are not waited for where the reader of a pipe has stalled', () => {
    const { fd, fill } = fullPipe();
    const { lines, buffer } = lastLines({ fd, lineLimit: 4096 });
    buffer.append(`${'x'.repeat(4000)}\n`);
    fill();
    const waits = vi.spyOn(Atomics, 'wait');
    for (let ms = 0; ms < 500; ms += 50) lines.round(ms);
    expect(waits).not.toHaveBeenCalled();
    expect(lines.isEmpty).toBe(false);
  });
});

describe('at the end of the process', () => {
  it('those of the requests in flight are written behind all others', async () => {
    const { lines, buffer, flights, begin, written, forwarded } = lastLines({ toSyslog: true });
    buffer.append('one\n');
    begin('/held');
    flights.progress(begin('/part'), 200, false, 10);
    expect(await lines.finish(5, 'stall')).toBe(true);
    expect(written()).toBe('one\nGET /held 444 stall\nGET /part 200 stall\n');
    expect(forwarded).toEqual(['one', 'GET /held 444 stall', 'GET /part 200 stall']);
  });

  it('one that has ended before it could be taken has its line', async () => {
    const { lines, buffer, flights, reader, begin, written } = lastLines();
    const slot = begin('/ends');
    begin('/held');
    const take = reader.take.bind(reader);
    // The main thread goes on meanwhile.
    reader.take = function* () {
      if (flights.close(slot)) buffer.append('GET /ends 200 -\n');
      yield* take();
    };
    expect(await lines.finish(5, 'grace')).toBe(true);
    expect(written()).toBe('GET /ends 200 -\nGET /held 444 grace\n');
  });

  it('nothing is written behind a part of a line', async () => {
    const { lines, buffer, begin, written } = lastLines();
    buffer.append('one\n');
    begin('/held');
    diskHas(2, 1);
    expect(await lines.finish(5, 'stall')).toBe(false);
    expect(written()).toBe('on');
  });

  it('it is known where the main thread has the lines, or has more requests than have a place', async () => {
    const held = lastLines();
    held.buffer.seal();
    held.begin('/held');
    expect(await held.lines.finish(5, 'stall')).toBe(false);
    expect(held.written()).toBe('GET /held 444 stall\n');
    const many = lastLines();
    for (let count = 0; count < 1025; count++) many.begin('/');
    expect(await many.lines.finish(5, 'stall')).toBe(false);
  });

  it('the reader of a full pipe is waited for a moment, however many lines there are', async () => {
    const { fd, fill } = fullPipe();
    const { lines, begin } = lastLines({ fd, lineLimit: 4096 });
    for (let count = 0; count < 50; count++) begin(`/${'x'.repeat(500)}`);
    fill();
    const waits = vi.spyOn(Atomics, 'wait');
    expect(await lines.finish(5, 'stall')).toBe(false);
    // Of 10 ms each.
    expect(waits.mock.calls.length).toBeLessThanOrEqual(21);
  });
});

/** A pipe whose reader does not read. */
function fullPipe() {
  const fd = openSync(createFifo().file, constants.O_WRONLY | constants.O_NONBLOCK);
  const piece = Buffer.alloc(4096, 'x');
  const fill = () => {
    try {
      for (;;) writeSync(fd, piece);
    } catch {
      // It is full.
    }
  };
  return { fd, fill };
}

/** The disk takes so many bytes more of the next write, and then fails so often. */
function diskHas(bytes: number, failures = 1): void {
  const real = fs.writeSync;
  let left = failures;
  const spy = vi.spyOn(fs, 'writeSync').mockImplementation(((
    fd: number,
    data: Buffer,
    from?: number | null,
  ) => {
    if (bytes > 0) {
      const part = data.subarray(from ?? 0, (from ?? 0) + bytes);
      bytes = 0;
      return real(fd, part);
    }
    if (--left === 0) spy.mockRestore();
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  }) as typeof fs.writeSync);
}
