import { describe, expect, it } from 'vitest';
import { ShareMeter } from '../../../../workers/classes/share-meter.ts';

describe('a share meter', () => {
  it('tells the mean since it was taken last', () => {
    let now = 1000;
    const meter = new ShareMeter(() => now);
    const later = (ms: number) => {
      now += ms;
      return meter;
    };
    later(500).set(1);
    later(250).set(0.5);
    expect(later(250).take()).toBeCloseTo(0.375);
    expect(later(100).take()).toBeCloseTo(0.5);
    later(50).set(0);
    expect(later(50).take()).toBeCloseTo(0.25);
  });

  it('that is taken twice at a time tells the share itself', () => {
    const meter = new ShareMeter(() => 5);
    meter.set(0.5);
    expect(meter.take()).toBe(0.5);
  });
});
