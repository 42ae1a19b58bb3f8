import { describe, expect, it } from 'vitest';
import { Course, shareOf } from '../../../../bench/prove/course.ts';

/** The rounds of a course of which each takes so long. */
function taken(least: number, most: number, untilMs: number, roundMs: number): number {
  let nowMs = 0;
  let rounds = 0;
  for (const _ of new Course({ least, most }, untilMs, () => nowMs).rounds()) {
    nowMs += roundMs;
    rounds += 1;
  }
  return rounds;
}

describe('a course', () => {
  it('takes all its rounds where it has time, and as many as fit where it has not', () => {
    expect(taken(1, 5, Number.POSITIVE_INFINITY, 10)).toBe(5);
    expect(taken(1, 5, 35, 10)).toBe(3);
  });

  it('takes the least of its rounds whatever time it has', () => {
    expect(taken(3, 5, 0, 10)).toBe(3);
  });

  it('says what it leaves out', () => {
    const course = new Course({ least: 1, most: 1 });
    course.leave('Puma', new Error('no answer'));
    expect(course.leftOut).toEqual(['Puma: no answer']);
  });
});

describe('shareOf', () => {
  it('gives what is over to those that want more, by how much they want', () => {
    const pieces = [
      { leastMs: 10, mostMs: 40 },
      { leastMs: 10, mostMs: 20 },
    ];
    expect(shareOf(60, pieces)).toBe(40);
    expect(shareOf(10, pieces)).toBe(10);
    expect(shareOf(60, [{ leastMs: 10, mostMs: 10 }])).toBe(10);
  });
});
