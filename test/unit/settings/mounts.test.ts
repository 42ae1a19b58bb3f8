import { describe, expect, it } from 'vitest';
import { mounts } from '../../../src/settings/mounts.ts';

describe('the kind of --mount', () => {
  const kind = mounts();

  it('reads repeated flags, a variable and an object alike, and writes what it reads', () => {
    const table = { '/api': 'api.ts:create({a: 1, b: 2})', '/': 'site.ts' };
    expect(kind.fromTexts(['/api/=api.ts:create({a: 1, b: 2})', '/=site.ts'])).toEqual(table);
    expect(kind.fromText('/api=api.ts:create({a: 1, b: 2}), /=site.ts')).toEqual(table);
    expect(kind.fromValue(table)).toEqual(table);
    expect(kind.fromText(kind.toText(table))).toEqual(table);
    expect(kind.toText({})).toBe('none');
  });

  it('joins the mounts of several sources', () => {
    expect(kind.merge?.({ '/a': 'low.ts', '/b': 'low.ts' }, { '/b': 'high.ts' })).toEqual({
      '/a': 'low.ts',
      '/b': 'high.ts',
    });
  });

  it.each([
    [['api.ts:app'], 'expected /path=module:export, such as /api=api.ts:app, got "api.ts:app"'],
    [['api=api.ts'], 'expected a path such as /api, without ? # % = and empty parts, got "api"'],
    [['/api='], 'expected module:export for "/api", got ""'],
    [['/api=a.ts', '/api/=b.ts'], 'expected each path once, without "/api" a second time, got "/api/=b.ts"'],
  ])('says what is wrong with %j', (texts, message) => {
    expect(() => kind.fromTexts(texts)).toThrow(message);
  });

  it.each([
    [
      'api.ts',
      `expected an object of paths and applications, such as { '/api': 'api.ts:app' }, got "api.ts"`,
    ],
    [{ '/api': () => {} }, 'expected module:export for "/api", got a function'],
  ])('says what is wrong with %j in the config file', (value, message) => {
    expect(() => kind.fromValue(value)).toThrow(message);
  });
});
