import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { Share } from '../../../../../src/http/bodies/store.ts';
import { type AnswerMessage, Exchange } from '../../../../../workers/classes/thread/exchange.ts';
import { Lane } from '../../../../../workers/classes/thread/lane.ts';
import { turns } from '../../../../support/wire.ts';

const thread = { send() {} };
const head = { status: 200, message: 'OK', headers: [], length: null, closes: false, without: [] };

describe('an exchange that got an answer of our own', () => {
  const refused = () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const exchange = new Exchange(1, response.req, response, null, new Share(0));
    exchange.refuse(408);
    return { exchange, response };
  };

  it('is over with the answer of its thread that was under way, and sends nothing of it', () => {
    const { exchange, response } = refused();
    const isOver = (message: AnswerMessage) => {
      exchange.answer(message, thread);
      return exchange.isAnswered;
    };
    expect(isOver({ type: 'head', id: 1, head })).toBe(false);
    expect(isOver({ type: 'chunk', id: 1, data: 'part' })).toBe(false);
    expect(isOver({ type: 'end', id: 1, trailers: [] })).toBe(true);
    expect(isOver({ type: 'answer', id: 1, head, body: 'all' })).toBe(true);
    expect(response).toMatchObject({ statusCode: 408, destroyed: false });
  });

  it('is not cut by another', () => {
    const { exchange, response } = refused();
    exchange.refuse(500);
    expect(response).toMatchObject({ statusCode: 408, destroyed: false });
  });
});

describe('an exchange whose answer cannot be sent', () => {
  const begun = () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    return { response, exchange: new Exchange(1, response.req, response, null, new Share(0)) };
  };

  it('costs its connection, and its lane goes on', () => {
    const { response, exchange } = begun();
    const failed = vi.fn();
    const free = vi.fn();
    const port = { postMessage() {} } as unknown as MessagePort;
    const lane = new Lane(port, new Int32Array(2), { failed, free, answer() {} });
    lane.run(exchange);
    lane.receive({ type: 'answer', id: 1, head: { ...head, headers: ['X-A', '\x01'] }, body: '' });
    expect(failed).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'ERR_INVALID_CHAR' }),
      exchange.request,
    );
    expect(response.destroyed).toBe(true);
    expect(exchange.isAnswered).toBe(true);
    expect(free).toHaveBeenCalledWith(lane);
  });

  it('sends nothing more once the server itself has ended the answer', async () => {
    const { response, exchange } = begun();
    const failed = vi.fn();
    response.on('error', failed);
    exchange.answer({ type: 'head', id: 1, head }, thread);
    response.end();
    exchange.answer({ type: 'chunk', id: 1, data: 'part' }, thread);
    exchange.answer({ type: 'end', id: 1, trailers: [] }, thread);
    exchange.refuse(500);
    await turns(2);
    expect(failed).not.toHaveBeenCalled();
    expect(response).toMatchObject({ destroyed: false, statusCode: 200 });
    expect(exchange.isAnswered).toBe(true);
  });
});

it('what is left of an answer in a thread that ends is cut, and its client leaves without harm to others', () => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const free = vi.fn();
  const sent: unknown[] = [];
  const port = { postMessage: (it: unknown) => void sent.push(it), close() {} } as unknown as MessagePort;
  const lane = new Lane(port, new Int32Array(2), { failed() {}, free, answer() {} });
  const exchange = new Exchange(1, response.req, response, null, new Share(0));
  lane.run(exchange);
  lane.receive({ type: 'head', id: 1, head });
  lane.receive({ type: 'handled', id: 1 });
  expect(lane.isFree).toBe(true);
  expect(lane.handled).toEqual([exchange]);
  expect(lane.withdraw(exchange)).toBe(true);
  expect(sent).toContainEqual({ type: 'abort', id: 1, error: null });
  expect(lane.close(() => {})).toEqual({ ran: null, waited: [], handled: [exchange] });
  exchange.refuse(503);
  expect(response.destroyed).toBe(true);
});
