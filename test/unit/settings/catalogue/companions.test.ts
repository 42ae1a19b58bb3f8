import { describe, expect, it } from 'vitest';
import { companions } from '../../../../src/settings/catalogue/companions.ts';
import { Mismatch } from '../../../../src/settings/setting.ts';

const { kind } = companions.companions;

describe('the companions of a config file', () => {
  it('have defaults for all but what they run', () => {
    expect(kind.fromValue({ jobs: { run: 'jobs.ts', count: 2 }, py: { run: ['python3', 'x.py'] } })).toEqual({
      jobs: {
        run: 'jobs.ts',
        count: 2,
        schedule: null,
        timeZone: null,
        overlap: false,
        required: false,
        env: {},
        cwd: null,
        timeout: null,
        gracefulTimeout: null,
      },
      py: expect.objectContaining({ run: ['python3', 'x.py'], count: 1 }),
    });
  });

  it.each([
    [[], /expected an object of names.* got an empty list/],
    [{ jobs: 'jobs.ts' }, /^jobs: expected an object, such as .*, got "jobs.ts"$/],
    [{ jobs: {} }, /^jobs\.run: it is missing; write run: 'jobs.ts'/],
    [{ jobs: { run: [] } }, /^jobs\.run: expected a module, .* got an empty list/],
    [{ jobs: { run: ['a', 1] } }, /^jobs\.run: expected a module, .* got a list/],
    [{ jobs: { run: 'a.ts', count: 0 } }, /^jobs\.count: expected a whole number from 1 to 1000, got 0$/],
    [
      { jobs: { run: 'a.ts', shedule: '* * * * *' } },
      /^jobs: unknown key "shedule"; did you mean "schedule"\?$/,
    ],
    [{ jobs: { run: 'a.ts', restart: true } }, /^jobs: unknown key "restart"; write one of run, count, /],
    [{ 'my jobs': { run: 'a.ts' } }, /^my jobs: a name begins with a letter and has only letters/],
    [{ jobs: { run: 'a' }, Jobs: { run: 'b' } }, /^Jobs: another companion is called jobs; /],
    [{ jobs: { run: 'a', timeZone: 'UTC' } }, /^jobs\.timeZone: it has no effect without a schedule/],
    [{ jobs: { run: 'a', overlap: true } }, /^jobs\.overlap: it has no effect without a schedule/],
    [{ jobs: { run: 'a', schedule: '@daily', count: 2 } }, /^jobs\.count: a schedule starts one process/],
    [{ jobs: { run: 'a', env: { A: true } } }, /^jobs\.env: expected text for "A", got true$/],
  ])('are refused as %j, with the part that is wrong', (value, message) => {
    expect(() => kind.fromValue(value)).toThrow(Mismatch);
    expect(() => kind.fromValue(value)).toThrow(message);
  });

  it('are written as text that can be read back, without the defaults', () => {
    const value = kind.fromValue({ nightly: { run: 'report.ts', schedule: '0 3 * * *', env: { A: 1 } } });
    const text = kind.toText(value);
    expect(text).toBe('{"nightly":{"run":"report.ts","schedule":"0 3 * * *","env":{"A":"1"}}}');
    expect(kind.fromText(text)).toEqual(value);
    expect(kind.toText({})).toBe('none');
  });
});
