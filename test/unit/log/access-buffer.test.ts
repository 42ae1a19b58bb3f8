import { describe, expect, it } from 'vitest';
import { FlightReader } from '../../../src/flights/reader.ts';
import { FlightTable } from '../../../src/flights/table.ts';
import { AccessBuffer } from '../../../src/log/access-buffer.ts';
import { GatheredLines } from '../../../src/log/gathered-lines.ts';

function taken(buffer: AccessBuffer, pieceBytes: number, most = Infinity): string[] {
  const pieces: string[] = [];
  buffer.take(pieceBytes, (piece) =>
    pieces.length < most && pieces.push(`${piece}`) > 0 ? piece.length : 0,
  );
  return pieces;
}

describe('the lines that two threads share', () => {
  it('are given in pieces of whole lines', () => {
    const buffer = new AccessBuffer();
    for (const line of ['one\n', 'two\n', 'three is long\n', 'four\n']) buffer.append(line);
    expect(taken(buffer, 9)).toEqual(['one\ntwo\n', 'three is long\n', 'four\n']);
    expect(buffer.length).toBe(0);
  });

  it('stay where they are refused, for the other thread to take', () => {
    const buffer = new AccessBuffer();
    for (const line of ['one\n', 'two\n']) buffer.append(line);
    expect(taken(buffer, 4, 1)).toEqual(['one\n']);
    expect(taken(new AccessBuffer(buffer.shared), 4)).toEqual(['two\n']);
  });

  it('are nobody’s any more once the other thread has sealed them', () => {
    const buffer = new AccessBuffer();
    buffer.append('one\n');
    expect(new AccessBuffer(buffer.shared).seal()).toBe(true);
    expect(taken(buffer, 100)).toEqual([]);
  });

  it('are given beyond 2 GiB of lines too', () => {
    const buffer = new AccessBuffer();
    // The end, the beginning and the room's, shortly before they overflow.
    const ints = new Int32Array(buffer.shared);
    for (const place of [1, 2, 4]) ints[place] = 2 ** 31 - 6;
    for (const line of ['one\n', 'two\n', 'three\n']) buffer.append(line);
    expect(buffer.length).toBe(14);
    expect(taken(buffer, 8)).toEqual(['one\ntwo\n', 'three\n']);
    buffer.compact();
    buffer.append('four\n');
    expect(taken(buffer, 8)).toEqual(['four\n']);
    expect(buffer.length).toBe(0);
  });

  it('have room for so many', () => {
    const buffer = new AccessBuffer();
    const line = `${'x'.repeat(1023)}\n`;
    let count = 0;
    while (buffer.append(line)) count++;
    expect(count).toBe(256);
    taken(buffer, 16_384);
    buffer.compact();
    expect(buffer.append(line)).toBe(true);
  });
});

describe('a line of a request that the arbiter takes for one in flight', () => {
  it('is not written before the arbiter knows that it has ended', async () => {
    const flights = new FlightTable();
    const reader = new FlightReader(flights.buffer);
    const written: string[] = [];
    const lines = new GatheredLines({ destination: null, also: (line) => written.push(line), flights });
    const slot = flights.open('GET', '/a', '', '1.1', 0);
    for (const flight of reader.list()) reader.mark(flight);
    flights.close(slot);
    lines.write('a line\n');
    // Several rounds of the timer.
    await new Promise((done) => setTimeout(done, 150));
    expect(written).toEqual([]);
    reader.tell(reader.ended);
    await expect.poll(() => written).toEqual(['a line']);
  });
});
