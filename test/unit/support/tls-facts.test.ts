import type { ServerHttp2Stream } from 'node:http2';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { StreamSocket } from '../../../src/http/http2/stream-socket.ts';
import { tlsFacts } from '../../../src/support/tls-facts.ts';

it('are none of a stream of HTTP/2 without TLS, nor of its connection', () => {
  const carrier = new Socket();
  const stream = new PassThrough() as unknown as ServerHttp2Stream;
  const user = { closed: () => {}, answered: () => {}, lingers: () => {}, failed: () => {} };
  expect(tlsFacts(new StreamSocket(stream, carrier, user))).toEqual({});
  expect(tlsFacts(carrier)).toEqual({});
});

it('are read from what says that it is encrypted', () => {
  const socket = {
    ...{ encrypted: true, authorized: false, authorizationError: null, servername: 'one.test' },
    getProtocol: () => 'TLSv1.3',
    getCipher: () => ({ name: 'TLS_AES_128_GCM_SHA256' }),
    getPeerX509Certificate: () => undefined,
  };
  expect(tlsFacts(socket)).toEqual({
    SSL_PROTOCOL: 'TLSv1.3',
    SSL_CIPHER: 'TLS_AES_128_GCM_SHA256',
    SSL_TLS_SNI: 'one.test',
    SSL_CLIENT_VERIFY: 'NONE',
  });
});
