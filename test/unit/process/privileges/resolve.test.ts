import { describe, expect } from 'vitest';
import { findAccount, findGroup } from '../../../../src/process/privileges/accounts.ts';
import { resolveIdentity } from '../../../../src/process/privileges/resolve.ts';
import type { Settings } from '../../../../src/settings/catalogue/catalogue.ts';
import { warnsOfRoot } from '../../../../src/settings/effects.ts';
import { loadedWith } from '../../../support/fake-service.ts';
import { asRoot } from '../../../support/tools.ts';

const it = asRoot();
const resolve = (settings: Partial<Settings>) => resolveIdentity(loadedWith(settings), process.env);

describe('the identity of the workers', () => {
  it('is that of the user, with its primary group alone', async () => {
    expect(await resolve({ user: 'nobody' })).toMatchObject({
      label: 'user nobody',
      uid: 65534,
      groups: [await findGroup(`${(await findAccount('nobody', process.env))?.gid}`, process.env)],
    });
    const [byName, byNumber] = [await resolve({ user: 'nobody' }), await resolve({ user: '65534' })];
    expect(byName).toEqual(byNumber);
  });

  it('has another group, and the groups of the user, where they are asked for', async () => {
    const gid = await findGroup('daemon', process.env);
    const identity = await resolve({ user: 'nobody', group: 'daemon', initgroups: true });
    expect(identity).toMatchObject({ gid, groups: expect.arrayContaining([gid]) });
    expect(identity?.groups).not.toContain(0);
    expect(await resolve({ group: '4242' })).toMatchObject({ label: 'group 4242', uid: 0, gid: 4242 });
  });

  it('has the environment of a login, where the user has an entry', async () => {
    expect((await resolve({ user: 'nobody' }))?.environment).toMatchObject({
      USER: 'nobody',
      LOGNAME: 'nobody',
    });
    expect((await resolve({ user: '54321', group: '0' }))?.environment).toEqual({});
  });

  it.each([
    [
      { user: 'no-such-user' },
      '--user: there is no user "no-such-user"; `getent passwd` lists those there are',
    ],
    [
      { group: 'no-such-group' },
      '--group: there is no group "no-such-group"; `getent group` lists those there are',
    ],
    [{ user: '4294967295' }, '--user: there is no user "4294967295"; `getent passwd` lists those there are'],
    [{ user: '54321' }, '--user: user 54321 has no entry in the user database; name its group with --group'],
    [{ initgroups: true }, '--initgroups: it needs --user, the user whose groups the workers get'],
    [
      { user: '54321', group: '33', initgroups: true },
      '--initgroups: user 54321 has no entry in the user database, so it has no groups there; write its name',
    ],
  ])('is refused for %j', async (settings, message) => {
    await expect(resolve(settings)).rejects.toThrow(message);
  });
});

it('root is warned unless a user, be it root, is named', () => {
  expect(warnsOfRoot(loadedWith())).toMatch(/^Running as root: /);
  expect(warnsOfRoot(loadedWith({ user: 'root' }))).toBeNull();
});
