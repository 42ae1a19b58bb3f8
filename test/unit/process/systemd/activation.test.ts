import { describe, expect, it } from 'vitest';
import { addressesOf } from '../../../../src/arbiter/change/generation.ts';
import { activationNotice, passedSockets } from '../../../../src/process/systemd/activation.ts';
import { type Address, formatAddress } from '../../../../src/settings/address.ts';
import type { Origin } from '../../../../src/settings/load.ts';
import { loadedWith } from '../../../support/fake-service.ts';

const ours = { LISTEN_PID: '7' };

describe('the passed sockets', () => {
  it('are the descriptors from 3 on, by their names', () => {
    const variables = { ...ours, LISTEN_FDS: '3', LISTEN_FDNAMES: 'http:unknown:admin' };
    expect(passedSockets(variables, 7)).toEqual([
      { kind: 'fd', fd: 3, source: 'LISTEN_FDS fd://3 (http)', name: 'http' },
      { kind: 'fd', fd: 4, source: 'LISTEN_FDS fd://4' },
      { kind: 'fd', fd: 5, source: 'LISTEN_FDS fd://5 (admin)', name: 'admin' },
    ]);
  });

  it.each([
    ['nothing was passed', {}],
    ['there are none', { ...ours, LISTEN_FDS: '0' }],
    ['they are for another process', { LISTEN_PID: '8', LISTEN_FDS: '1' }],
    ['nobody says for which process they are', { LISTEN_FDS: '1' }],
  ])('are none where %s', (_why, variables) => {
    expect(passedSockets(variables, 7)).toEqual([]);
  });

  it.each([
    ['x', /^LISTEN_FDS=x: expected the number of passed sockets; /],
    ['-1', /^LISTEN_FDS=-1: expected the number/],
    ['99999', /^LISTEN_FDS=99999: descriptors up to 100001 are too many; pass at most 256 sockets$/],
  ])('are refused where their number is %s', (LISTEN_FDS, message) => {
    expect(() => passedSockets({ ...ours, LISTEN_FDS }, 7)).toThrow(message);
  });
});

function loaded(bind: readonly string[] | null, sockets: readonly Address[]) {
  const origin: Origin = { source: 'argv', name: '--bind' };
  const base = loadedWith(bind === null ? {} : { bind: [...bind] });
  return { ...base, origins: bind === null ? base.origins : { ...base.origins, bind: origin }, sockets };
}

const two = passedSockets({ ...ours, LISTEN_FDS: '2' }, 7);

describe('the addresses to listen on', () => {
  const at = (bind: readonly string[] | null) => addressesOf(loaded(bind, two)).map(formatAddress);

  it('are the passed sockets in place of the default', () => {
    expect(at(null)).toEqual(['fd://3', 'fd://4']);
  });

  it('are the passed sockets in place of what the operator wrote, but for descriptors', () => {
    expect(at([':9000', 'fd://9', 'fd://4', 'unix:/x'])).toEqual(['fd://9', 'fd://3', 'fd://4']);
  });

  it('keep the sockets of slots', () => {
    expect(at([':9000', 'unix:/run/{slot}'])).toEqual(['unix:/run/0', 'fd://3', 'fd://4']);
  });
});

describe('the notice', () => {
  const notice = (bind: readonly string[] | null, sockets = two, LISTEN_PID = '7') =>
    activationNotice({ LISTEN_PID }, loaded(bind, sockets), 7);

  it('names the binds that are not used', () => {
    expect(notice([':9000', 'fd://9', 'unix:/x'])).toBe(
      '--bind :9000, unix:/x is not used: systemd passed the sockets to serve on (LISTEN_FDS)',
    );
  });

  it('is not given where nothing is left out', () => {
    const all = [notice(null), notice(['fd://3', ':900{slot}']), notice([':9000'], [])];
    expect(all).toEqual([null, null, null]);
  });

  it('says why sockets for another process are not used', () => {
    expect(notice(null, [], '8')).toBe(
      'No socket of LISTEN_FDS is used, because LISTEN_PID is 8 and this is 7; ExecStart= must start tsunicorn itself',
    );
  });
});
