import { chmodSync, chownSync, existsSync, lchownSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Identity } from '../../../../src/process/privileges/identity.ts';
import { makeOwned } from '../../../../src/process/privileges/log-files.ts';
import { rootsDirectory } from '../../../support/roots-directory.ts';
import { asRoot } from '../../../support/tools.ts';

const it = asRoot();
const user: Identity = { label: 'user 54321', uid: 54321, gid: 54321, groups: [54321], environment: {} };

/** `home` is the user's, `rootly` is root's. */
function directories(): { readonly top: string; readonly home: string; readonly rootly: string } {
  const top = rootsDirectory();
  const [home, rootly] = [join(top, 'home'), join(top, 'rootly')];
  for (const directory of [home, rootly]) mkdirSync(directory);
  for (const directory of [home, rootly]) chmodSync(directory, 0o755);
  chownSync(home, user.uid, user.gid);
  return { top, home, rootly };
}

describe('a log file that is missing', () => {
  it('is made by root in a directory of root, and given to the user', () => {
    const file = join(directories().rootly, 'access.log');
    makeOwned(user, file);
    expect(statSync(file)).toMatchObject({ uid: user.uid, gid: user.gid });
  });

  it('is made by the user in a directory of the user', () => {
    const file = join(directories().home, 'access.log');
    makeOwned(user, file);
    expect(statSync(file)).toMatchObject({ uid: user.uid, gid: user.gid });
  });

  it('is not made in a directory of root to which the user has made the path lead', () => {
    const { home, rootly } = directories();
    symlinkSync(rootly, join(home, 'logs'));
    makeOwned(user, join(home, 'logs', 'planted'));
    expect(existsSync(join(rootly, 'planted'))).toBe(false);
  });

  it('is not made there by way of a link of root that leads through a directory of the user either', () => {
    const { top, home, rootly } = directories();
    symlinkSync(rootly, join(home, 'logs'));
    symlinkSync('home/logs', join(top, 'logs'));
    makeOwned(user, join(top, 'logs', 'planted'));
    expect(existsSync(join(rootly, 'planted'))).toBe(false);
  });

  it('is made behind links of root, and where everybody may write, as in /tmp, but none replace what is of others', () => {
    const { top, rootly } = directories();
    symlinkSync('../..', join(rootly, 'up'));
    symlinkSync(join('rootly', 'up', dirname(rootly).split('/').at(-1) ?? '', 'rootly'), join(top, 'logs'));
    chmodSync(top, 0o1777);
    const file = join(top, 'logs', 'access.log');
    makeOwned(user, file);
    expect(statSync(file).uid).toBe(user.uid);
  });

  it('is not made where the user has put a link among what is of others', () => {
    const { top, rootly } = directories();
    chmodSync(top, 0o1777);
    symlinkSync(rootly, join(top, 'logs'));
    lchownSync(join(top, 'logs'), user.uid, user.gid);
    makeOwned(user, join(top, 'logs', 'planted'));
    expect(existsSync(join(rootly, 'planted'))).toBe(false);
  });

  it('is nothing to make where the links go round', () => {
    const { top } = directories();
    symlinkSync('logs', join(top, 'logs'));
    expect(() => makeOwned(user, join(top, 'logs', 'access.log'))).not.toThrow();
  });
});
