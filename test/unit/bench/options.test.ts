import { describe, expect, it } from 'vitest';
import { caseNames, choose, parseOptions } from '../../../bench/options.ts';

describe('parseOptions', () => {
  it('measures every case in seven rounds where nothing is asked for', () => {
    expect(parseOptions([])).toEqual({
      rounds: 7,
      seconds: 2,
      connections: 64,
      cases: [
        'keepalive',
        'close',
        'tls',
        'tls-close',
        'http2',
        'sync',
        'thread',
        'context',
        'static',
        'static-large',
        'thread-cpu',
        'mixed',
      ],
      only: [],
      json: null,
    });
  });

  it('takes one case and a list of candidates', () => {
    const options = parseOptions([
      '--case',
      'close',
      '--only',
      'bare node:http, tsunicorn',
      '--rounds',
      '11',
    ]);
    expect(options).toMatchObject({ cases: ['close'], only: ['bare node:http', 'tsunicorn'], rounds: 11 });
  });

  it('takes several cases, and measures them in an order of its own', () => {
    expect(parseOptions(['--case', 'mixed, sync']).cases).toEqual(['sync', 'mixed']);
  });

  it.each(['0', '-1', '1.5', 'many'])('refuses %s rounds and says what to write', (rounds) => {
    expect(() => parseOptions([`--rounds=${rounds}`])).toThrow(`--rounds: "${rounds}" is not a number`);
  });

  it('refuses a case that it does not know', () => {
    expect(() => parseOptions(['--case', 'open'])).toThrow(
      `--case: "open" is not a case; write ${caseNames.join(', ')}`,
    );
  });
});

describe('choose', () => {
  const items = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];

  it('keeps the order of the candidates, not of the names', () => {
    expect(choose(items, ['c', 'a'])).toEqual([{ name: 'a' }, { name: 'c' }]);
  });

  it('takes all of them where none is named', () => {
    expect(choose(items, [])).toEqual(items);
  });

  it('lists the known names where one is unknown', () => {
    expect(() => choose(items, ['a', 'x'])).toThrow('--only: no candidate is named "x"; write a, b, c');
  });
});
