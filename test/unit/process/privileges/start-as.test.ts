import { expect, it } from 'vitest';
import { startAs } from '../../../../src/process/privileges/start-as.ts';

const identity = { label: 'user ada', uid: 7, gid: 8, groups: [8, 9], environment: {} };
const command = ['/bin/node', 'entry.js'] as const;

it('a process without further groups is started by the ids alone', () => {
  expect(startAs(identity, null, [...command], { LD_PRELOAD: '/x.so' })).toEqual({
    command,
    env: { LD_PRELOAD: '/x.so' },
    uid: 7,
    gid: 8,
  });
});

it('setpriv sees nothing that its loader would obey; the command behind it does', () => {
  const setpriv = { words: ['/usr/bin/setpriv', '--reuid=7', '--'] as const, env: '/usr/bin/env' };
  const env = { HOME: '/h', LD_PRELOAD: '/x y.so', LD_AUDIT: 'a', NODE_OPTIONS: '--import x', LDAP: '1' };
  expect(startAs(identity, { ...setpriv, words: [...setpriv.words] }, [...command], env)).toEqual({
    command: [...setpriv.words, setpriv.env, 'LD_PRELOAD=/x y.so', 'LD_AUDIT=a', ...command],
    env: { HOME: '/h', NODE_OPTIONS: '--import x', LDAP: '1' },
  });
  expect(
    startAs(identity, { ...setpriv, words: [...setpriv.words] }, [...command], { A: '1' }).command,
  ).toEqual([...setpriv.words, ...command]);
});
