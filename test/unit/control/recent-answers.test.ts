import { expect, it } from 'vitest';
import { RecentAnswers } from '../../../src/control/recent-answers.ts';
import { keyOf, NO_ANSWER } from '../../../src/metrics/series.ts';

const series = (status: number) => keyOf(0, status, 0, 0);

function answers() {
  let nowMs = 0;
  const counted = new Map<number, Float64Array>();
  const counters = { totals: () => ({ series: counted }) } as unknown as ConstructorParameters<
    typeof RecentAnswers
  >[0];
  const recent = new RecentAnswers(counters, () => nowMs, AbortSignal.abort());
  return {
    recent,
    count: (status: number, count: number) => {
      const [sum = 0, first = 0, second = 0] = counted.get(series(status)) ?? [];
      counted.set(series(status), Float64Array.of(sum + count, first + count, second));
    },
    passes: (seconds: number) => {
      nowMs += seconds * 1000;
      recent.note();
    },
  };
}

it('tells what was answered since the start, and what of it failed', () => {
  const { recent, count } = answers();
  count(200, 7);
  count(500, 2);
  count(503, 1);
  count(NO_ANSWER, 9);
  const { all, failed } = recent.recent;
  expect(all).toBe(10);
  expect([...failed]).toEqual([
    [500, 2],
    [503, 1],
  ]);
});

it('forgets what was more than a minute ago', () => {
  const { recent, count, passes } = answers();
  count(500, 5);
  passes(15);
  passes(15);
  expect(recent.recent.failed.get(500)).toBe(5);
  passes(15);
  passes(15);
  count(500, 1);
  expect(recent.recent).toMatchObject({ all: 1, seconds: 45 });
});
