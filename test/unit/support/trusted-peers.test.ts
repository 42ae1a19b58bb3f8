import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Peer } from '../../../src/support/is-unix-socket.ts';
import { isPeerRule, isTrustedPeer, shareTrust, TrustedPeers } from '../../../src/support/trusted-peers.ts';

describe('trusted peers', () => {
  it.each([
    [
      ['127.0.0.1', '::1'],
      ['127.0.0.1', '::ffff:127.0.0.1', '::1'],
      ['127.0.0.2', '10.0.0.1', ''],
    ],
    [['10.0.0.0/8'], ['10.9.8.7', '::ffff:10.0.0.1'], ['11.0.0.1', '::1']],
    [
      ['2001:db8::/32', '192.0.2.7'],
      ['2001:db8::5', '192.0.2.7'],
      ['2001:db9::1', '192.0.2.8'],
    ],
    [
      ['private'],
      ['127.0.0.2', '172.31.0.1', '192.168.1.1', 'fd00::1', 'fe80::1%eth0'],
      ['172.32.0.1', '8.8.8.8'],
    ],
    [['*'], ['8.8.8.8', '2001:db8::1', ''], []],
    [['unix'], [], ['127.0.0.1', '::1', '']],
  ])('%j', (rules, trusted, others) => {
    const peers = new TrustedPeers(rules);
    for (const address of trusted) expect([address, peers.trusts(address)]).toEqual([address, true]);
    for (const address of others) expect([address, peers.trusts(address)]).toEqual([address, false]);
  });

  it('are found out once for each connection, and a closed one has no address', () => {
    const peers = new TrustedPeers(['unix']);
    let asked = 0;
    const socket = {
      get remoteAddress() {
        asked++;
        return '10.0.0.1';
      },
    } as unknown as Socket;
    expect(isTrustedPeer({ socket })).toBe(false);
    peers.meet(socket);
    expect([isTrustedPeer({ socket }), isTrustedPeer({ socket }), asked]).toEqual([false, false, 1]);
    const closed = { destroyed: true } as Socket;
    peers.meet(closed);
    expect(isTrustedPeer({ socket: closed })).toBe(false);
  });

  it.each<[string, Peer, boolean]>([
    ['a Unix socket', {}, true],
    ['a client that has reset its connection', { localAddress: '127.0.0.1' }, false],
    ['a connection that is closed', { destroyed: true }, false],
    ['an address of the list', { remoteAddress: '10.0.0.1', localAddress: '127.0.0.1' }, true],
  ])('%s', (_what, peer, trusted) => {
    const peers = new TrustedPeers(['10.0.0.0/8']);
    const socket = { ...peer } as Socket;
    peers.meet(socket);
    expect([peers.trustsPeer(peer), isTrustedPeer({ socket })]).toEqual([trusted, trusted]);
  });

  it('are asked for at the connection that carries a part', () => {
    const carriers = [
      [{ destroyed: true } as Socket, false],
      [{} as Socket, true],
    ] as const;
    for (const [carrier, trusted] of carriers) {
      const part = {} as Socket;
      shareTrust(part, () => carrier);
      new TrustedPeers([]).meet(carrier);
      expect(isTrustedPeer({ socket: part })).toBe(trusted);
    }
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0',
    '::1/129',
    '10.0.0.0/',
    '1.2.3.4/8/8',
    'localhost',
    '',
    'fe80::1%eth0',
    '1.2.3.4/-1',
  ])('have no rule "%s"', (rule) => expect(isPeerRule(rule)).toBe(false));
});
