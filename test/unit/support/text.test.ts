import { describe, expect, it } from 'vitest';
import { escapeControls, escapeLiteral, escapeQuoted, stackLines } from '../../../src/support/text.ts';

describe('escaping', () => {
  it.each([
    ['plain text', 'Grüße "a\\b"', 'Grüße "a\\b"'],
    ['line ends and tabs', 'a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['escape sequences', '\x1b[2J', '\\x1b[2J'],
    ['NUL, DEL and C1', '\0\x7f\x9b', '\\x00\\x7f\\x9b'],
    ['separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ])('keeps a message with %s on its line', (_what, given, expected) => {
    expect(escapeControls(given)).toBe(expected);
  });

  it.each([
    ['plain text', "a b!'c~", "a b!'c~"],
    ['quotes and backslashes', 'a"b\\c', 'a\\"b\\\\c'],
    ['a forged line', 'x\n127.0.0.1 - -', 'x\\x0a127.0.0.1 - -'],
    ['bytes that are not ASCII', '\xe9\x7f', '\\xe9\\x7f'],
    ['characters beyond bytes', '€😀', '\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80'],
  ])('keeps a quoted value with %s between its quotes', (_what, given, expected) => {
    expect(escapeQuoted(given)).toBe(expected);
  });

  it('leaves the quotes and tabs of a format alone', () => {
    expect(escapeLiteral('a\t"b"\\ \né')).toBe('a\t"b"\\ \\x0a\\xe9');
  });
});

describe('the lines of a stack', () => {
  it('follows the causes', () => {
    const inner = new Error('inner');
    const lines = stackLines(new Error('outer', { cause: new TypeError('middle', { cause: inner }) }));
    const heads = lines.filter((line) => !line.startsWith('    at '));
    expect(heads).toEqual(['Error: outer', 'Caused by:', 'TypeError: middle', 'Caused by:', 'Error: inner']);
    expect(lines.length).toBeGreaterThan(heads.length);
  });

  it('shows each error of an AggregateError', () => {
    const lines = stackLines(new AggregateError([new Error('one'), new Error('two')], 'both'));
    expect(lines.filter((line) => /^\w*Error: /.test(line))).toEqual([
      'AggregateError: both',
      'Error: one',
      'Error: two',
    ]);
  });

  it('ends where an error is its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(stackLines(error).at(-1)).toBe('(more errors are left out)');
  });

  it('escapes all but the line breaks', () => {
    const error = new Error('x');
    error.stack = 'Error: \x1b[31mx\n    at y\r\n    at z\rw';
    expect(stackLines(error)).toEqual(['Error: \\x1b[31mx', '    at y', '    at z\\rw']);
  });

  it('shows what is not an error as a value', () => {
    expect(stackLines({ code: 7 })).toEqual(['{ code: 7 }']);
    expect(stackLines('a\x07b').join('')).not.toContain('\x07');
  });

  it('survives an error that cannot be read', () => {
    const error = Object.defineProperty(new Error('x'), 'stack', {
      get: () => {
        throw new Error('no');
      },
    });
    expect(stackLines(error)).toEqual(['(the rest of the error cannot be read)']);
  });
});
