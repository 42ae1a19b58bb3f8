import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Exchange } from '../../../../workers/thread/exchange.ts';

const thread = { send() {} };
const head = { status: 200, message: 'OK', headers: [], sendDate: true };

describe('an exchange that got an answer of our own', () => {
  const refused = () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const exchange = new Exchange(1, response.req, response, null);
    exchange.refuse(408, 'Request Timeout');
    return { exchange, response };
  };

  it('is over with the answer of its thread that was under way, and sends nothing of it', () => {
    const { exchange, response } = refused();
    expect(exchange.answer({ type: 'head', id: 1, head }, thread)).toBe(false);
    expect(exchange.answer({ type: 'chunk', id: 1, data: 'part' }, thread)).toBe(false);
    expect(exchange.answer({ type: 'end', id: 1, trailers: [] }, thread)).toBe(true);
    expect(exchange.answer({ type: 'answer', id: 1, head, body: 'all' }, thread)).toBe(true);
    expect(response).toMatchObject({ statusCode: 408, destroyed: false });
  });

  it('is not cut by another', () => {
    const { exchange, response } = refused();
    exchange.refuse(500, 'Internal Server Error');
    expect(response).toMatchObject({ statusCode: 408, destroyed: false });
  });
});
