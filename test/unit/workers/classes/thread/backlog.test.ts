import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { Share } from '../../../../../src/http/bodies/store.ts';
import { Backlog } from '../../../../../workers/classes/thread/backlog.ts';

const MEGABYTE = 1024 ** 2;

function backlogs(room: number) {
  const shared = new Share(room);
  const open = () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const [drained, slow] = [vi.fn(), vi.fn()];
    return { response, drained, slow, backlog: new Backlog({ response, room: shared, drained, slow }) };
  };
  return { shared, open };
}

it('is full with a megabyte, and empty when the client has taken all', () => {
  const { backlog, response, drained } = backlogs(10 * MEGABYTE).open();
  backlog.add(MEGABYTE);
  expect(backlog.isFull).toBe(false);
  backlog.add(1);
  expect(backlog.isFull).toBe(true);
  response.emit('drain');
  expect(backlog.isFull).toBe(false);
  expect(drained).toHaveBeenCalledOnce();
});

it('is full where the others have all the room, which they give back in whatever way they end', () => {
  const { open, shared } = backlogs(MEGABYTE);
  const [first, second] = [open(), open()];
  first.backlog.add(MEGABYTE);
  second.backlog.add(1);
  expect(second.backlog.isFull).toBe(true);
  first.response.emit('close');
  second.response.emit('drain');
  second.backlog.add(1);
  expect(second.backlog.isFull).toBe(false);
  second.response.emit('close');
  expect(shared.take(MEGABYTE)).toBe(true);
});

it('takes nothing of what still comes when the client has left', () => {
  const { open, shared } = backlogs(MEGABYTE);
  const { backlog, response } = open();
  backlog.add(1);
  response.emit('close');
  backlog.add(MEGABYTE);
  expect(backlog.isFull).toBe(false);
  expect(shared.take(MEGABYTE)).toBe(true);
});

it('says once that a client is slow which has not emptied it after a while', () => {
  vi.useFakeTimers();
  try {
    const { backlog, response, slow } = backlogs(0).open();
    backlog.add(1);
    backlog.add(1);
    response.emit('drain');
    vi.advanceTimersByTime(1000);
    expect(slow).not.toHaveBeenCalled();
    backlog.add(1);
    vi.advanceTimersByTime(1000);
    expect(slow).toHaveBeenCalledOnce();
  } finally {
    vi.useRealTimers();
  }
});
