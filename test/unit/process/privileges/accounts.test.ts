import { describe, expect, it } from 'vitest';
import { findAccount, findGroup, findLine } from '../../../../src/process/privileges/accounts.ts';

describe('an account', () => {
  it('is found by its name and by its number', async () => {
    const root = { name: 'root', uid: 0, gid: 0, home: expect.stringMatching(/^\//) };
    expect(await findAccount('root', process.env)).toEqual(root);
    expect(await findAccount('0', process.env)).toEqual(root);
    expect(await findGroup('0', process.env)).toBe(0);
  });

  it.each(['nobody-of-that-name', '--service=files', 'root:x', 'a b'])('%j is nobody', async (name) => {
    expect(await findAccount(name, process.env)).toBeNull();
    expect(await findGroup(name, process.env)).toBeNull();
  });
});

describe('a line of the file', () => {
  const lines = ['# 7:x:1:1', 'ada:x:1000:100::/home/ada:/bin/sh', '1000:x:7:7::/:/bin/sh', ''];

  it('is found by the name before the number', () => {
    expect(findLine(lines, 'ada')?.[2]).toBe('1000');
    expect(findLine(lines, '1000')?.[2]).toBe('7');
    expect(findLine(lines, '7')?.[0]).toBe('1000');
  });

  it('is none where there is none', () => {
    expect(findLine(lines, 'bob')).toBeNull();
    expect(findLine(lines, '')).toBeNull();
  });
});
