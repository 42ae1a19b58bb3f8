import { chmodSync, chownSync, linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Identity } from '../../../../src/process/privileges/identity.ts';
import { mendLog } from '../../../../src/process/privileges/mend-log.ts';
import { rootsDirectory } from '../../../support/roots-directory.ts';
import { asRoot } from '../../../support/tools.ts';

const it = asRoot();
const user: Identity = { label: 'user 54321', uid: 54321, gid: 54321, groups: [54321], environment: {} };
const ADM = 4;

/** As logrotate's `create 640 root adm` makes it. */
function rotated(directory = rootsDirectory()): string {
  const file = join(directory, 'access.log');
  writeFileSync(file, '');
  chownSync(file, 0, ADM);
  chmodSync(file, 0o640);
  return file;
}

describe('a log file that only root can write', () => {
  it('is given to the user; its group may read it as before', () => {
    const file = rotated();
    expect(mendLog(user, file)).toBe(true);
    const { uid, gid, mode } = statSync(file);
    expect([uid, gid, mode & 0o777]).toEqual([user.uid, ADM, 0o640]);
    expect(mendLog(user, file)).toBe(false);
  });

  it('stays as it is where the user can write it by its group', () => {
    const file = rotated();
    chownSync(file, 0, user.gid);
    chmodSync(file, 0o660);
    expect(mendLog(user, file)).toBe(false);
    expect(statSync(file).uid).toBe(0);
  });

  it.each<[string, (directory: string) => void]>([
    ['belongs to the user', (directory) => chownSync(directory, user.uid, 0)],
    [
      'can be written by a group of the user',
      (directory) => {
        chownSync(directory, 0, user.gid);
        chmodSync(directory, 0o775);
      },
    ],
    ['can be written by everybody', (directory) => chmodSync(directory, 0o777)],
    ['belongs to another user', (directory) => chownSync(directory, 12345, 0)],
  ])('is not given away where a directory on the way %s', (_what, open) => {
    const directory = rootsDirectory();
    const inner = join(directory, 'logs');
    mkdirSync(inner, { mode: 0o755 });
    const file = rotated(inner);
    open(directory);
    expect(mendLog(user, file)).toBe(false);
    expect(statSync(file).uid).toBe(0);
  });

  it('is not given away where it has a second name, or is a link', () => {
    const file = rotated();
    symlinkSync(file, `${file}.link`);
    expect(mendLog(user, `${file}.link`)).toBe(false);
    linkSync(file, `${file}.2`);
    expect(mendLog(user, file)).toBe(false);
    expect(statSync(file).uid).toBe(0);
  });

  it('is none where there is no file', () => {
    expect(mendLog(user, join(rootsDirectory(), 'none'))).toBe(false);
  });
});
