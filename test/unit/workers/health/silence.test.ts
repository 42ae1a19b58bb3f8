import { describe, expect, it } from 'vitest';
import { Silence } from '../../../../workers/health/silence.ts';

describe('a silence', () => {
  it('lasts from the latest pulse to the latest look', () => {
    const silence = new Silence(1000);
    silence.check(1500, 500, 1400);
    expect(silence.ms).toBe(100);
    silence.check(2000, 500, 1400);
    expect(silence.ms).toBe(600);
  });

  it('does not count time in which the looker was held up itself', () => {
    const silence = new Silence(1000);
    silence.check(1500, 500, 1000);
    silence.check(62_000, 500, 1000);
    expect(silence.ms).toBe(1000);
    silence.check(62_500, 500, 1000);
    expect(silence.ms).toBe(1500);
  });

  it('begins anew where it was excused', () => {
    const silence = new Silence(1000);
    silence.check(31_000, 30_000, 1000);
    silence.excuse();
    expect(silence.ms).toBe(0);
    silence.check(31_500, 500, 1000);
    expect(silence.ms).toBe(500);
  });

  it('counts in full again after the next pulse', () => {
    const silence = new Silence(1000);
    silence.check(62_000, 500, 1000);
    silence.check(62_500, 500, 62_400);
    silence.check(63_000, 500, 62_400);
    expect(silence.ms).toBe(600);
  });

  it('does not count a hold-up that began soon after a pulse', () => {
    const silence = new Silence(0);
    silence.check(500, 500, 400);
    silence.check(60_500, 500, 900);
    expect(silence.ms).toBe(100);
    silence.check(61_000, 500, 900);
    expect(silence.ms).toBe(600);
  });

  it('is none where the pulse is newer than the look', () => {
    const silence = new Silence(1000);
    silence.check(1500, 500, 1501);
    expect(silence.ms).toBe(0);
  });
});
