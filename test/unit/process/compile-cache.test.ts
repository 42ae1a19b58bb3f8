import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOurs } from '../../../src/process/compile-cache.ts';
import { asRoot } from '../../support/tools.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

describe('a directory for compiled code', () => {
  it('is made for us alone, whatever the umask', () => {
    const directory = join(temporaryDirectory(), '.cache', 'tsunicorn');
    const umask = process.umask(0);
    try {
      expect(isOurs(directory)).toBe(true);
    } finally {
      process.umask(umask);
    }
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('is refused where anybody may write it, also if it is sticky', () => {
    const directory = temporaryDirectory();
    for (const mode of [0o777, 0o1777]) {
      chmodSync(directory, mode);
      expect(isOurs(directory)).toBe(false);
    }
  });

  it('is refused in a home where anybody may put another in its place', () => {
    const home = temporaryDirectory();
    chmodSync(home, 0o777);
    expect(isOurs(join(home, '.cache', 'tsunicorn'))).toBe(false);
  });

  it('is refused behind a link that leads to such a place', () => {
    const open = join(temporaryDirectory(), 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(open, link);
    expect(isOurs(join(link, 'tsunicorn'))).toBe(false);
  });

  it('may be open to the group that is ours, as with a group for each user', () => {
    const home = temporaryDirectory();
    chmodSync(home, 0o775);
    expect(isOurs(join(home, '.cache', 'tsunicorn'))).toBe(true);
  });

  asRoot()('is refused where another group may write', () => {
    const home = temporaryDirectory();
    chownSync(home, 0, 65534);
    chmodSync(home, 0o775);
    expect(isOurs(join(home, '.cache', 'tsunicorn'))).toBe(false);
  });

  it('is none where it cannot be made', () => {
    expect(isOurs('/proc/none/tsunicorn')).toBe(false);
    expect(existsSync('/proc/none')).toBe(false);
  });

  asRoot()('is refused to root in the home of somebody else', () => {
    const home = temporaryDirectory();
    chownSync(home, 65534, 65534);
    expect(isOurs(join(home, '.cache', 'tsunicorn'))).toBe(false);
  });
});
