import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { WriteAhead } from '../../../../../workers/classes/sync/write-ahead.ts';

const MEGABYTE = 1024 ** 2;

function begun(ahead: WriteAhead) {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  // It never connects: everything that is written waits.
  const socket = new Socket();
  Reflect.set(socket, 'connecting', true);
  response.assignSocket(socket);
  ahead.begin(response);
  return response;
}

it('gives room for a megabyte of an answer, and the usual where others have taken all', () => {
  const ahead = new WriteAhead(2 * MEGABYTE - 1);
  const first = begun(ahead);
  expect(first.writableHighWaterMark).toBe(MEGABYTE);
  first.end(Buffer.alloc(3 * MEGABYTE));
  ahead.end(first);
  const second = begun(ahead);
  expect(second.writableHighWaterMark).toBeLessThan(MEGABYTE);
  first.emit('close');
  expect(begun(ahead).writableHighWaterMark).toBe(MEGABYTE);
});
