import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { tlsPeerOf } from '../../../../workers/classes/thread/tls-peer.ts';

it('takes no socket for one of TLS that has the names of its methods only', () => {
  const socket = new Socket();
  expect(tlsPeerOf(socket)).toBeNull();
  // As what stands for the socket of a stream of HTTP/2 in the clear.
  expect(tlsPeerOf(Object.assign(socket, { getPeerX509Certificate: undefined }))).toBeNull();
  // As what an application may put in the place of one.
  expect(tlsPeerOf(Object.assign(new Socket(), { encrypted: true }))).toBeNull();
});
