import { expect, it } from 'vitest';
import { memoryOf } from '../../../src/process/shared-memory.ts';

const statuses: Readonly<Record<string, string>> = {
  '/proc/7/status': 'Name:\tnode\nRssAnon:\t   1000 kB\nRssFile:\t   600 kB\nRssShmem:\t     8 kB\n',
  '/proc/8/status': 'Name:\tnode\nRssAnon:\t   3000 kB\nRssFile:\t   500 kB\nRssShmem:\t     0 kB\n',
};

function read(path: string): string {
  const found = statuses[path];
  if (found === undefined) throw new Error(`${path} is gone`);
  return found;
}

it('counts once what the processes share', () => {
  expect(memoryOf([7, 8], read)).toBe((1000 + 3000 + 608) * 1024);
});

it('leaves out a process that has ended, and says nothing where there is no /proc', () => {
  expect(memoryOf([7, 9], read)).toBe(1608 * 1024);
  expect(memoryOf([9], read)).toBe(null);
});
