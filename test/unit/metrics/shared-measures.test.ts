import { closeSync, openSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Measured } from '../../../src/metrics/measured.ts';
import { makeFile } from '../../../src/metrics/place.ts';
import { SharedMeasures } from '../../../src/metrics/shared-measures.ts';

function orders(count: number, folded = 0): Measured {
  const about = { help: 'x', labels: [], bounds: [] };
  return {
    measures: [
      { ...about, name: 'orders_total', type: 'counter', series: [[[], [count]]] },
      { ...about, name: 'depth', type: 'gauge', series: [[[], [1]]] },
    ],
    failing: {},
    folded,
  };
}

const valuesOf = (measures: SharedMeasures) =>
  measures.totals(0).measures.map(({ series }) => series[0]?.[1][0]);

/** Descriptors as another process has them. */
function inherited({ own, other }: { readonly own: number; readonly other: number }) {
  const copy = (fd: number) => openSync(`/proc/self/fd/${fd}`, 'r+');
  return { own: copy(own), other: copy(other) };
}

function upgraded(old: SharedMeasures): SharedMeasures {
  const handed = old.handOver(makeFile);
  return new SharedMeasures(handed && inherited(handed));
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('what applications measure in two arbiters', () => {
  it('is the same in both, and stays when the old one has ended', () => {
    const old = new SharedMeasures(null);
    old.heard(1, orders(5, 2), 0);
    const young = upgraded(old);
    young.heard(2, orders(3), 0);
    expect([valuesOf(old), valuesOf(young)]).toEqual([
      [8, 2],
      [8, 2],
    ]);
    expect(young.totals(0).folded).toBe(2);
    old.heard(1, orders(6, 2), 1000);
    old.ended(1);
    young.otherGone();
    young.otherGone();
    expect(valuesOf(young)).toEqual([9, 1]);
    const third = upgraded(young);
    expect(valuesOf(third)).toEqual([9, 1]);
    for (const one of [old, young, third]) one.close();
  });

  it('comes back when an upgrade is rolled back, and lets go of its files', () => {
    const before = readdirSync('/proc/self/fd').length;
    const old = new SharedMeasures(null);
    old.heard(1, orders(5), 0);
    const young = upgraded(old);
    young.heard(2, orders(3), 0);
    young.ended(2);
    young.close();
    old.otherGone();
    expect(valuesOf(old)).toEqual([8, 1]);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  it('is our own where the other one has written what is not known, or nothing can be handed over', () => {
    const fd = openSync('/dev/null', 'r');
    const measures = new SharedMeasures({ own: fd, other: openSync(import.meta.filename, 'r') });
    measures.heard(1, orders(4), 0);
    expect(valuesOf(measures)).toEqual([4, 1]);
    measures.close();
    expect(() => closeSync(fd)).toThrow(/EBADF/);
    const refuse = () => {
      throw new Error('EMFILE');
    };
    expect(measures.handOver(refuse)).toBe(null);
    expect(valuesOf(measures)).toEqual([4, 1]);
  });
});
