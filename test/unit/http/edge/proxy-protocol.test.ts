import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type ProxyMode, proxyReader, readProxyHeader } from '../../../../src/http/edge/proxy-protocol.ts';
import { TrustedPeers } from '../../../../src/support/trusted-peers.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function v2(command: number, family: number, ...parts: readonly (readonly number[])[]): Buffer {
  const rest = Buffer.from(parts.flat());
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rest.length);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family]), length, rest]);
}

const ENDS4 = [192, 0, 2, 1, 10, 0, 0, 1, 0x10, 0x67, 0, 80];
const ENDS6 = [
  ...Buffer.from('20010db8000000000000000000000007', 'hex'),
  ...Buffer.alloc(16),
  0x10,
  0x67,
  0,
  80,
];
const TLS = [0x20, 0, 5, 1, 0, 0, 0, 0];
const ADA = { address: '192.0.2.1', port: 4199, scheme: 'http' };

const valid: readonly (readonly [string, Buffer, unknown])[] = [
  ['TCP4', Buffer.from('PROXY TCP4 192.0.2.1 10.0.0.1 4199 80\r\n'), ADA],
  ['TCP6', Buffer.from('PROXY TCP6 2001:DB8::7 ::1 4199 80\r\n'), { ...ADA, address: '2001:db8::7' }],
  ['the longest', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`), 'unknown'],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), 'unknown'],
  ['v2 TCP4', v2(0x21, 0x11, ENDS4), ADA],
  ['v2 TCP6', v2(0x21, 0x21, ENDS6), { ...ADA, address: '2001:db8::7' }],
  ['v2 with TLS', v2(0x21, 0x11, ENDS4, TLS, [4, 0, 1, 0]), { ...ADA, scheme: 'https' }],
  ['v2 LOCAL', v2(0x20, 0x00), 'itself'],
  ['v2 LOCAL with addresses', v2(0x20, 0x11, ENDS4), 'itself'],
  ['v2 of no family', v2(0x21, 0x00), 'unknown'],
  ['v2 of a Unix socket', v2(0x21, 0x31, [...Buffer.alloc(216)]), 'unknown'],
];

describe.each(valid)('a header of the PROXY protocol, %s', (_name, bytes, sender) => {
  it('is read where it is whole, whatever comes behind it', () => {
    const all = Buffer.concat([bytes, Buffer.from('PROXY GET / HTTP/1.1\r\n')]);
    expect(readProxyHeader(all, 'auto')).toEqual({ kind: 'header', sender, length: bytes.length });
  });

  it('is waited for byte by byte', () => {
    for (let length = 1; length < bytes.length; length++)
      expect(readProxyHeader(bytes.subarray(0, length), 'auto')).toMatchObject({ kind: 'more' });
  });
});

it.each<[ProxyMode, string | Buffer]>([
  ['v1', 'GET / HTTP/1.1\r\n'],
  ['v1', 'PRI'],
  ['v2', 'PROXY TCP4 192.0.2.1 10.0.0.1 4199 80\r\n'],
  ['v1', SIGNATURE],
  ['v2', '\x16\x03\x01'],
])('%s needs its own header, and not %j', (mode, text) => {
  expect(readProxyHeader(Buffer.from(text), mode)).toMatchObject({ fault: { code: 'EDGE_NO_PROXY_HEADER' } });
});

it.each(['GET / HTTP/1.1\r\n', 'PUT', 'PRI * HTTP/2.0\r\n\r\n', '\r\nGET', '\x16\x03\x01'])(
  'auto takes a connection without one: %j',
  (text) => expect(readProxyHeader(Buffer.from(text), 'auto')).toEqual({ kind: 'none' }),
);

it.each<[string, Buffer]>([
  ['too long', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`)],
  ['endless', Buffer.from(`PROXY ${'f'.repeat(200)}`)],
  ...[
    'TCP4 192.0.2.1 10.0.0.1 4199',
    'TCP4 2001:db8::7 ::1 1 2',
    'TCP6 192.0.2.1 10.0.0.1 1 2',
    'TCP4 192.0.2.1 10.0.0.1 65536 80',
    'TCP4 192.0.2.1 10.0.0.1 -1 80',
    'TCP4  192.0.2.1 10.0.0.1 1 80',
    'TCP4 192.0.2.300 10.0.0.1 1 80',
    'TCP6 fe80::1%eth0 ::1 1 80',
    'UDP4 192.0.2.1 10.0.0.1 1 80',
    'UNKNOWNS',
    'tcp4 192.0.2.1 10.0.0.1 1 80',
  ].map((text): [string, Buffer] => [text, Buffer.from(`PROXY ${text}\r\n`)]),
  ['of version 3', v2(0x31, 0x11, ENDS4)],
  ['with another command', v2(0x22, 0x11, ENDS4)],
  ['with half an address', v2(0x21, 0x11, ENDS4.slice(1))],
  ['with a field that is too long', v2(0x21, 0x11, ENDS4, [0x20, 0, 9, 1])],
  ['with half a field', v2(0x21, 0x11, ENDS4, [0x20])],
  ['of more than 4096 bytes', Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0xff, 0xff])])],
])('refuses one that is %s', (_name, bytes) => {
  expect(readProxyHeader(bytes, 'auto')).toMatchObject({ fault: { code: 'EDGE_PROXY_HEADER' } });
});

it('no header is read of a client that has reset its connection, whose address nobody knows', () => {
  const readerOf = proxyReader('v1', new TrustedPeers(['10.9.9.9']));
  expect(readerOf({ localAddress: '127.0.0.1' } as Socket)).toBeNull();
  expect(readerOf({} as Socket)).not.toBeNull();
});
