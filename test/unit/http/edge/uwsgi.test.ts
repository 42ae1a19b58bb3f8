import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { uwsgiReader } from '../../../../src/http/edge/uwsgi.ts';
import { connectionOrigin } from '../../../../src/support/origin.ts';
import { TrustedPeers } from '../../../../src/support/trusted-peers.ts';

type Variables = readonly (readonly [name: string, value: string])[];

function packet(variables: Variables, modifier = 0): Buffer {
  const texts = variables.flat().map((text) => {
    const bytes = Buffer.from(text, 'latin1');
    const length = Buffer.alloc(2);
    length.writeUInt16LE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  const body = Buffer.concat(texts);
  const head = Buffer.alloc(4);
  head[0] = modifier;
  head.writeUInt16LE(body.length, 1);
  return Buffer.concat([head, body]);
}

const USUAL: Variables = [
  ['QUERY_STRING', 'b=c'],
  ['REQUEST_METHOD', 'POST'],
  ['CONTENT_TYPE', 'text/plain'],
  ['CONTENT_LENGTH', '2'],
  ['REQUEST_URI', '/a%20b?b=c'],
  ['PATH_INFO', '/a b'],
  ['REQUEST_SCHEME', 'https'],
  ['HTTPS', 'on'],
  ['REMOTE_ADDR', '192.0.2.1'],
  ['REMOTE_PORT', '4711'],
  ['HTTP_HOST', 'shop.test'],
  ['HTTP_CONTENT_LENGTH', '2'],
  ['HTTP_CONTENT_TYPE', 'text/html'],
  ['HTTP_TRANSFER_ENCODING', 'chunked'],
  ['HTTP_CONNECTION', 'keep-alive'],
  ['HTTP_X_FORWARDED_FOR', '6.6.6.6'],
];

function read(bytes: Buffer, remoteAddress: string | undefined = '127.0.0.1') {
  const socket = { remoteAddress, localAddress: '127.0.0.1' } as Socket;
  const step = uwsgiReader(new TrustedPeers(['127.0.0.1']))(socket)?.(bytes, socket);
  return { step, socket, text: step?.kind === 'go' ? step.rest.toString('latin1') : null };
}

it('makes the head of a request of a packet, before the body', () => {
  const { text, socket } = read(Buffer.concat([packet(USUAL), Buffer.from('hi')]));
  expect(text).toBe(
    'POST /a%20b?b=c HTTP/1.0\r\nContent-Length: 2\r\nContent-Type: text/plain\r\nHost: shop.test\r\nX-Forwarded-For: 6.6.6.6\r\n\r\nhi',
  );
  expect(connectionOrigin(socket)).toMatchObject({ address: '192.0.2.1', port: 4711, scheme: 'https' });
});

it('waits for the whole of it', () => {
  const bytes = packet(USUAL);
  for (let length = 1; length < bytes.length; length++)
    expect(read(bytes.subarray(0, length)).step).toMatchObject({
      kind: 'more',
      least: length < 4 ? 4 : bytes.length,
    });
});

it('joins fields that came twice, and puts a target together where there is none', () => {
  const { text } = read(
    packet([
      ['REQUEST_METHOD', 'GET'],
      ['PATH_INFO', '/ä b'.replace('ä', '\xc3\xa4')],
      ['QUERY_STRING', 'q=1'],
      ['HTTP_COOKIE', 'a=1'],
      ['HTTP_COOKIE', 'b=2'],
      ['HTTP_X_A', '1'],
      ['HTTP_X_A', '2'],
    ]),
  );
  expect(text).toBe('GET /%C3%A4%20b?q=1 HTTP/1.0\r\nCookie: a=1; b=2\r\nX-A: 1, 2\r\n\r\n');
});

it.each<[string, Buffer]>([
  ['is of another kind', packet(USUAL, 5)],
  ['is plain HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
  ['has no method', packet(USUAL.filter(([name]) => name !== 'REQUEST_METHOD'))],
  ['has a method twice', packet([...USUAL, ['REQUEST_METHOD', 'GET']])],
  ['has a line end in a value', packet([...USUAL, ['HTTP_X_A', 'b\r\nX-Evil: 1']])],
  ['has a zero in a value', packet([...USUAL, ['HTTP_X_A', 'b\0']])],
  [
    'has a space in its target',
    packet([
      ['REQUEST_METHOD', 'GET'],
      ['REQUEST_URI', '/ HTTP/1.1'],
    ]),
  ],
  ['has a colon in a name', packet([...USUAL, ['HTTP_X:A', 'b']])],
  [
    'has a length that is none',
    packet([
      ['REQUEST_METHOD', 'GET'],
      ['REQUEST_URI', '/'],
      ['CONTENT_LENGTH', '-1'],
    ]),
  ],
  ['ends within a variable', Buffer.from([0, 3, 0, 0, 9, 0, 65])],
])('refuses a packet that %s', (_name, bytes) => {
  expect(read(bytes).step).toMatchObject({ kind: 'refuse', fault: { code: 'EDGE_PACKET' } });
});

it('refuses peers that may not speak it, and takes Unix sockets', () => {
  const others = [{ remoteAddress: '10.0.0.1' } as Socket, { localAddress: '127.0.0.1' } as Socket];
  for (const peer of others)
    expect(uwsgiReader(new TrustedPeers(['127.0.0.1']))(peer)?.(packet(USUAL), peer)).toMatchObject({
      fault: { code: 'EDGE_NOT_ALLOWED' },
    });
  const socket = {} as Socket;
  expect(uwsgiReader(new TrustedPeers(['unix']))(socket)?.(packet(USUAL), socket).kind).toBe('go');
});
