import { describe, expect, it } from 'vitest';
import { FlightReader } from '../../../../src/flights/reader.ts';
import { FlightTable } from '../../../../src/flights/table.ts';
import type { FlightsChanged } from '../../../../src/process/ipc/flights.ts';
import { FlightMirror } from '../../../../workers/health/flight-mirror.ts';

/** A mirror whose messages reach the arbiter when `arrive` is called. */
function mirrored() {
  const flights = new FlightTable();
  const reader = new FlightReader(flights.buffer);
  const mirror = new FlightMirror(reader, 1000);
  const said: FlightsChanged[] = [];
  const waiting: (() => void)[] = [];
  const round = (nowMs: number) => {
    const before = said.length;
    mirror.round(nowMs, (message) => {
      said.push(message);
      return new Promise((arrived) => waiting.push(arrived));
    });
    return said.slice(before);
  };
  const arrive = async () => {
    for (const arrived of waiting.splice(0)) arrived();
    await Promise.resolve();
  };
  return {
    flights,
    reader,
    mirror,
    round,
    arrive,
    begin: (url: string, startMs: number) => flights.open('GET', url, '::1', '1.1', startMs),
  };
}

describe('what the arbiter is told of the requests in flight', () => {
  it('is each that takes a while, how far it is, and its end, once', async () => {
    const { flights, round, begin } = mirrored();
    const slot = begin('/a', 10);
    expect(round(59)).toEqual([]);
    const [first] = round(61);
    expect(first).toMatchObject({
      began: [{ url: '/a', startedMs: 1010, status: 0 }],
      changed: [],
      over: [],
    });
    const id = first?.began[0]?.id;
    expect(round(86)).toEqual([]);
    flights.progress(slot, 200, false, 7);
    expect(round(111)).toMatchObject([{ began: [], changed: [{ id, status: 200, ended: false, bytes: 7 }] }]);
    flights.progress(slot, 200, false, 14);
    expect(round(136)).toEqual([]);
    flights.progress(slot, 200, true, 14);
    expect(round(161)).toMatchObject([{ changed: [{ id, ended: true, bytes: 14 }] }]);
    flights.close(slot);
    expect(round(186)).toEqual([{ tsunicorn: 'flights', began: [], changed: [], over: [id] }]);
    expect(round(211)).toEqual([]);
  });

  it('is nothing of one that is answered soon', () => {
    const { flights, reader, mirror, round, begin } = mirrored();
    flights.close(begin('/a', 0));
    expect(round(100)).toEqual([]);
    expect([reader.ended, reader.told, mirror.isBehind]).toEqual([0, 0, false]);
  });

  it('is two requests where one follows another in its place', () => {
    const { flights, round, begin } = mirrored();
    const slot = begin('/a', 0);
    const [first] = round(100);
    flights.close(slot);
    begin('/b', 30);
    expect(round(125)).toMatchObject([{ began: [{ url: '/b' }], over: [first?.began[0]?.id] }]);
  });

  it('counts as told when it has arrived', async () => {
    const { flights, reader, mirror, round, arrive, begin } = mirrored();
    const slot = begin('/a', 0);
    round(100);
    await arrive();
    flights.close(slot);
    round(125);
    expect([reader.ended, reader.told, mirror.isBehind]).toEqual([1, 0, true]);
    await arrive();
    expect([reader.told, mirror.isBehind]).toEqual([1, false]);
  });

  it('leaves nothing to be told while a request is only held', () => {
    const { mirror, round, begin } = mirrored();
    begin('/a', 0);
    expect(mirror.isBehind).toBe(true);
    round(100);
    expect(mirror.isBehind).toBe(false);
  });
});
