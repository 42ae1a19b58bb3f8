import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../src/settings/catalogue/catalogue.ts';
import { listOf, nullable, table } from '../../../src/settings/compound-kinds.ts';
import {
  boolean,
  choice,
  integer,
  octalMode,
  path,
  seconds,
  share,
  size,
  text,
} from '../../../src/settings/kinds.ts';

const workers = catalogue.workers.kind;

describe('what a kind reads', () => {
  it.each([
    ['a whole number', integer({ min: 1 }), '12', 12],
    ['a fraction of seconds', seconds(), '0.5', 0.5],
    ['seconds that begin with a point', seconds(), '.5', 0.5],
    ['no seconds', seconds(), '0', 0],
    ['a size', size({ min: 1 }), '512', 512],
    ['a size with a unit', size({ min: 1 }), '256M', 256 * 1024 ** 2],
    ['a size with a fraction', size({ min: 1 }), '1.5G', 1.5 * 1024 ** 3],
    ['a size for a share', share({ min: 1 }), '512M', { bytes: 512 * 1024 ** 2 }],
    ['a percentage', share({ min: 1 }), '80%', { percent: 80 }],
    ['a size as others write it', size({ min: 1 }), '1 GiB', 1024 ** 3],
    ['text', text(), ' x ', ' x '],
    ['a word in capitals', choice(['info']), 'INFO', 'info'],
    ['a synonym', catalogue.logLevel.kind, 'warn', 'warning'],
    ['a switch that is on', boolean(), 'Yes', true],
    ['a switch that is off', boolean(), '0', false],
    ['an octal mode', octalMode(), '027', 0o027],
    ['an octal mode as JavaScript writes it', octalMode(), '0o027', 0o027],
    ['a list', listOf(text(), 1), 'a, b,', ['a', 'b']],
    ['a table', table(), 'A=1,B=x=y', { A: '1', B: 'x=y' }],
  ])('takes %s from text', (_what, kind, given, expected) => {
    expect(kind.fromText(given)).toEqual(expected);
  });

  it.each([
    ['a number', integer({ min: 1 }), 12, 12],
    ['a mode as a number', octalMode(), 0o22, 0o22],
    ['a mode as octal text', octalMode(), '022', 0o22],
    ['a single value for a list', listOf(text(), 1), 'a', ['a']],
    ['an array for a list', listOf(text(), 1), ['a', 'b'], ['a', 'b']],
    ['null where there may be none', nullable(path()), null, null],
    ['a table with a number', table(), { A: 1 }, { A: '1' }],
  ])('takes %s from the config file', (_what, kind, given, expected) => {
    expect(kind.fromValue(given)).toEqual(expected);
  });

  it('lets the last of several flags win, save for lists and tables', () => {
    expect(integer({ min: 1 }).fromTexts(['1', '2'])).toBe(2);
    expect(listOf(text(), 1).fromTexts(['a,b', 'c'])).toEqual(['a,b', 'c']);
    expect(table().fromTexts(['A=1,2', 'B='])).toEqual({ A: '1,2', B: '' });
  });

  it('resolves auto to a number of workers', () => {
    expect(workers.fromText('auto')).toBeGreaterThanOrEqual(1);
    expect(workers.fromValue('auto')).toBe(workers.fromText('auto'));
  });
});

describe('what a kind refuses', () => {
  it.each([
    [workers, '0', 'expected a whole number ≥ 1 or "auto", got "0"'],
    [workers, '1.5', 'expected a whole number ≥ 1 or "auto", got "1.5"'],
    [integer({ min: 0, max: 9 }), '10', 'expected a whole number from 0 to 9, got "10"'],
    [integer({ min: 0 }), '0x10', 'expected a whole number ≥ 0, got "0x10"'],
    [seconds(), '30s', 'expected a number of seconds from 0 to 2147483, got "30s"'],
    [seconds(), '-1', 'expected a number of seconds from 0 to 2147483, got "-1"'],
    [text(), '  ', 'expected text that is not empty, got "  "'],
    [choice(['a', 'b']), 'c', 'expected one of a, b, got "c"'],
    [boolean(), 'maybe', 'expected true or false, got "maybe"'],
    [size({ min: 1024 ** 2 }), '1K', 'expected a size of at least 1M, such as 256M, got "1K"'],
    [size({ min: 1 }), '2T', 'expected a size of at least 1, such as 256M, got "2T"'],
    [
      share({ min: 1024 ** 2 }),
      '512X',
      'expected a size of at least 1M, such as 512M or 1.5G, or a percentage from 1% to 100%, got "512X"',
    ],
    [share({ min: 1 }), '0%', 'expected a size of at least 1, such'],
    [share({ min: 1 }), '101%', 'expected a size of at least 1, such'],
    [octalMode(), '8', 'expected an octal mode from 000 to 777, got "8"'],
    [octalMode(), '7777', 'expected an octal mode from 000 to 777, got "7777"'],
    [table(), 'A', 'expected NAME=VALUE, got "A"'],
    [table(), '=x', 'expected NAME=VALUE, got "=x"'],
  ])('says of the text what it expected (%#)', (kind, given, message) => {
    expect(() => kind.fromText(given)).toThrow(message);
  });

  it.each([
    [workers, 0, 'expected a whole number ≥ 1 or "auto", got 0'],
    [workers, '2', 'expected a whole number ≥ 1 or "auto", got "2"'],
    [seconds(), Number.POSITIVE_INFINITY, 'expected a number of seconds from 0 to 2147483, got Infinity'],
    [text(), () => 1, 'expected text that is not empty, got a function'],
    [path(), 'a\0b', 'expected a path, got "a\\u0000b"'],
    [choice(['a']), {}, 'expected "a", got an object'],
    [boolean(), 'true', 'expected true or false, got "true"'],
    [octalMode(), 512, 'expected an octal mode from 000 to 777, got 512'],
    [listOf(path(), 1), [], 'expected a path, or a list of such, got an empty list'],
    [listOf(path(), 1), ['a', 3], 'expected a path, got 3'],
    [table(), ['A=1'], 'expected an object of names and texts, got a list'],
    [table(), { A: true }, 'expected text for "A", got true'],
    [table(), { 'A=B': 'x' }, 'expected a name without "=", got "A=B"'],
  ])('says of the value what it expected (%#)', (kind, given, message) => {
    expect(() => kind.fromValue(given)).toThrow(message);
  });
});

describe('what a kind writes', () => {
  it.each(Object.entries(catalogue))('reads back the default of %s', (_name, { kind, default: value }) => {
    const general: { toText(value: unknown): string; fromText(text: string): unknown } = kind;
    const written = general.toText(value);
    if (written === 'none') return;
    expect(general.fromText(written)).toEqual(value);
  });

  it('writes a size with the largest unit that loses nothing', () => {
    const { toText } = size({ min: 1 });
    expect([512, 3 * 1024, 1024 ** 2 + 1024, 2 * 1024 ** 3].map((bytes) => toText(bytes))).toEqual([
      '512',
      '3K',
      '1025K',
      '2G',
    ]);
  });

  it('writes a share as it is read', () => {
    const kind = share({ min: 1 });
    expect([{ bytes: 1.5 * 1024 ** 3 }, { percent: 12.5 }].map(kind.toText)).toEqual(['1536M', '12.5%']);
    expect(kind.fromValue(4096)).toEqual({ bytes: 4096 });
  });

  it('writes a mode in octal and nothing as none', () => {
    expect(octalMode().toText(0o7)).toBe('007');
    expect(nullable(path()).toText(null)).toBe('none');
    expect(table().toText({})).toBe('none');
    expect(table().toText({ A: '1', B: '2' })).toBe('A=1,B=2');
  });
});
