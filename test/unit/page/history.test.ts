import { expect, it } from 'vitest';
import { MOST_SLOTS, SECONDS, SERVICE_FIGURES, SLOT_FIGURES } from '../../../src/page/history/figures.ts';
import { decode, HistoryRing } from '../../../src/page/history/ring.ts';
import { percentile } from '../../../src/page/history/sampler.ts';

const service = (value: number) => SERVICE_FIGURES.map((_, index) => value + index);
const bySlot = (...slots: readonly number[]) =>
  new Map(slots.map((slot) => [slot, SLOT_FIGURES.map((_, index) => slot * 10 + index)]));

it('keeps the last 15 minutes, the oldest first, and what was not known as not known', () => {
  const ring = new HistoryRing();
  for (let at = 1; at <= SECONDS + 5; at++)
    ring.add({ at, service: service(at), bySlot: bySlot(...(at > 3 ? [0] : [])) });
  ring.mark({ at: 7, kind: 'death', text: 'Worker (pid: 1, slot 0) exited – “status 1”' });
  const { samples = [], marks = [] } = decode(ring.encode()) ?? {};
  expect(samples).toHaveLength(SECONDS);
  expect(samples[0]).toMatchObject({ at: 6, service: service(6) });
  expect(samples.at(-1)).toMatchObject({ at: SECONDS + 5, service: service(SECONDS + 5) });
  expect(marks[0]?.text).toContain('“status 1”');
});

it('continues what another arbiter has handed over, and nothing that is not older', () => {
  const old = new HistoryRing();
  for (let at = 1; at <= 10; at++) old.add({ at, service: service(at), bySlot: bySlot(2) });
  const ring = new HistoryRing();
  ring.restore(old.encode(), 8.5);
  ring.add({ at: 9, service: service(100), bySlot: bySlot(0) });
  const { samples = [] } = decode(ring.encode()) ?? {};
  expect(samples.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(samples[7]?.bySlot.get(2)).toEqual([20, 21, 22, 23, 24, 25]);
  expect(samples[7]?.bySlot.get(0)?.every(Number.isNaN)).toBe(true);
  expect(samples[8]?.bySlot.get(2)?.every(Number.isNaN)).toBe(true);
});

it('takes nothing over that it cannot read', () => {
  const ring = new HistoryRing();
  for (const text of [
    '',
    '{}\n',
    'null\n',
    '{"version":1,"count":900,"figures":[],"slotFigures":[],"slots":[],"marks":[]}\n',
  ])
    ring.restore(Buffer.from(text), Infinity);
  expect(ring.length).toBe(0);
});

it('is bounded: slots beyond the last share its row, which has the largest of their figures', () => {
  const ring = new HistoryRing();
  ring.add({ at: 1, service: service(1), bySlot: bySlot(...Array.from({ length: 100 }, (_, slot) => slot)) });
  const { samples = [] } = decode(ring.encode()) ?? {};
  expect([...(samples[0]?.bySlot.keys() ?? [])]).toHaveLength(MOST_SLOTS);
  expect(samples[0]?.bySlot.get(MOST_SLOTS - 1)?.[0]).toBe(990);
  for (let at = 2; at < SECONDS + 2; at++)
    ring.add({ at, service: [], bySlot: bySlot(...Array.from({ length: 100 }, (_, slot) => slot)) });
  expect(ring.encode().length).toBeLessThan(780_000);
});

it('estimates percentiles within a bucket, and says nothing of none', () => {
  const bounds = [0.1, 0.2, 0.4];
  expect(percentile(Float64Array.of(0, 100, 0, 0), bounds, 0.5)).toBeCloseTo(0.15);
  expect(percentile(Float64Array.of(0, 0, 0, 7), bounds, 0.5)).toBe(0.4);
  expect(percentile(Float64Array.of(0, 0, 0, 0), bounds, 0.5)).toBeNaN();
});
