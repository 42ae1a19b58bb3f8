import { describe, expect, it } from 'vitest';
import { timetableOf } from '../../../../src/arbiter/companions/schedule.ts';
import { UsageError } from '../../../../src/support/errors.ts';

/** The next times after `after`, in UTC. */
function times(schedule: string, timeZone: string | null, after: string, count: number): string[] {
  const timetable = timetableOf('x', schedule, timeZone);
  const found: string[] = [];
  let lastMs = Date.parse(after);
  while (found.length < count) {
    lastMs = timetable.next(lastMs) ?? Number.NaN;
    found.push(new Date(lastMs).toISOString().slice(0, 16));
  }
  return found;
}

describe('a schedule', () => {
  it('follows the time zone that it names', () => {
    expect(times('0 3 * * *', 'Asia/Kolkata', '2026-06-01T00:00:00Z', 2)).toEqual([
      '2026-06-01T21:30',
      '2026-06-02T21:30',
    ]);
  });

  it('may have seconds, names, steps and nicknames', () => {
    const timetable = timetableOf('x', '*/20 * * * * *', 'UTC');
    expect(timetable.next(Date.parse('2026-06-01T00:00:01Z'))).toBe(Date.parse('2026-06-01T00:00:20Z'));
    expect(times('0 12 * JAN MON-FRI', 'UTC', '2026-12-31T00:00:00Z', 1)).toEqual(['2027-01-01T12:00']);
    expect(times('@daily', 'UTC', '2026-06-01T01:00:00Z', 1)).toEqual(['2026-06-02T00:00']);
  });

  // The clocks of Berlin go from 2:00 to 3:00 on 29 March 2026, which is 1:00 in UTC.
  it('runs a time that is left out when the clocks go forward at the end of the gap', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:10:00Z', 3)).toEqual([
      '2026-03-29T00:30',
      '2026-03-29T01:00',
      '2026-03-29T01:30',
    ]);
  });

  // They go from 3:00 back to 2:00 on 25 October 2026, which is 1:00 in UTC.
  it('runs a time that comes twice when the clocks go back once, but every hour and every half hour', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(times('0 * * * *', 'Europe/Berlin', '2026-10-24T23:10:00Z', 3)).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
    ]);
  });
});

describe('a schedule that cannot be read', () => {
  it.each([
    [
      '0 25 * * *',
      /^x\.schedule: the hour "25" of "0 25 \* \* \*" cannot be read: Invalid value for hour: 25/,
    ],
    ['61 * * * *', /the minute "61"/],
    ['0 3 32 * *', /the day of the month "32"/],
    ['0 3 * 13 *', /the month "13"/],
    ['0 3 * * 8', /the day of the week "8"/],
    ['70 0 3 * * *', /the second "70"/],
    ['*/0 * * * *', /the minute "\*\/0"/],
    ['0 3 * *', /"0 3 \* \*" has 4 fields; write five fields \(minute, hour/],
    ['tomorrow', /"tomorrow" has 1 field;/],
    ['2030-01-01T00:00:00', /has 1 field;/],
    ['@fortnightly', /"@fortnightly" is unknown; write one of @yearly/],
    ['0 3 30 2 *', /"0 3 30 2 \*" never comes/],
  ])('%s is refused, with the field that is wrong', (schedule, message) => {
    expect(() => timetableOf('x', schedule, null)).toThrow(UsageError);
    expect(() => timetableOf('x', schedule, null)).toThrow(message);
  });

  it('a time zone that there is not is refused, with one that was meant', () => {
    expect(() => timetableOf('x', '@daily', 'Europe/Berln')).toThrow(
      'x.timeZone: "Europe/Berln" is not a time zone; did you mean "Europe/Berlin"?',
    );
    expect(() => timetableOf('x', '@daily', 'Mars')).toThrow(/write one such as 'Europe\/Berlin', or 'UTC'/);
  });
});
