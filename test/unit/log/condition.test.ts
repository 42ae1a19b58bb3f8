import { describe, expect, test } from 'vitest';
import { Condition } from '../../../src/log/condition.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** A condition whose lines are kept as `phase count duration detail`. */
function follow(quietMs?: number) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const condition = new Condition<string>({
    clock,
    say: (phase, { count, durationMs, detail }) => lines.push(`${phase} ${count} ${durationMs} ${detail}`),
    ...(quietMs === undefined ? {} : { quietMs }),
  });
  return { clock, lines, condition };
}

describe('a condition', () => {
  test('is said when it begins and when it ends', async () => {
    const { clock, lines, condition } = follow();
    condition.note('full');
    expect(condition.holds).toBe(true);
    await clock.advance(300);
    condition.end();
    expect(condition.holds).toBe(false);
    expect(lines).toEqual(['begins 1 0 full', 'ends 1 300 full']);
  });

  test('is said at most once a second while it lasts, and ever less often, with what was noted meanwhile', async () => {
    const { clock, lines, condition } = follow();
    for (let tenth = 0; tenth < 80; tenth++) {
      condition.note('full');
      await clock.advance(100);
    }
    condition.end();
    expect(lines).toEqual([
      'begins 1 0 full',
      'lasts 11 1000 full',
      'lasts 31 3000 full',
      'lasts 71 7000 full',
      'ends 80 8000 full',
    ]);
  });

  test('is said once a minute when it has lasted long', async () => {
    const { clock, lines, condition } = follow();
    for (let second = 0; second < 600; second++) {
      condition.note('full');
      await clock.advance(1000);
    }
    const times = lines.map((line) => Number(line.split(' ')[2]) / 1000);
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363, 423, 483, 543]);
  });

  test('counts several at once', () => {
    const { lines, condition } = follow();
    condition.note('lost', 40);
    condition.note('lost', 2);
    condition.end();
    expect(lines).toEqual(['begins 40 0 lost', 'ends 42 0 lost']);
  });

  test('that comes and goes is said at most once a second, and forgets no count', async () => {
    const { clock, lines, condition } = follow();
    for (let tenth = 0; tenth < 25; tenth++) {
      condition.note('limit');
      await clock.advance(50);
      condition.end();
      await clock.advance(50);
    }
    expect(lines).toEqual([
      'begins 1 0 limit',
      'ends 1 50 limit',
      'begins 10 50 limit',
      'ends 10 50 limit',
      'begins 10 50 limit',
      'ends 10 50 limit',
    ]);
  });

  test('that begins again at once and lasts is said after a second, though it is noted no more', async () => {
    const { clock, lines, condition } = follow();
    condition.note('limit');
    condition.end();
    condition.note('limit');
    await clock.advance(999);
    expect(lines).toHaveLength(2);
    await clock.advance(1);
    expect(lines.at(-1)).toBe('begins 1 1000 limit');
  });

  test('ends by itself when it was not noted for long enough, where that is wanted', async () => {
    const { clock, lines, condition } = follow(5000);
    condition.note('dropped');
    await clock.advance(4000);
    condition.note('dropped');
    await clock.advance(4999);
    expect(condition.holds).toBe(true);
    await clock.advance(1);
    expect(lines).toEqual(['begins 1 0 dropped', 'lasts 2 4000 dropped', 'ends 2 9000 dropped']);
  });

  test('leaves no timer behind', async () => {
    const { clock, condition } = follow(5000);
    const after = clock.after.bind(clock);
    let pending = 0;
    clock.after = (ms, fire) => {
      pending++;
      const cancel = after(ms, () => {
        pending--;
        fire();
      });
      return () => {
        pending--;
        cancel();
      };
    };
    condition.note('limit');
    condition.end();
    condition.note('limit');
    expect(pending).toBe(2);
    condition.end();
    expect(pending).toBe(0);
  });
});
