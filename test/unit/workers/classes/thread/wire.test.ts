import { describe, expect, it } from 'vitest';
import type { FromThread, RequestMessage, ToThread } from '../../../../../workers/classes/thread/messages.ts';
import {
  answerFromWire,
  answerToWire,
  fromWire,
  toWire,
} from '../../../../../workers/classes/thread/wire.ts';

const peer = {
  ...{ remoteAddress: '::1', remotePort: 1, remoteFamily: 'IPv6' },
  ...{ localAddress: '::2', localPort: undefined, localFamily: 'IPv6', tls: null, trusted: true },
};
const request: RequestMessage = {
  ...{ type: 'request', id: 7, slot: 1, method: 'POST', url: '/a?b', httpVersion: '1.0' },
  ...{
    rawHeaders: ['Host', 'x', 'A', 'b'],
    peer,
    origin: { address: '10.0.0.1', port: 1, scheme: 'https', host: null, prefix: '/a' },
    requestId: 'r-1',
    bytesRead: 99,
    keepAlive: true,
    body: new Uint8Array([1, 2]),
  },
};
const head = {
  ...{ status: 201, message: 'Made', headers: ['A', 'b', 'A', 'c'], length: 3 },
  ...{ closes: true, without: ['connection'] },
};

describe('a message between threads', () => {
  it.each<ToThread>([
    request,
    { ...request, slot: null, body: 'streams', keepAlive: false },
    { type: 'abort', id: 7, error: null },
    { type: 'close' },
  ])('arrives in the thread as it was sent: %o', (message) => {
    expect(fromWire(structuredClone(toWire(message)))).toEqual(message);
  });

  it.each<FromThread>([
    { type: 'answer', id: 7, head, body: 'fine' },
    { type: 'answer', id: 7, head: { ...head, length: null, without: [] }, body: new Uint8Array([1]) },
    { type: 'head', id: 7, head },
    { type: 'cut', id: 7 },
  ])('arrives in the pool as it was sent: %o', (message) => {
    expect(answerFromWire(structuredClone(answerToWire(message)))).toEqual(message);
  });
});
