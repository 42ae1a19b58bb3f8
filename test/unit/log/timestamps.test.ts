import { expect, it } from 'vitest';
import { accessTime, isoClock, logTime, oncePerSecond } from '../../../src/log/timestamps.ts';

const SECOND = new Date(1_795_240_805_000);

it('writes the error log’s time with the offset of the zone', () => {
  const text = logTime(SECOND);
  expect(text).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\]$/);
  expect(Date.parse(text.slice(1, -1))).toBe(SECOND.getTime());
});

it('writes the access log’s time as the Common Log Format does', () => {
  const text = accessTime(SECOND);
  expect(text).toMatch(/^\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]$/);
  expect(Date.parse(text.slice(1, -1).replace(':', ' ').replaceAll('/', ' '))).toBe(SECOND.getTime());
});

it.each([
  [-330, '+0530'],
  [210, '-0330'],
  [0, '+0000'],
])('turns an offset of %i minutes into %s', (minutes, zone) => {
  const at = new Date(SECOND);
  at.getTimezoneOffset = () => minutes;
  expect(logTime(at)).toContain(` ${zone}]`);
});

it('formats once for all calls of a second', () => {
  let nowMs = 1000;
  let formatted = 0;
  const time = oncePerSecond(
    (at) => {
      formatted++;
      return `${at.getTime()}`;
    },
    () => nowMs,
  );
  expect(time()).toBe('1000');
  nowMs = 1999;
  expect(time()).toBe('1000');
  expect(formatted).toBe(1);
  nowMs = 2000;
  expect(time()).toBe('2000');
});

it('writes ISO 8601 with the fraction of each call', () => {
  let nowMs = SECOND.getTime() + 7;
  const time = isoClock(() => nowMs);
  for (const laterMs of [7, 80, 999, 1000, 1001]) {
    nowMs = SECOND.getTime() + laterMs;
    expect(time()).toBe(new Date(nowMs).toISOString());
  }
});
